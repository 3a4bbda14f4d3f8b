"""Warnings of `relay rules check`: valid rules that are almost certainly a mistake.

Lambda does not report these; a rule with a warning works as written.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final

from handler.core.braze.contract.attributes import FIELDS
from handler.core.braze.contract.connected_audience import retired
from handler.core.configuration.yaml12 import Document, Path
from handler.core.expressions.constants import fixed
from handler.core.expressions.defines import DEFINE
from handler.core.expressions.expression import Expression
from handler.core.expressions.number_conditions import true_of_zero
from handler.core.expressions.placeholders import meant, placeholder, placeholders
from handler.core.expressions.swapped_arguments import doubtful
from handler.core.expressions.syntax_tree import all_nodes, results
from handler.core.expressions.template import Problem, Template, Text, Whole, expressions
from handler.core.rules.compiler import header_names, leaves
from handler.core.rules.source import Rule, Source
from handler.core.rules.users import profiles
from handler.core.suggestions import closest
from relay.console.format import few
from relay.rules.check.attribute_values import literal_warnings
from relay.rules.check.bare_times import bare_times
from relay.rules.check.consent import consent_warnings
from relay.rules.check.event_ids import by_type, events_as_persons
from relay.rules.check.event_order import order_warnings
from relay.rules.check.event_timing import later_warnings
from relay.rules.check.paths import templates, unseen
from relay.rules.check.references import personal_references
from relay.rules.check.text_lists import known_texts
from relay.rules.check.two_currencies import mixed_money

_UNTRIED: Final = {
    "push_tokens": "a webhook seldom knows them",
    "_merge_objects": "Braze documents it for /users/track only; try it in your workspace",
    "subscription_groups": (
        "Braze's page on Canvases says both that it takes them and that it does not;"
        " try it in your workspace"
    ),
}
_NO_COUNTRY: Final = (
    "Braze takes a number without + for an American one; write {}, the number and its country (such"
    " as 'DE'), which gives E.164 or nothing"
)
_ALIKE: Final = 0.9  # one letter in ten may differ
_LONG: Final = 8  # `phone2` and `emails` are names of their own
_LIST: Final = re.compile(r"[\s,|]+")
# In senders with points in their types `user.*` is a glob as it stands.
_DOTTED: Final = re.compile(r"^[\w.]+\.\*$")
# Straight and typographic.
_QUOTES: Final = re.compile("[\"'\u2018-\u201f\u00ab\u00bb]")
# The character that types of these senders are written with; Shopify has four without it.
_WRITTEN_WITH: Final = {"shopify": "/", "woocommerce": "."}
_WITHOUT: Final = re.compile(r"customer\.(?:joined_segment|left_segment|tags_added|tags_removed)")
_ADDRESSES: Final = frozenset({"email", "phone"})
_WILD: Final = frozenset("*?[")
_JOINT: Final = frozenset("./_:")
# Braze, "Trigger properties object": the message's template reads them; their values are data.
_NO_LIQUID: Final = "Braze fills in Liquid in the message, and in no value of a request"
_LIQUID: Final = re.compile(r"\{\{.*?\}\}+|\{%.*?%\}")


_BOOLEANS: Final = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_BODIES: Final = ("send", "track", "subscribe")
_IN_A_BODY: Final = len(("rules", 0, "send"))


def warnings(source: Source, preset: str) -> Iterator[Problem]:
    """Yield the warnings on a source, each with its path within the file."""
    yield from _unbound(source)
    yield from _signed(source)
    yield from bare_times(source)
    yield from personal_references(source)
    for at, rule in enumerate(source.rules):
        for path, text in _of_rule(rule, source, preset):
            yield ("rules", at, *path), text


def foreign_words(document: Document) -> Iterator[Problem]:
    """Yield words that are text here, and booleans in other YAML or null in other languages."""
    for path, word in document.foreign_words.items():
        if word.lower() not in _BOOLEANS:
            yield path, f"{word} is text here; write null, or '{word}' where the text is meant"
        elif path[-1] not in ("language", "country"):  # `no` is Norwegian
            value = _BOOLEANS[word.lower()]
            yield path, f"{word} is text here; write {value}, or '{word}' where the text is meant"


def empty_values(document: Document) -> Iterator[Problem]:
    """Yield the keys of Braze's bodies that have no value: YAML reads null, which deletes."""
    for path in document.empty:
        if len(path) > _IN_A_BODY and path[2] in _BODIES:
            yield path, f"{path[-1]} has no value, which is null and deletes; write null to say so"


def shared_secrets(sources: Iterable[Source]) -> Iterator[str]:
    """Yield the sources that share a signing secret: each accepts the other's webhooks."""
    by_secret: dict[str, list[str]] = {}
    for source in sources:
        by_secret.setdefault(source.secret, []).append(source.name)
    for secret, names in by_secret.items():
        if len(names) > 1:
            yield (
                f"{' and '.join(names)} share the signing secret {secret}: a webhook of one can be"
                " posted to the other's URL; let `when` look at something in the body"
            )


def unseen_paths(source: Source, documents: Mapping[str, list[object]]) -> Iterator[Problem]:
    """Yield paths under body that no sample has; `documents` are the samples' by event type."""
    for at, rule in enumerate(source.rules):
        fitting = [one for kind, all_of in documents.items() if rule.takes(kind) for one in all_of]
        for path, text in unseen(rule, fitting):
            yield (path if path[0] == DEFINE else ("rules", at, *path)), text


def _of_rule(rule: Rule, source: Source, preset: str) -> Iterator[Problem]:
    yield from _types(rule, preset)
    yield from by_type(rule, source, preset)
    yield from events_as_persons(rule, source, preset)
    for name in header_names(rule.when) if rule.when else ():
        if name is None or not source.scheme.proves(name):
            text = "the sender does not sign it, and a webhook played again may say otherwise"
            yield ("when",), f"when reads {name or 'all headers'}: {text}"
    if rule.expires_after and not any(_timed(glob, source) for glob in rule.types):
        text = "the sender signs no time of the event: this counts from when the webhook came"
        yield ("expires_after",), text
    yield from ((("send", *path), text) for path, text in retired(rule.send.get("audience")))
    for path, leaf in (*leaves(dict(rule.send)), *leaves(dict(rule.varying))):
        yield from _liquid(("send", *path), leaf)
    yield from later_warnings(rule, preset)
    yield from order_warnings(rule, source)
    yield from mixed_money(rule, preset)
    for path, expression in _all_expressions(rule):
        texts = _of_expression(expression, preset, is_condition=path == ("when",))
        yield from ((path, text) for text in texts)
    for place, body in rule.bodies:
        said = (*_of_body(body, rule), *consent_warnings(body, rule, source))
        yield from (((*place, *path), text) for path, text in said)


def _of_expression(expression: Expression, preset: str, *, is_condition: bool) -> Iterator[str]:
    yield from known_texts(expression.tree, preset)
    yield from true_of_zero(expression.tree, is_condition=is_condition)
    for node in all_nodes(expression.tree):
        yield from doubtful(node)


def _all_expressions(rule: Rule) -> Iterator[tuple[Path, Expression]]:
    yield from [(("when",), rule.when)] if rule.when else []
    yield from [(("for_each",), rule.for_each)] if rule.for_each else []
    for path, template in templates(rule):
        yield from ((path, one) for one in expressions(template))


def _types(rule: Rule, preset: str) -> Iterator[Problem]:
    yield from ((("type",), text) for kind in rule.types for text in _listed(kind))
    for kind in rule.types:
        if ".*" in kind and not _DOTTED.search(kind):
            text = f"{kind} is a glob, and no regular expression; write {kind.replace('.*', '*')}"
            yield ("type",), text
        if _QUOTES.search(kind):
            yield (
                ("type",),
                f"the quotes are part of the type {kind}; write {_QUOTES.sub('', kind)}",
            )
    wild = [glob for glob in rule.types if _WILD.intersection(glob)]
    sign = _WRITTEN_WITH.get(preset)
    known = [kind for kind in rule.types if (sign or "") in kind or _WITHOUT.fullmatch(kind)]
    if not wild and not known:
        types = " or ".join(rule.types)
        yield ("type",), f"{preset} sends no type {types}: its types are written with a {sign}"
    several = wild or len(rule.types) > 1
    # Other kinds write a state again without harm, or must say `once`.
    if rule.kind == "send" and rule.once is None and rule.for_each is None and several:
        text = "without once each of these types sends for itself; say what happens only once"
        yield ("type",), text


def _listed(kind: str) -> Iterator[str]:
    """Yield a warning where one type is several; a blank alone is in some senders' types."""
    parts = [one for one in _LIST.split(kind) if one]
    if (
        "," in kind
        or "|" in kind
        or (len(parts) > 1 and all(_JOINT.intersection(one) for one in parts))
    ):
        yield f"a list of types is written [{', '.join(parts)}]"


def _timed(glob: str, source: Source) -> bool:
    return any(fnmatchcase(glob, one) or fnmatchcase(one, glob) for one, _ in source.event.times)


def _signed(source: Source) -> Iterator[Problem]:
    """Yield a prefix of the signature that lacks the sign between it and the signature."""
    prefix = getattr(getattr(source.scheme, "signature", None), "prefix", "") or ""
    if prefix[-1:].isalnum():
        yield (
            ("verify", "signature"),
            f"the prefix {prefix} has no sign behind it; of {prefix}=5d41... it is {prefix}=",
        )


def _unbound(source: Source) -> Iterator[Problem]:
    """Yield once that a webhook can be replayed under the topic of another rule."""
    rules = [rule for rule in source.rules if rule.enabled]
    if source.event.type_signed or len({rule.types for rule in rules}) < 2:  # noqa: PLR2004 - two
        return
    globs = [glob for glob, _ in source.event.binds]
    free = [
        kind
        for rule in rules
        for kind in rule.types
        if not any(kind == glob or fnmatchcase(kind, glob) for glob in globs)
    ]
    if free:
        text = (
            "the sender does not sign the type: any webhook of it can be played again as "
            f"{few(free)}"
        )
        yield ("verify",), f"{text}; tie each type to the body with bind, under event"


def _of_body(body: Mapping[str, Template], rule: Rule) -> Iterator[Problem]:
    for path, leaf in leaves(dict(body)):
        yield from _liquid(path, leaf)
    for place, attributes in profiles(body, rule.kind):
        for path, text in _attributes(attributes, rule):
            yield (*place, *path), text


def _attributes(attributes: Mapping[str, Template], rule: Rule) -> Iterator[Problem]:
    for name in attributes:
        for path, text in _named(name):
            yield (name, *path), text
        if name in _untried(rule):
            yield (name,), f"{name}: {_UNTRIED[name]}"
    yield from literal_warnings(attributes)
    phone = attributes.get("phone")
    if _is_any_number(phone):
        written = phone.expression.in_file if isinstance(phone, Whole) else "body.phone"
        yield ("phone",), _NO_COUNTRY.format(f"${{phone({written}, 'DE')}}")
    for name in _ADDRESSES & attributes.keys():
        yield from (((name,), text) for text in _one_for_all(attributes[name], name))


def _untried(rule: Rule) -> frozenset[str]:
    """Return the attributes of which Braze's pages leave open what the endpoint makes of them."""
    if rule.kind == "track":
        return frozenset({"push_tokens"})
    groups = set() if "canvas" in rule.path else {"subscription_groups"}
    return frozenset(_UNTRIED.keys() - groups)


def _is_any_number(value: Template) -> bool:
    """Return whether a phone number can reach Braze as the sender writes it."""
    if not isinstance(value, Whole):
        return isinstance(value, Text)
    ends = [one for one in results(value.expression.tree) if one["type"] != "literal"]
    return any(one["type"] != "function_expression" or one["value"] != "phone" for one in ends)


def _one_for_all(address: Template, name: str) -> Iterator[str]:
    """Yield an address that many profiles would get: a message to one of them reaches it."""
    given = [address] if isinstance(address, str) and address.strip() else fixed(address)
    for text in given:
        yield f"every profile would get the {name} {text}: leave it out"


def _named(name: str) -> Iterator[Problem]:
    if "$" in name or "." in name:
        yield (), f"Braze takes no $ and no dot in a name: {name}"
    if name == "custom_attributes":
        yield (), "attributes of your own stand beside the others, without custom_attributes"
    if near := _own_name(name):
        yield (), f"{name} is an attribute of its own; the profile's is {near}"


def _own_name(name: str) -> str | None:
    """Return the profile's own attribute that a name is most likely to mean, or None."""
    if name in FIELDS:
        return None
    letters = _letters(name)
    for own in FIELDS:
        if letters == _letters(own):
            return own
    return closest(name, FIELDS, _ALIKE) if len(name) >= _LONG else None


def _letters(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


def _liquid(path: Path, leaf: Template) -> Iterator[Problem]:
    parts = leaf.parts if isinstance(leaf, Text) else (leaf,)
    ends = {one[at] for one, at in ((parts[0], 0), (parts[-1], -1)) if isinstance(one, str) and one}
    if isinstance(leaf, Text) and ends == {"`"}:
        yield path, "the backticks around this text are sent as well: leave them out"
    if isinstance(leaf, Text) and _is_overclosed(parts):
        yield path, "a } behind ${...} is sent as well: one of them is too many"
    for part in parts:
        for found in _LIQUID.findall(part) if isinstance(part, str) else ():
            yield path, f"{found} is sent as it stands: {_NO_LIQUID}{_value(found)}"
        for found in placeholders(_LIQUID.sub(" ", part)) if isinstance(part, str) else ():
            value = placeholder(found) or "${body.x}"
            yield path, f"{found} is sent as it stands; the event's value is {value}"


def _is_overclosed(parts: Iterable[object]) -> bool:
    """Return whether a text closes a brace right behind an expression that nothing has opened."""
    texts = [one if isinstance(one, str) else "" for one in parts]
    whole = "".join(texts)
    is_behind = any(one.startswith("}") for one in texts)
    return is_behind and whole.count("}") > whole.count("{")


def _value(liquid: str) -> str:
    """Return how to write the event's value that Liquid seems to ask for."""
    path = liquid.strip("{} ").partition("|")[0].strip()
    value = meant(f"{{{{{path}}}}}")
    return f"; the event's value is {value}" if value else ""
