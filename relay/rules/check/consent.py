"""Warnings of `relay rules check` on consent that a rule writes without proof.

Braze copies a changed state (`email_subscribe`, a subscription group's) to every profile with the
same address, and a new profile with an address takes over its state ("Subscription status",
"Duplicate emails"). An event that proves no address must therefore not change it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from handler.core.expressions.syntax_tree import all_nodes, results
from handler.core.expressions.template import Problem, Template, Text, Whole
from handler.core.rules.source import Rule, Source
from handler.core.rules.users import Path, profiles

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

_STATE: Final = "email_subscribe"
_GROUPS: Final = "subscription_groups"
_ANY: Final = "any"  # stands for a value of the event
# Words of a type or a `when` that mean an unsubscription.
_UNSUBSCRIPTION: Final = re.compile(
    r"un-?subscri(?!\w*(?:url|link))|opt(?:ed)?[-_ ]?out|complain|spam", re.IGNORECASE
)
# Words of a type that mean any change of consent.
_CONSENT: Final = re.compile(r"consent|preference", re.IGNORECASE)
_ANY_CHANGE: Final = (_UNSUBSCRIPTION, _CONSENT)
_BUYING: Final = re.compile(
    r"order|checkout|payment|purchase|invoice|transaction|charge|cart", re.IGNORECASE
)
_COPIED: Final = "Braze copies it to every profile with this address"
_MEND: Final = (
    "keep what was ticked in an attribute of your own, and let an unsubscription be a rule whose"
    " type or when names it"
)

_PENDING: Final = (
    "unsubscribed is also what a pending consent becomes, and any other state that is not compared;"
    " write it for a withdrawal alone (== 'unsubscribed'), and say in when which states are wanted"
)


def consent_warnings(body: Mapping[str, Template], rule: Rule, source: Source) -> Iterator[Problem]:
    """Yield the states of a recipient, or in a body, that Braze would copy to other profiles."""
    is_unsubscription = _is_unsubscription(rule)
    names_one = is_unsubscription and _names_unsubscription(rule)
    for place, attributes in _written(body, rule):
        for name, path, template in _given(attributes):
            states = {one for one in _states(name, template, source) if isinstance(one, str)}
            if not is_unsubscription and (text := _wrong(name, states, rule)):
                yield (*place, *path), text
            elif is_unsubscription and not names_one and _is_left_over(template):
                yield (*place, *path), f"{name}: {_PENDING}"


def _written(body: Mapping[str, Template], rule: Rule) -> Iterator[tuple[Path, Template]]:
    """Yield what a request writes to profiles, with its path: attributes, or subscriptions."""
    if rule.kind == "send":
        yield ("attributes",), body.get("attributes")
    elif rule.kind == "subscribe":
        yield (), dict(body)
    else:
        yield from ((place, dict(one)) for place, one in profiles(body, rule.kind))


def _wrong(name: str, states: set[str], rule: Rule) -> str | None:
    is_buying = any(_BUYING.search(glob) for glob in rule.types)
    if "unsubscribed" in states:
        return f"{name}: unsubscribed also takes back a consent that was given: {_COPIED}; {_MEND}"
    if _ANY in states:
        return f"{name}: the event can say unsubscribed, and {_COPIED}; {_MEND}"
    if name == _STATE and "subscribed" in states:
        text = f"{name}: subscribed lets an unsubscribed address be written to again: {_COPIED}"
        return f"{text}; leave it out, for a new profile has it or the state of its address"
    if is_buying and states & {"opted_in", "subscribed"}:
        text = f"{name}: a buyer can type any address, an unsubscribed one too, and {_COPIED}"
        return f"{text}; keep what was ticked in an attribute of your own"
    return None


def _given(attributes: Template) -> Iterator[tuple[str, tuple[str, ...], Template]]:
    """Yield each consent state among attributes with its path; an expression may give any."""
    if isinstance(attributes, dict):
        for name in (_STATE, _GROUPS):
            if name in attributes:
                yield name, (name,), attributes[name]
    elif isinstance(attributes, Whole):
        ends = (_last(one) for one in results(attributes.expression.tree))
        if not all(_is_known(one) for one in ends):
            yield _STATE, (), attributes


def _last(node: "Node") -> "Node":
    return _last(node["children"][-1]) if node["type"] in ("subexpression", "pipe") else node


def _is_known(node: "Node") -> bool:
    """Return whether an object certainly holds no consent state."""
    if node["type"] == "multi_select_dict":
        return not {_STATE, _GROUPS} & {one["value"] for one in node["children"]}
    return node["type"] == "literal" and not (
        isinstance(node["value"], dict) and {_STATE, _GROUPS} & node["value"].keys()
    )


def _states(name: str, template: Template, source: Source) -> Iterator[object]:
    if name == _GROUPS:
        yield from _of_groups(template, source)
    elif isinstance(template, Whole):
        for node in results(template.expression.tree):
            yield from _of_node(node, source)
    else:
        yield _ANY if isinstance(template, Text) else template


def _of_groups(template: Template, source: Source) -> Iterator[object]:
    for one in template if isinstance(template, list) else [template]:
        if isinstance(one, dict):
            yield from _states(_STATE, one.get("subscription_state"), source)
        elif isinstance(one, Whole):
            nodes = all_nodes(one.expression.tree)
            text = str([each["value"] for each in nodes if each["type"] == "literal"])
            yield from set(re.findall(r"\b(?:un)?subscribed\b", text)) or {_ANY}


def _of_node(node: "Node", source: Source) -> Iterator[object]:
    """Yield the values that an expression for a state may give."""
    names = [one.get("value") for one in node["children"]]
    if node["type"] == "literal":
        yield node["value"]
    elif node["type"] == "function_expression" and node["value"] == "lookup":
        table = node["children"][0]["children"][-1]["value"]
        yield from source.tables[table].values()
    elif node["type"] == "subexpression" and names[0] == "vars":
        yield source.vars.get(names[-1])
    elif node["type"] not in ("comparator", "not_expression"):
        yield _ANY


def _is_unsubscription(rule: Rule) -> bool:
    """Return whether all events of a rule are unsubscriptions, by `type` or by `when`.

    In a rule that writes profiles or subscriptions alone, `when` may name any change of consent.
    """
    by_type = all(_is_named(one, _ANY_CHANGE) for one in rule.types)
    words = (_UNSUBSCRIPTION,) if rule.kind == "send" else _ANY_CHANGE
    return by_type or (rule.when is not None and _says_so(rule.when.tree, words))


def _names_unsubscription(rule: Rule) -> bool:
    """Return whether a rule for changes of consent names unsubscriptions, by `type` or `when`."""
    nodes = () if rule.when is None else all_nodes(rule.when.tree)
    return all(_is_named(one, (_UNSUBSCRIPTION,)) for one in rule.types) or any(
        _is_named(str(node.get("value")), (_UNSUBSCRIPTION,)) for node in nodes
    )


def _is_left_over(template: Template) -> bool:
    """Return whether a state is `unsubscribed` wherever the event does not say another one."""
    if isinstance(template, dict | list):
        inner = template.values() if isinstance(template, dict) else template
        return any(map(_is_left_over, inner))
    return isinstance(template, Whole) and any(
        _is_else(node) for node in all_nodes(template.expression.tree)
    )


def _is_else(node: "Node") -> bool:
    """Return whether a node gives `unsubscribed` where a comparison with another word fails."""
    is_if = node["type"] == "function_expression" and node["value"] == "if"
    if not (is_if or node["type"] == "or_expression"):
        return False
    condition, *_, last = node["children"]
    compared = [one for one in all_nodes(condition) if one["type"] == "comparator"]
    words = [each.get("value") for one in compared for each in one["children"]]
    return (
        last.get("value") == "unsubscribed"
        and any(one["value"] == "eq" for one in compared)
        and not any(_is_named(str(word), (_UNSUBSCRIPTION,)) for word in words)
    )


def _is_named(text: str, words: Iterable[re.Pattern[str]]) -> bool:
    return any(one.search(text) for one in words)


def _says_so(node: "Node", words: Iterable[re.Pattern[str]]) -> bool:
    """Return whether a condition holds for unsubscriptions only, by the words in it."""
    children = node["children"]
    if node["type"] == "or_expression":
        return all(_says_so(one, words) for one in children)
    if node["type"] == "comparator" and node["value"] != "eq":
        return False
    if any(one["type"] == "literal" and one["value"] in (False, None, "false") for one in children):
        return False  # denied: body.unsubscribed == `false`
    if node["type"] in ("not_expression", "slice"):
        return False
    is_named = node["type"] in ("field", "literal") and isinstance(node["value"], str)
    return (is_named and _is_named(node["value"], words)) or any(
        _says_so(one, words) for one in children
    )
