"""Warnings on names of `define`: unused ones, and rules that should share one for their person."""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from itertools import combinations
from typing import TYPE_CHECKING, Final

from handler.core.configuration.yaml12 import Document, Path
from handler.core.expressions.defines import DEFINE, defined_in, unlabelled
from handler.core.expressions.expression import Expression
from handler.core.expressions.template import Problem, Template, Text, Whole, expressions
from handler.core.rules.compiler import root_names
from handler.core.rules.decode_source import BY_TYPE
from handler.core.rules.source import ITEM, EventReader, Rule, Source

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

_MEND: Final = (
    "a person whom each names in another way gets two profiles; name the person once, as in"
    ' define: {person: "${...}"}, and write ${define.person} in both'
)
# The id of a profile, as each endpoint calls it.
_CALLED: Final = dict.fromkeys(("external_id", "external_ids"), "external_user_id")
_ALIKE: Final = frozenset({"coalesce", "not_null"})


def unused_names(source: Source) -> Iterator[Problem]:
    """Yield the names that neither a rule nor `event` uses, also by another name."""
    used = {
        name
        for one in (*_of_event(source.event), *(e for rule in source.rules for e in _of_rule(rule)))
        for name in defined_in(one.tree)
    }
    for name in source.defines.keys() - used:
        yield (DEFINE, name), f"no rule uses define.{name}: delete it, or write ${{define.{name}}}"


def different_persons(source: Source, document: Document) -> Iterator[Problem]:
    """Yield the rules for one type that name their person otherwise than a rule above them."""
    told = set[tuple[int, str]]()
    rules = [(at, rule, _persons(rule)) for at, rule in enumerate(source.rules) if rule.enabled]
    for (first, above, theirs), (at, rule, own) in combinations(rules, 2):
        for key in theirs.keys() & own.keys():
            if (at, key) in told or theirs[key].keys() & own[key].keys() or not meet(above, rule):
                continue
            told.add((at, key))
            line = document.finding(_place(first, theirs[key]), "").line
            text = f"{key} is not that of {above.name}, in line {line}, which is for the same type"
            yield _place(at, own[key]), f"{text}: {_MEND}"


def _place(at: int, persons: Mapping[str, Path]) -> Path:
    return ("rules", at, *next(iter(persons.values())))


def meet(one: Rule, other: Rule) -> bool:
    """Return whether an event can be of a type of both rules."""
    if set(one.types) & set(other.types):
        return True
    return any(
        fnmatchcase(mine, yours) or fnmatchcase(yours, mine)
        for mine in one.types
        for yours in other.types
    )


def _persons(rule: Rule) -> dict[str, dict[str, Path]]:
    """Return the expressions that name the users of a rule, by kind of identifier.

    Each in one form, whatever its spelling and its names, with its path in the rule. Who is named
    by an element of `for_each` is no person of the whole event.
    """
    found: dict[str, dict[str, Path]] = {}
    for path, identifier in rule.identifiers:
        made_of = list(expressions(identifier))
        if made_of and not any(ITEM in root_names(one) for one in made_of):
            key = next(one for one in reversed(path) if isinstance(one, str))
            found.setdefault(_CALLED.get(key, key), {}).setdefault(_form(identifier), path)
    return found


def _form(template: Template) -> str:
    """Return one text for all templates that give the same identifier."""
    if isinstance(template, Whole):
        return json.dumps(_bare(unlabelled(template.expression.tree)))
    if isinstance(template, Text):
        return json.dumps(
            [one if isinstance(one, str) else _bare(unlabelled(one.tree)) for one in template.parts]
        )
    if isinstance(template, dict):
        return json.dumps({key: _form(one) for key, one in sorted(template.items())})
    return json.dumps(template)


def _bare(node: "Node") -> "Node":
    """Return the tree of an identifier without text(): the relay makes text of it anyway."""
    if node["type"] != "function_expression":
        return node
    if node["value"] == "text":
        return _bare(node["children"][0])
    if node["value"] in _ALIKE:
        return {**node, "children": [_bare(one) for one in node["children"]]}
    return node


def _of_event(reader: EventReader) -> Iterator[Expression]:
    yield reader.type
    yield from (reader.events,) if reader.events else ()
    for choices in (getattr(reader, name) for name in BY_TYPE):
        yield from (one for _, one in choices)


def _of_rule(rule: Rule) -> Iterator[Expression]:
    yield from (one for one in (rule.when, rule.for_each) if one is not None)
    for template in (rule.once, dict(rule.send), dict(rule.varying), *map(dict, rule.recipients)):
        yield from expressions(template)
