"""Matches rules with an event, and explains in words fit for a log why the others do not match.

A value of the event is shown only if it is a boolean, a number or null: text may be personal.
"""

import json
import re
from collections.abc import Sequence
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


_A_TYPE: Final = re.compile(r"[A-Za-z0-9_./:-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Match:
    """The rules of a source, by their match with an event.

    `failed` are rules whose `when` cannot be evaluated; `late` match an event that is too old.
    """

    wanted: tuple[Rule, ...]
    unmatched: tuple[Unmatched, ...]
    failed: tuple[tuple[Rule, Unrenderable], ...]
    late: tuple[Rule, ...] = ()


def match(event: Event, source: Source, scope: Scope | None = None) -> Match:
    """Return the rules of a source, by their match with an event. Raise nothing."""
    document = (scope or source.scope(event)).document
    wanted: list[Rule] = []
    unmatched: list[Unmatched] = []
    failed: list[tuple[Rule, Unrenderable]] = []
    for rule in source.rules:
        try:
            why = _why_not(rule, event, document)
        except ExpressionError as error:
            failed.append((rule, Unrenderable("when", str(error))))
            continue
        if why is None:
            wanted.append(rule)
        else:
            unmatched.append(Unmatched(rule.name, why))
    return Match(tuple(wanted), tuple(unmatched), tuple(failed))


def _why_not(rule: Rule, event: Event, document: Roots) -> str | None:
    if not rule.enabled:
        return "it is not enabled"
    if not rule.takes(event.type):
        return f"type is {_type(event.type)}, not {_either(rule.types)}"
    if rule.when is None or is_true(rule.when.search(document)):
        return None
    return _why_false(rule.when.tree, document)


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
