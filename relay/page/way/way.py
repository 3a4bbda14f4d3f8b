"""The way of one webhook: its steps together, made of values alone."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from handler.core.braze.refused import remainder_id
from handler.core.models import Delivery
from handler.core.rules.source import Source
from relay.page.reading import Kind, Reading, Verdict
from relay.page.way.attempts import Progress, Seen, parked_steps, progress
from relay.page.way.lookup import KnownDeliveries
from relay.page.way.reach import BrazeEffect, reached, sends_for
from relay.page.way.received import Received, received
from relay.page.way.recorded import recorded, writes_records
from relay.page.way.request_json import RequestStep, count_of, requests_of
from relay.page.way.rules import EventStep, rules_of
from relay.page.way.verification import Verification, verification
from relay.rules.explain.explanation import JsonObject

_TAKEN: Final = 200
_WRONG: Final = ("bad", "wait")
MOST_REACH: Final = 20  # rows: one delivery may have 75 objects
_ORDER: Final[tuple[Kind, ...]] = ("bad", "wait", "good")


@dataclass(frozen=True, slots=True)
class Step:
    """A step in short: its name in ids, its title, how it ended, and how many it has."""

    name: str
    title: str
    kind: Kind
    count: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem in a sentence, and the step that has more on it."""

    kind: Kind
    words: str
    step: str


@dataclass(frozen=True, slots=True)
class Way:
    """A webhook from left to right.

    `is_unproven` says that the title is what a refused webhook says of itself. `more_events`,
    `more_requests` and `more_deliveries` count what is not shown.
    """

    number: int
    title: str
    verdict: Verdict
    received: Received
    verification: Verification
    events: tuple[EventStep, ...] = ()
    warnings: tuple[str, ...] = ()
    requests: tuple[RequestStep, ...] = ()
    attempts: tuple[Progress, ...] = ()
    reach: tuple[BrazeEffect, ...] = ()
    unread: tuple[str, ...] = ()
    more_events: int = 0
    more_requests: int = 0
    more_deliveries: int = 0
    is_unproven: bool = False

    @property
    def waits(self) -> bool:
        """Whether something of it is still to come."""
        kinds = [one.kind for one in self.attempts] + [one.kind for one in self.reach]
        return "wait" in kinds

    @property
    def shown_reach(self) -> Sequence[BrazeEffect]:
        """What came of it in Braze, as far as it is shown: of too many those that failed first."""
        if len(self.reach) <= MOST_REACH:
            return self.reach
        return sorted(self.reach, key=lambda one: one.kind != "bad")[:MOST_REACH]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What went wrong behind the answer, or waits: it stands at the top, each once."""
        found = Counter(
            [
                *(_problem(one, "attempts") for one in self.attempts if one.kind in _WRONG),
                *(_problem(one, "braze") for one in self.reach if one.kind == "bad"),
            ]
        )
        return tuple(_times(one, number) for one, number in found.items())

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps in short: how each of them ended, the worst first."""
        results = [one.result for each in self.events for one in each.rules]
        wanted = [one for one in results if one in ("wanted", "shadow")]
        is_checked = self.verification.result in ("verified", "unsigned")
        return (
            Step("received", "Received", "good" if self.received.status == _TAKEN else "bad"),
            Step("verified", "Verified", "good" if is_checked else "bad"),
            Step("rules", "Rules", _of_results(results), str(len(wanted) or "")),
            Step("requests", "Requests", "good" if self.requests else "quiet"),
            Step("attempts", "Attempts", _worst([one.kind for one in self.attempts])),
            Step("braze", "Braze", _worst([one.kind for one in self.reach])),
        )


def _problem(one: Progress | BrazeEffect, step: str) -> Problem:
    return Problem(one.kind, f"{one.rule}: {one.words}", step)


def _times(problem: Problem, number: int) -> Problem:
    return problem if number == 1 else replace(problem, words=f"{problem.words} ({number} times)")


def way_of(
    reading: Reading, explanation: JsonObject | None, known: KnownDeliveries, now: float
) -> Way:
    """Return the way of a webhook by what is known of it now."""
    events: tuple[EventStep, ...] = ()
    requests: tuple[RequestStep, ...] = ()
    source, plan = reading.rules, reading.plan
    if explanation is not None and isinstance(source, Source):
        events, requests = rules_of(explanation, source), requests_of(explanation)
    tried = [_tried(one, known, reading, now) for one in known.deliveries]
    return Way(
        number=reading.arrival.number,
        title=_title(reading),
        verdict=reading.verdict,
        received=received(reading),
        verification=verification(reading, known.secret),
        events=events,
        warnings=plan.warnings if plan else (),
        requests=requests,
        attempts=(*tried, *_unsent(reading)),
        reach=tuple(_reached(tried, known)),
        unread=known.unread,
        more_events=len(explanation["events"]) - len(events) if explanation else 0,
        more_requests=count_of(explanation) - len(requests) if explanation else 0,
        more_deliveries=len(plan.deliveries) - len(known.deliveries) if plan else 0,
        is_unproven=bool(reading.claimed),
    )


def _title(reading: Reading) -> str:
    named = [reading.source, reading.types, reading.references]
    return " ".join(one for one in named if one) or reading.answered.path


def _tried(delivery: Delivery, known: KnownDeliveries, reading: Reading, now: float) -> Progress:
    seen = Seen(
        delivery.id,
        (delivery.source, delivery.rule),
        known.records.get(delivery.id, {}),
        known.lines.get(delivery.id, ()),
        known.records.get(remainder_id(delivery.id), {}),
    )
    return progress(seen, reading.arrival.at, now)


def _unsent(reading: Reading) -> Iterator[Progress]:
    """Yield what has no delivery: what is parked, and what is in shadow."""
    if reading.plan is None:
        return
    yield from parked_steps(reading.plan.parked)
    for one in reading.plan.shadow:
        words = "in shadow: rendered and counted, and not sent"
        advice = "Take shadow: true out of the rule, and send the webhook again."
        yield Progress(one.id, one.rule, "quiet", words, advice=advice)


def _reached(tried: list[Progress], known: KnownDeliveries) -> Iterator[BrazeEffect]:
    for delivery, one in zip(known.deliveries, tried, strict=True):
        record = known.records.get(delivery.id, {})
        if writes_records(delivery):
            yield from recorded(delivery, one, known.updates, known.commerce)
            continue
        yield from reached(one, sends_for(delivery, record, one, known.sends))


def _worst(kinds: Sequence[Kind]) -> Kind:
    """Return the kind that stands for all."""
    return next((one for one in _ORDER if one in kinds), "quiet")


def _of_results(results: Sequence[str]) -> Kind:
    if "failed" in results:
        return "bad"
    return "good" if "wanted" in results else "quiet"
