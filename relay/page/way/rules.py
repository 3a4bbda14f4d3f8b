"""Rules: which rules of the source wanted an event, which did not, and by which operand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from handler.core.rules.source import Rule, Source
from relay.console.format import clock
from relay.rules.explain.wording import operand_lines

MOST_EVENTS: Final = 10
Result = Literal["wanted", "shadow", "failed", "disabled", "other type", "not wanted"]
JsonObject = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operand:
    """An operand of a condition: its lines as `relay rules explain` has them.

    `decided` says that it kept the rule from matching.
    """

    lines: tuple[str, ...]
    decided: bool = False


@dataclass(frozen=True, slots=True)
class RuleStep:
    """A rule's result for an event: in `words` why it did not want it, or why it failed."""

    name: str
    result: Result
    words: str
    when: str = ""
    operands: tuple[Operand, ...] = ()
    makes: int = 0


@dataclass(frozen=True, slots=True)
class EventStep:
    """An event of the webhook, with its rules; `others` are rules for other types."""

    type: str
    id: str
    times: str
    rules: tuple[RuleStep, ...]
    others: tuple[RuleStep, ...]
    note: str = ""


def rules_of(explanation: JsonObject, source: Source) -> tuple[EventStep, ...]:
    """Return the rules' results for each event, the first ones."""
    known = {one.name: one for one in source.rules}
    return tuple(_event(one, known) for one in explanation["events"][:MOST_EVENTS])


def _event(event: JsonObject, known: Mapping[str, Rule]) -> EventStep:
    steps = [_rule(one, known[one["rule"]], str(event["type"])) for one in event["rules"]]
    return EventStep(
        type=str(event["type"]),
        id=str(event["id"]),
        times=_times(event),
        rules=tuple(one for one in steps if one.result != "other type"),
        others=tuple(one for one in steps if one.result == "other type"),
        note=_repeats(event),
    )


def _times(event: JsonObject) -> str:
    happened = event["occurred_at"]
    return "time unknown" if happened is None else f"happened {clock(happened)}"


def _repeats(event: JsonObject) -> str:
    if "again_after" not in event:
        return ""
    until = clock(event["again_after"])
    return f"The id is only the digest of the body: until {until} the same bytes are a repeat."


def _rule(described: JsonObject, rule: Rule, kind: str) -> RuleStep:
    when = described.get("when", {})
    why = str(described["why_not"] or "")
    failures = [f"{one['reason']}: {one['detail']}" for one in described.get("failures", ())]
    requests = [one for one in described.get("requests", ()) if one["delivery"]]
    result = _result(described, rule, kind, failed=bool(failures))
    return RuleStep(
        name=rule.name,
        result=result,
        words="; ".join(failures) or why or _made(rule, len(requests)),
        when=when.get("expression", ""),
        operands=tuple(_operands(when, why)),
        makes=len(requests),
    )


def _result(described: JsonObject, rule: Rule, kind: str, *, failed: bool) -> Result:
    if failed:
        return "failed"
    if not rule.enabled:
        return "disabled"
    if described["wanted"]:
        return "shadow" if rule.shadow else "wanted"
    return "not wanted" if rule.takes(kind) else "other type"


def _made(rule: Rule, number: int) -> str:
    if rule.shadow:
        return "it is in shadow: its request is made, logged and counted, and not sent"
    return "" if number else "its for_each gives an empty list, so there is nothing to send"


def _operands(when: JsonObject, why: str) -> Iterator[Operand]:
    for one in when.get("operands", ()):
        lines = tuple(text.strip() for text, _ in operand_lines(one))
        told = f"{one['expression']} is "
        yield Operand(lines, decided=any(part.startswith(told) for part in why.split(" and ")))
