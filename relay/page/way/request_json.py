"""Requests: the JSON that a rule makes for Braze, line by line, each field with its explanation."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from handler.core.braze.endpoints import endpoint_of
from handler.core.rules.compiler import dotted
from relay.rules.explain.wording import field_lines

MOST_REQUESTS: Final = 20  # of a webhook, whose fields are shown
MOST_LINES: Final = 1_000  # of one request
_LONGEST: Final = 1_000  # characters of a text
JsonObject = Mapping[str, Any]
_Path = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class JsonLine:
    """A line of JSON: the key with its colon, the value or a bracket, and a comma at the end.

    `why` explains the field that begins here: its expression, and what that read.
    """

    depth: int
    key: str
    value: str
    end: str = ""
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestStep:
    """A request to Braze, or the one that could not be made; `left_out` are fields without value.

    `once` says what the delivery's id is made of. `more` is how many lines are left out.
    """

    rule: str
    path: str
    delivery_id: str
    shadow: bool
    priority: str
    lines: tuple[JsonLine, ...]
    left_out: tuple[tuple[str, ...], ...]
    once: tuple[str, ...]
    more: int = 0


def requests_of(explanation: JsonObject) -> tuple[RequestStep, ...]:
    """Return the requests of a webhook, the first ones."""
    made = (
        _request(rule["rule"], one)
        for event in explanation["events"]
        for rule in event["rules"]
        for one in rule.get("requests", ())
    )
    return tuple(one for _, one in zip(range(MOST_REQUESTS), made, strict=False))


def count_of(explanation: JsonObject) -> int:
    """Return how many requests there are."""
    return sum(
        len(rule.get("requests", ())) for event in explanation["events"] for rule in event["rules"]
    )


def _request(rule: str, described: JsonObject) -> RequestStep:
    delivery, fields = described["delivery"] or {}, described["fields"]
    body = delivery.get("body", {})
    path = delivery.get("path", "")
    whys = {_place(one["field"], path): _why(one) for one in fields if one["status"] == "sent"}
    lines = [_explained(one, whys) for one in json_lines(body)] if body else []
    return RequestStep(
        rule=rule,
        path=path,
        delivery_id=delivery.get("id", ""),
        shadow=described["shadow"],
        priority=described["priority"],
        lines=tuple(lines[:MOST_LINES]),
        left_out=tuple(_why(one) for one in fields if not body or one["status"] != "sent"),
        once=_why(described["once"]) if described["once"] else (),
        more=max(len(lines) - MOST_LINES, 0),
    )


def _why(described: JsonObject) -> tuple[str, ...]:
    return tuple(text.strip() for text, _ in field_lines(dict(described)))


def _place(name: str, path: str) -> str:
    """Return where a field of a rule stands in the request of one delivery.

    It has one recipient. On the endpoint for one that is an object, beside the properties.
    """
    at = endpoint_of(path)
    if not name.startswith("recipients["):
        return name
    inner = name.partition("].")[2]
    if at is None or not at.is_single:
        return f"recipients[0].{inner}"
    is_beside = inner.partition(".")[0] in at.properties
    return inner if is_beside else f"recipient.{inner}"


@dataclass(frozen=True, slots=True)
class _Placed:
    """A line with the path that begins in it."""

    line: JsonLine
    path: _Path = field(default=())


def _explained(placed: _Placed, whys: Mapping[str, tuple[str, ...]]) -> JsonLine:
    why = whys.get(dotted(placed.path), ()) if placed.path else ()
    return replace(placed.line, why=why) if why else placed.line


def plain_lines(value: object) -> tuple[JsonLine, ...]:
    """Return a JSON value line by line, without explanations."""
    return tuple(one.line for one in json_lines(value))[:MOST_LINES]


def json_lines(value: object, path: _Path = (), key: str = "", end: str = "") -> Iterator[_Placed]:
    """Yield the lines of a JSON value, as with an indent for each level."""
    depth = len(path)
    if isinstance(value, dict) and value:
        members = [(_text(name) + ": ", name, one) for name, one in value.items()]
        brackets = "{}"
    elif isinstance(value, list) and value:
        members = [("", at, one) for at, one in enumerate(value)]
        brackets = "[]"
    else:
        yield _Placed(JsonLine(depth, key, _text(value), end), path)
        return
    yield _Placed(JsonLine(depth, key, brackets[0]), path)
    for number, (name, step, one) in enumerate(members, start=1):
        yield from json_lines(one, (*path, step), name, "," if number < len(members) else "")
    yield _Placed(JsonLine(depth, "", brackets[1], end))


def _text(value: object) -> str:
    """Return a scalar as JSON; of a long text the beginning, and how long it is."""
    if isinstance(value, str) and len(value) > _LONGEST:
        begun = json.dumps(value[:_LONGEST], ensure_ascii=False)
        return f'{begun[:-1]}… ({len(value):,} characters)"'
    return json.dumps(value, ensure_ascii=False)
