"""Warnings on values of attributes that Braze takes in one form: of literals, and of samples.

Such a value is left out of the request, and the message is sent.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from handler.core.braze.contract.attributes import FIELDS, WARNED, breach, literals
from handler.core.errors import RulesError
from handler.core.expressions.syntax_tree import results, unparse
from handler.core.expressions.template import Problem, Template, Whole
from handler.core.expressions.zones import nearest
from handler.core.rules.source import Rule, Source
from handler.core.rules.users import profiles
from handler.core.suggestions import closest
from relay.rules.check.documents import items
from relay.rules.webhooks import Given, events, planned, verified
from relay.webhooks.samples import Sample

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

_LEFT_OUT: Final = re.compile(
    rf"(?P<rule>[^:]+): attributes\.(?P<name>{'|'.join(WARNED)}) is left out: (?P<why>it takes .+)"
)
# A word in the name of a field that has the form, beside the field that does not.
_WORD: Final = {"country": "country", "time_zone": "zone", "phone": "phone"}
_OTHERWISE: Final = {
    "country": "take a field that has the code, or lookup() it in a table",
    "time_zone": "take a field that has IANA's name, or lookup() it in a table",
    "phone": "write ${phone(body.phone, 'DE')}, the number and its country",
}
_OFTEN: Final = {"UK": "GB", "USA": "US", "England": "GB", "Scotland": "GB"}


def is_left_out(warning: str) -> bool:
    """Return whether a plan's warning is of an attribute that `sampled` warns of."""
    return _LEFT_OUT.fullmatch(warning) is not None


def literal_warnings(attributes: Mapping[str, Template]) -> Iterator[Problem]:
    """Yield the literals that would be left out, each with what was probably meant."""
    for name in WARNED:
        for value in literals(attributes[name]) if name in attributes else ():
            if isinstance(value, str) and (text := breach(name, value)):
                meant = _meant(name, value)
                hint = f"; did you mean {meant}?" if meant else ""
                yield (name,), f"{name}: {text}, and not {value}{hint}"


def _meant(name: str, value: str) -> str | None:
    if name == "country":
        return _code(value)
    return nearest(value) if name == "time_zone" else None


def _code(country: str) -> str | None:
    """Return the code of a country by its English name."""
    table = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if not line.startswith("#")]
    codes = {name.lower(): code for code, name in rows} | {
        name.lower(): code for name, code in _OFTEN.items()
    }
    near = closest(country.strip().lower(), codes, _ALIKE)
    return codes[near] if near else None


_ALIKE: Final = 0.8  # Austria is not Australia (0.75)


def sampled(source: Source, samples: Iterable[Sample]) -> Iterator[Problem]:
    """Yield the attributes that are left out of what is made of the samples."""
    rules = {rule.name: (at, rule) for at, rule in enumerate(source.rules)}
    for sample in samples:
        for text in _plan_warnings(sample, source):
            if found := _LEFT_OUT.fullmatch(text):
                at, rule = rules[found["rule"]]
                path, template = _place(rule, found["name"])
                documents = list(_documents(sample, source, rule))
                mend = _mend(found["name"], template, documents)
                said = f"{found['name']} is left out of what {sample.name} makes: {found['why']}"
                yield ("rules", at, *path), f"{said}; {mend}"


def _plan_warnings(sample: Sample, source: Source) -> tuple[str, ...]:
    try:
        return planned(Given(sample), source).warnings
    except RulesError:
        return ()  # no JSON, which is said elsewhere


def _place(rule: Rule, name: str) -> tuple[tuple[str | int, ...], Template]:
    """Return where an attribute is written, and what is written there."""
    for body, template in rule.bodies:
        for place, attributes in profiles(template, rule.kind):
            if name in attributes:
                return (*body, *place, name), attributes[name]
    return (rule.kind,), None


def _documents(sample: Sample, source: Source, rule: Rule) -> list[Any]:
    of_sample = events(verified(Given(sample), source), source)
    return items(rule, [source.document(one) for one in of_sample])


def _mend(name: str, template: Template, documents: Iterable[dict[str, Any]]) -> str:
    paths = [] if not isinstance(template, Whole) else list(_paths(template.expression.tree))
    if name == "phone" and paths:
        return f"write ${{phone({unparse(paths[0])}, 'DE')}}, the number and its country"
    for path in paths:
        for document in documents:
            if near := _beside(name, path, document):
                return f"write ${{{near}}}"
    return _OTHERWISE[name]


def _paths(tree: "Node") -> "Iterator[Node]":
    """Yield the results of an expression that are plain paths."""
    yield from (one for one in results(tree) if one["type"] == "subexpression" and _names(one))


def _names(node: "Node") -> list[str]:
    """Return the names of a plain path; none for anything else."""
    if node["type"] == "field":
        return [node["value"]]
    parts = [_names(one) for one in node["children"]] if node["type"] == "subexpression" else [[]]
    return [name for part in parts for name in part] if all(parts) else []


def _beside(name: str, path: "Node", document: Any) -> str | None:
    """Return the path of a field beside this one whose value has the form."""
    *parents, last = _names(path)
    for parent in parents:
        document = document.get(parent) if isinstance(document, dict) else None
    fits, _ = FIELDS[name]
    for key, value in document.items() if isinstance(document, dict) else ():
        if key != last and _WORD[name] in key.lower() and value and fits(value):
            return ".".join((*parents, key))
    return None
