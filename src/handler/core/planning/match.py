"""Matches rules with an event, and says in words fit for a log why the others do not match.

A value of the event is shown only if it is a boolean, a number or null: text may be personal.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from handler.core.errors import ExpressionError, Unrenderable
from handler.core.expressions.defines import Roots
from handler.core.expressions.evaluation import is_true
from handler.core.expressions.expression import Expression
from handler.core.expressions.syntax_tree import unparse
from handler.core.json_types import JsonValue
from handler.core.models import Event, Unmatched
from handler.core.rules.source import Rule, Scope, Source

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node


_DISABLED: Final = "it is not enabled"
_A_TYPE: Final = re.compile(r"[A-Za-z0-9_./:-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Match:
    """The rules of a source that match an event.

    `failed` are rules whose `when` cannot be evaluated; `late` match an event that is too old.
    """

    wanted: tuple[Rule, ...]
    failed: tuple[tuple[Rule, Unrenderable], ...]
    late: tuple[Rule, ...] = ()


def match(event: Event, source: Source, scope: Scope | None = None) -> Match:
    """Return the rules of a source that match an event. Raise nothing."""
    document = (scope or source.scope(event)).document
    wanted: list[Rule] = []
    failed: list[tuple[Rule, Unrenderable]] = []
    for rule in source.rules_of(event.type):
        try:
            if rule.enabled and _is_wanted(rule, document):
                wanted.append(rule)
        except ExpressionError as error:
            failed.append((rule, Unrenderable("when", str(error))))
    return Match(tuple(wanted), tuple(failed))


def unmatched(event: Event, source: Source, scope: Scope | None = None) -> Iterator[Unmatched]:
    """Yield the rules that do not match an event, those of its type first, each with its reason.

    A reason is worked out when it is asked for: for most events some rule matches, and nobody asks.
    """
    document = (scope or source.scope(event)).document
    near = source.rules_of(event.type)
    for rule in near:
        if (why := _why_not(rule, document)) is not None:
            yield Unmatched(rule.name, why)
    names = {rule.name for rule in near}
    for rule in source.rules:
        if rule.name not in names:
            why = f"type is {_type(event.type)}, not {_either(rule.types)}"
            yield Unmatched(rule.name, why if rule.enabled else _DISABLED)


def _is_wanted(rule: Rule, document: Roots) -> bool:
    return rule.when is None or is_true(rule.when.search(document))


def _why_not(rule: Rule, document: Roots) -> str | None:
    """Return why a rule does not match an event of its type; None where it does, or fails."""
    if not rule.enabled:
        return _DISABLED
    try:
        if rule.when is None or is_true(rule.when.search(document)):
            return None
        return _why_false(rule.when.tree, document)
    except ExpressionError:
        return None


def _type(name: str) -> str:
    """Return the event's type where it looks like one: any other text may be personal."""
    return name if _A_TYPE.fullmatch(name) else "another"


def _either(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]


def _why_false(node: "Node", document: Roots) -> str:
    """Return which operand made a condition false, given that it is."""
    if node["type"] == "and_expression":
        left, right = node["children"]
        return _why_false(right if is_true(_value(left, document)) else left, document)
    if node["type"] == "or_expression":
        return " and ".join(_why_false(child, document) for child in node["children"])
    if node["type"] == "not_expression":
        return _told(node["children"][0], document)
    if node["type"] == "comparator":
        return _why_unequal(node, document)
    return _told(node, document)


def _why_unequal(node: "Node", document: Roots) -> str:
    sides = [one for one in node["children"] if one["type"] != "literal"]
    told = [_told(one, document) for one in sides if _may_be_told(_value(one, document))]
    return f"{unparse(node)} is false" + (f" ({', '.join(told)})" if told else "")


def _told(node: "Node", document: Roots) -> str:
    value = _value(node, document)
    if _may_be_told(value):
        return f"{unparse(node)} is {json.dumps(value)}"
    return f"{unparse(node)} is {'there' if is_true(value) else 'empty'}"


def _may_be_told(value: JsonValue) -> bool:
    return value is None or isinstance(value, bool | int | float)


def _value(node: "Node", document: Roots) -> JsonValue:
    return Expression(unparse(node), node).search(document)
