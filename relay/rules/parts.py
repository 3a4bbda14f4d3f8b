"""What an expression or a field did with an event, for programs and for people."""

from collections.abc import Iterator
from typing import Any

from pydantic import JsonValue

from handler.core.errors import ExpressionError, Unrenderable
from handler.core.expressions.expression import Expression
from handler.core.expressions.json_values import missing
from handler.core.expressions.template import (
    MISSING,
    Template,
    Text,
    Whole,
    expressions,
    is_literal,
)
from handler.core.rules.source import Rule
from relay.rules.fields import Field, filled
from relay.rules.trace import Traced, choices, operands, reads, trace

Told = dict[str, Any]


def condition(when: Expression, document: JsonValue) -> Told:
    """Return a condition with each of its operands: the value, and the fields it looked at."""
    return {"expression": when.text, "operands": [part(it, document) for it in operands(when)]}


def field_told(field: Field, rule: Rule, document: JsonValue) -> Told:
    """Return a field: its value, or why it is left out, and where it came from."""
    told: Told = {"field": field.path, "template": written(field.template)}
    if is_literal(field.template):
        return {**told, "status": "sent", "value": field.template, "literal": True}
    told["parts"] = [part(it, document) for it in expressions(field.template)]
    try:
        value, failure = filled(field, rule, document)
    except Unrenderable as error:
        return {**told, "status": "wrong", "because": str(error)}
    if value is MISSING:
        because = failure or _because(field.template, told["parts"])
        return {**told, "status": "left out", "because": because}
    left_out = [it for part in told["parts"] for it in _gaps(part["value"], value)]
    return {**told, "status": "sent", "value": value, **({"without": left_out} if left_out else {})}


def written(template: Template) -> JsonValue:
    """Return a template as it stands in the rules file."""
    if isinstance(template, Whole):
        return f"${{{template.expression.text}}}"
    if isinstance(template, Text):
        return "".join(it if isinstance(it, str) else f"${{{it.text}}}" for it in template.parts)
    return template  # type: ignore[return-value]  # what holds no expression is JSON


def part(expression: Expression, document: JsonValue) -> Told:
    """Return an expression's value, the fields it looked at, and the alternatives it took."""
    try:
        traced = trace(expression, document)
    except ExpressionError as error:
        return {"expression": expression.text, "error": str(error)}
    took = [_took(it) for it in choices(traced)]
    seen = [{"path": it.text, "value": it.value} for it in reads(traced)]
    read = [it for at, it in enumerate(seen) if it not in seen[:at]]
    told = {"expression": expression.text, "value": traced.value, "reads": read}
    return {**told, "took": took} if took else told


def _took(choice: Traced) -> Told:
    """Return which alternative a value was taken from, and why not from those before it."""
    passed = choice.parts if choice.taken is None else choice.parts[: choice.taken]
    return {
        "option": None if choice.taken is None else choice.options[choice.taken],
        "number": None if choice.taken is None else choice.taken + 1,
        "of": len(choice.options),
        "passed": [{"option": it.text, "because": _lack(it.value)} for it in passed],
    }


def _because(template: Template, parts: list[Told]) -> str:
    if isinstance(template, Whole):
        return _lack(parts[0]["value"])
    lacking = [it for it in parts if missing(it["value"])]
    return ", ".join(f"{it['expression']} is {_lack(it['value'])}" for it in lacking)


def _lack(value: JsonValue) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else "false"
    return "blank" if isinstance(value, str) else "empty"


def _gaps(found: JsonValue, sent: JsonValue, path: str = "") -> Iterator[str]:
    """Yield what an object or list that was found has, and is not sent: null or blank."""
    if isinstance(found, dict) and isinstance(sent, dict):
        for key, value in found.items():
            inner = f"{path}.{key}" if path else key
            if key not in sent:
                yield inner
            else:
                yield from _gaps(value, sent[key], inner)
    elif isinstance(found, list) and isinstance(sent, list):
        there = [it for it in enumerate(found) if not missing(it[1])]
        yield from (f"{path}[{at}]" for at, it in enumerate(found) if missing(it))
        for (at, value), kept in zip(there, sent, strict=False):
            yield from _gaps(value, kept, f"{path}[{at}]")
