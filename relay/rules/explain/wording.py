"""Wording of an explanation: the lines for a rule, an operand of its condition, a field."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from relay.rules.explain.explanation import JsonObject

_SHOWN: Final = 200  # characters of a value; --json has all
_SKIPPED: Final = " (not evaluated: the result is known without it)"
Line = tuple[str, str | None]  # a line and its colour


def lines(explanation: JsonObject) -> Iterator[Line]:
    """Yield the lines of an explanation."""
    for event in explanation["events"]:
        yield f"{explanation['source']}: {event['type']}, {_names_of(event)}, {_times(event)}", None
        if "again_after" in event:
            until = _time(event["again_after"])
            text = f"the id is only the digest of the body: until {until} the same bytes are a"
            yield f"{text} repeat, later ones are not", "yellow"
        for rule in event["rules"]:
            yield from rule_lines(rule)
    for one in explanation["parked"]:
        yield f"dead letter, {one['reason']}: {one['detail']}", "red"


def _names_of(event: JsonObject) -> str:
    """Return what an event is found by."""
    reference = event["reference"]
    return f"id {event['id']}" + (f", reference {reference}" if reference else "")


def _times(event: JsonObject) -> str:
    happened = event["occurred_at"]
    text = "time unknown" if happened is None else f"happened {_time(happened)}"
    return f"{text}, received {_time(event['received_at'])}"


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def rule_lines(rule: JsonObject) -> Iterator[Line]:
    """Yield the lines of a rule: whether it wants the event, and why; its requests."""
    yield "", None
    if rule["wanted"]:
        yield f"{rule['rule']}: wanted", "green"
    else:
        yield f"{rule['rule']}: not wanted, {rule['why_not']}", "yellow"
    if "when" in rule:
        yield f"  when {rule['when']['expression']}", None
        for operand in rule["when"]["operands"]:
            yield from operand_lines(operand)
    for failure in rule.get("failures", ()):
        yield f"  dead letter, {failure['reason']}: {failure['detail']}", "red"
    if "for_each" in rule:
        yield f"  for each of {rule['for_each']['expression']}", None
    for request in rule.get("requests", ()):
        yield from _request(request)


def operand_lines(operand: JsonObject) -> Iterator[Line]:
    """Yield the lines of an operand of a condition: its value, and what it read."""
    if "error" in operand:
        yield f"    {operand['expression']}: {operand['error']}", "red"
        yield from ((f"      {line}", "bright_black") for line in _names(operand))
        return
    is_skipped = operand.get("skipped", False)
    value = f" = {_json(operand['value'])}" if "value" in operand else ""
    yield f"    {operand['expression']}{value}{_SKIPPED if is_skipped else ''}", None
    yield from ((f"      {line}", "bright_black") for line in _part(operand, is_in_text=False))


def _request(request: JsonObject) -> Iterator[Line]:
    delivery = request["delivery"]
    if delivery is None:
        yield "  no request; its fields would be", "red"
    else:
        verb = "in shadow, not sent:" if request["shadow"] else "sends"
        priority = ", at low priority" if request["priority"] == "low" else ""
        delay = f", {request['delay']} s later" if "delay" in request else ""
        yield f"  {verb} {delivery['path']}, id {delivery['id']}{priority}{delay}", "green"
    if request["once"]:
        yield from field_lines(request["once"])
    for field in request["fields"]:
        yield from field_lines(field)


def field_lines(field: JsonObject) -> Iterator[Line]:
    """Yield the lines of a field: its value, its template, and the paths that it read."""
    if field["status"] != "sent":
        colour = "red" if field["status"] == "wrong" else "yellow"
        yield f"    {field['field']} is {field['status']}: {field['because']}", colour
    else:
        cast = f" ({field['cast']})" if "cast" in field else ""
        yield f"    {field['field']} = {_json(field['value'])}{cast}", None
    if "literal" in field:
        yield "        as written in the rules", "bright_black"
        return
    yield f"        {field['template']}", "bright_black"
    for part in field["parts"]:
        is_in_text = field["template"] != f"${{{part['expression']}}}"
        for line in _part(part, is_in_text=is_in_text):
            yield f"        {line}", "bright_black"
    if "without" in field:
        yield f"        left out in it: {', '.join(field['without'])}", "yellow"


def _part(part: JsonObject, *, is_in_text: bool) -> Iterator[str]:
    yield from _names(part)
    if "value" not in part:
        yield part["error"] if "error" in part else f"{part['expression']}{_SKIPPED}"
        return
    for read in part["reads"]:
        if read["path"] != part["expression"] or is_in_text:  # else its value is shown already
            yield f"{read['path']} = {_json(read['value'])}"
    for took in part.get("took", ()):
        passed = ", ".join(f"{one['option']} is {one['because']}" for one in took["passed"])
        which = f"takes {took['option']} ({took['number']} of {took['of']})"
        taken = "takes none" if took["option"] is None else which
        yield f"{taken}{': ' if passed else ''}{passed}"


def _names(part: JsonObject) -> Iterator[str]:
    """Yield the names of `define` in an expression, with what the file has for them."""
    yield from (f"define.{one['name']}: {one['template']}" for one in part.get("define", ()))


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
