"""Results as the bench shows them: per rule its requests, or why it did not want the event."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from relay.console.format import counted
from relay.page.bench.outcomes import EventOutcome
from relay.page.bench.request_lines import Request, Words, request, words
from relay.rules.check.report import Remark
from relay.rules.diff.differences import FieldChange
from relay.rules.explain.explanation import JsonObject
from relay.rules.explain.wording import rule_lines

MOST: Final = 20  # requests that are shown; `for_each` and many rules can make a thousand
MOST_UNWANTED: Final = 40  # rules: the browser lays them out anew at each keystroke
_LONGEST: Final = 500  # characters of a value beside what is served


@dataclass(frozen=True, slots=True)
class RuleResult:
    """A rule's result for an event: requests and failures, or why not; `words` explain its `when`.

    `more` counts the requests that are not shown.
    """

    name: str
    why_not: str
    words: Words
    failures: tuple[str, ...]
    requests: tuple[Request, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class EventResult:
    """An event of the webhook, with what each rule makes of it.

    `more` counts the rules that do not want it and are not shown.
    """

    title: str
    wanted: tuple[RuleResult, ...]
    unwanted: tuple[RuleResult, ...]
    more: int = 0


def event_results(explanation: JsonObject) -> list[EventResult]:
    """Return the events of an explanation, with at most so many requests in all."""
    left, found = MOST, []
    for event in explanation["events"]:
        rules = []
        for one in event["rules"]:
            made = _rule(one, left)
            left -= len(made.requests)
            rules.append(made)
        title = f"{event['type']}, id {event['id']}"
        wanted = tuple(one for one in rules if not one.why_not)
        # Those whose condition says no, which has words, before those that are for other types.
        unwanted = sorted((one for one in rules if one.why_not), key=lambda one: not one.words)
        more = max(len(unwanted) - MOST_UNWANTED, 0)
        found.append(EventResult(title, wanted, tuple(unwanted[:MOST_UNWANTED]), more))
    return found


def _rule(rule: JsonObject, most: int) -> RuleResult:
    requests = rule.get("requests", ())
    told = {**rule, "requests": (), "failures": ()}
    return RuleResult(
        rule["rule"],
        "" if rule["wanted"] else rule["why_not"] or "it does not want it",
        words([*rule_lines(told)][2:]),  # without a blank line, and the name
        tuple(f"{one['reason']}: {one['detail']}" for one in rule.get("failures", ())),
        tuple(request(one) for one in requests[:most]),
        max(len(requests) - most, 0),
    )


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field that differs; what is None is not there."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class ShownChange:
    """The change of a rule's requests beside those served; a new one is shown below anyway."""

    heading: str
    kind: str
    fields: tuple[FieldDifference, ...]


def differences_shown(outcome: EventOutcome) -> list[ShownChange] | None:
    """Return the differences to what is served; None where they are not compared."""
    if outcome.differences is None:
        return None
    return [
        ShownChange(
            f"{' → '.join(one.rules)}: {one.kind}{f', {one.why}' if one.why else ''}",
            one.kind,
            tuple(map(_field, one.fields if one.kind != "appears" else ())),
        )
        for one in outcome.differences[:MOST]
    ]


def _field(change: FieldChange) -> FieldDifference:
    given = change.json()
    before, after = (
        _cut(json.dumps(given[side], ensure_ascii=False)) if side in given else None
        for side in ("before", "after")
    )
    return FieldDifference(change.path, before, after)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def summary(outcome: EventOutcome, remarks: Iterable[Remark]) -> str:
    """Return in one line what came of a keystroke."""
    said: list[str] = [one.level for one in remarks]
    plan = outcome.plan
    made = [] if plan is None else [counted(len(plan.deliveries), "request")]
    if plan and plan.parked:
        made.append(counted(len(plan.parked), "dead letter"))
    for level, name in (("error", "mistake"), ("warning", "warning")):
        if count := said.count(level):
            made.append(counted(count, name))
    return ", ".join(made) or outcome.why_not
