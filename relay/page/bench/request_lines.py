"""Lines of a request as the bench shows it: its JSON, each field with its explanation.

The words of an explanation are those of `relay rules explain`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from handler.core.configuration.yaml12 import Path
from handler.core.rules.compiler import dotted
from relay.rules.explain.explanation import JsonObject
from relay.rules.explain.wording import field_lines

Kind = Literal["good", "bad", "wait", "quiet", ""]
Words = tuple[tuple[str, Kind], ...]
_KINDS: Final[Mapping[str | None, Kind]] = {
    "green": "good",
    "red": "bad",
    "yellow": "wait",
    "bright_black": "quiet",
    None: "",
}
_ENDS: Final = {dict: ("{", "}"), list: ("[", "]")}


@dataclass(frozen=True, slots=True)
class ExplainedLine:
    """A line of JSON; `name` is a field's path where the line begins it, `words` explain it."""

    text: str
    depth: int = 0
    name: str = ""
    words: Words = ()


@dataclass(frozen=True, slots=True)
class Request:
    """A request to Braze, or what would be its fields; `others` are fields that it does not have.

    `number` is its place among those of an event's rule.
    """

    path: str
    id: str
    note: str
    lines: tuple[ExplainedLine, ...]
    others: tuple[ExplainedLine, ...]


def request(made: JsonObject) -> Request:
    """Return one of the requests of an explanation."""
    delivery: JsonObject = made["delivery"] or {}
    fields = [*([made["once"]] if made["once"] else []), *made["fields"]]
    known = {_in_request(one["field"]): one for one in fields}
    lines = tuple(_lines(_Value(delivery["body"]), known)) if delivery else ()
    shown = {one.name for one in lines if one.name}
    others = tuple(
        ExplainedLine(one["field"], 0, one["field"], words(field_lines(one)))
        for name, one in known.items()
        if name not in shown
    )
    note = "" if delivery else "no request"
    note = "in shadow, not sent" if delivery and made["shadow"] else note
    note = note or ("at low priority" if made["priority"] == "low" else "")
    return Request(delivery.get("path", ""), delivery.get("id", ""), note, lines, others)


def words(lines: Iterable[tuple[str, str | None]]) -> Words:
    """Return lines in colours as words of a kind."""
    return tuple((text.strip(), _KINDS[colour]) for text, colour in lines if text.strip())


def _in_request(path: str) -> str:
    """Return the path of a field in the request of one recipient, who is its first there."""
    first, bracket, rest = path.partition("]")
    is_of_recipient = bracket and first.startswith("recipients[")
    return f"recipients[0]{rest}" if is_of_recipient else path


@dataclass(frozen=True, slots=True)
class _Value:
    """A value at a path, between its key and the comma after it, if it has them."""

    value: Any
    path: Path = ()
    key: str = ""
    comma: str = ""


def _lines(one: _Value, fields: Mapping[str, JsonObject]) -> Iterator[ExplainedLine]:
    """Yield the lines of a JSON value."""
    name, depth = dotted(one.path), len(one.path)
    field = fields.get(name)
    told = (name, words(field_lines(field))) if field else ("", ())
    if not isinstance(one.value, dict | list) or not one.value:
        yield ExplainedLine(f"{one.key}{_json(one.value)}{one.comma}", depth, *told)
        return
    opened, closed = _ENDS[type(one.value)]
    yield ExplainedLine(f"{one.key}{opened}", depth, *told)
    for inner in _within(one):
        yield from _lines(inner, fields)
    yield ExplainedLine(f"{closed}{one.comma}", depth)


def _within(one: _Value) -> Iterator[_Value]:
    is_object = isinstance(one.value, dict)
    steps = list(one.value.items() if is_object else enumerate(one.value))
    for number, (step, value) in enumerate(steps, start=1):
        key = f"{_json(step)}: " if is_object else ""
        yield _Value(value, (*one.path, step), key, "," if number < len(steps) else "")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
