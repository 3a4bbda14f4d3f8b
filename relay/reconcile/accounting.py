"""Sums of the accounting over a period: which add up, and which do not.

The counts of one webhook are in one log line for each source and rule, so no edge of a period
divides the two sides of a sum of webhooks, events or rule matches. A delivery may be planned before
the period and leave within it: that sum is closed only by what is in flight at both ends.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from handler.aws.metrics import UNKNOWN

Place = tuple[str, str]  # source and rule; the rule is empty where a metric has none
Figures = Mapping[tuple[str, Place], int]  # by metric and place
Verdict = Literal["adds up", "open", "wrong"]

STACK: Final = ("the stack", "")
LEFT: Final = (
    "DeliveriesAccepted",
    "DeliveriesDuplicate",
    "DeliveriesHeld",
    "DeliveriesWithheld",
    "DeliveriesStale",
    "DeliveriesExpired",
    "DeliveriesDead",
)
PLANNED: Final = "DeliveriesPlanned"
REDELIVERED: Final = "DeliveriesRedelivered"


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum: the metric on its left side, and those on its right side."""

    name: str
    left: str
    right: tuple[str, ...]


WEBHOOKS: Final = Sum(
    "webhooks",
    "WebhooksReceived",
    (
        "WebhooksRefused",
        "WebhooksMalformed",
        "WebhooksPings",
        "WebhooksUnavailable",
        "WebhooksTaken",
    ),
)
EVENTS: Final = Sum("events", "EventsTaken", ("EventsUnmatched", "EventsWanted", "EventsParked"))
# A wish is a rule match: an event and a rule that wants it. It makes one delivery, under `for_each`
# any number: that is why what is rendered is counted in rule matches.
WISHES: Final = Sum(
    "wishes", "EventsMatched", ("EventsRendered", "EventsExpired", "EventsUnrenderable")
)
DELIVERIES: Final = Sum("deliveries", PLANNED, LEFT)
AT_ONCE: Final = (WEBHOOKS, EVENTS, WISHES)
ASKED: Final = tuple(
    dict.fromkeys(
        name for one in (*AT_ONCE, DELIVERIES) for name in (one.left, *one.right, REDELIVERED)
    )
)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One line of a sum: both sides, and the verdict.

    `why` is the likely cause where it does not add up, `look` the command that looks further.
    """

    place: Place
    left: int
    right: Mapping[str, int]
    verdict: Verdict
    why: str = ""
    look: str = ""

    @property
    def difference(self) -> int:
        """The left side minus the right side."""
        return self.left - sum(self.right.values())


@dataclass(frozen=True, slots=True)
class Depth:
    """The number of messages in the main queue at both ends of the period; None: unknown."""

    start: int | None
    end: int | None


def at_once(asked: Sum, figures: Figures) -> list[AccountRow]:
    """Return the rows of a sum whose two sides are counted at the same time."""
    is_counted = any(name == asked.left for name, _ in figures)
    return [_row(asked, place, figures, is_counted=is_counted) for place in _places(asked, figures)]


def deliveries(figures: Figures, depth: Depth) -> list[AccountRow]:
    """Return a row for each rule, and last the stack's: only that sum can be closed."""
    rows = [_rule(place, figures, depth) for place in _places(DELIVERIES, figures)]
    left = sum(row.left for row in rows)
    right = {name: sum(row.right[name] for row in rows) for name in LEFT}
    repeated = sum(count for (name, _), count in figures.items() if name == REDELIVERED)
    difference = left - sum(right.values())
    verdict, why, look = _closed(difference, depth, repeated)
    return [*rows, AccountRow(STACK, left, right, verdict, why, look)]


def adds_up(rows: Iterable[AccountRow]) -> bool:
    """Return whether no row is wrong; an open row is neither proven nor refuted."""
    return all(row.verdict != "wrong" for row in rows)


def _places(asked: Sum, figures: Figures) -> list[Place]:
    names = (asked.left, *asked.right)
    return sorted({place for name, place in figures if name in names})


def _row(asked: Sum, place: Place, figures: Figures, *, is_counted: bool) -> AccountRow:
    left = figures.get((asked.left, place), 0)
    right = {name: figures.get((name, place), 0) for name in asked.right}
    row = AccountRow(place, left, right, "adds up")
    if row.difference == 0:
        return row
    if not is_counted:
        why = f"the release that is deployed does not count {asked.left}"
        return AccountRow(place, left, right, "open", why)
    why = (
        f"lines of the log have not all become metrics yet: look again in 5 minutes. If it stays, "
        f"an earlier release that counts no {asked.left} served within the period, or this is a bug"
    )
    return AccountRow(place, left, right, "wrong", why, "status")


def _rule(place: Place, figures: Figures, depth: Depth) -> AccountRow:
    left = figures.get((PLANNED, place), 0)
    right = {name: figures.get((name, place), 0) for name in LEFT}
    difference = left - sum(right.values())
    if difference == 0:
        return AccountRow(place, left, right, "adds up")
    if difference < 0:
        why = _more_than_planned(place, -difference)
        return AccountRow(place, left, right, "open", why, "dead-letters list")
    if depth.end is not None and difference > 2 * depth.end:
        repeated = figures.get((REDELIVERED, place), 0)
        why = _vanished(difference - depth.end, repeated)
        return AccountRow(place, left, right, "wrong", why, "status")
    return AccountRow(place, left, right, "open", f"{difference:,} may be in flight", "status")


def _closed(difference: int, depth: Depth, repeated: int) -> tuple[Verdict, str, str]:
    """Return the stack's verdict: planned - left = in flight at the end - that at the start."""
    if depth.end is None:
        return "open", "nobody knows what was in flight at the end of the period", ""
    begun = depth.start or 0
    excess = difference - (depth.end - begun)
    if excess == 0:
        return "adds up", "", ""
    if depth.start is None and excess < 0:
        return "open", _at_the_start(-excess), "dead-letters list"
    # SQS's numbers are approximate while messages come and go; in a quiet queue they are exact.
    if abs(excess) <= max(begun, depth.end):
        why = "SQS's numbers of a moving queue are approximate: look again when it is quiet"
        return "open", why, "status"
    if excess < 0:
        return "open", _more_than_planned(STACK, -excess), "dead-letters list"
    return "wrong", _vanished(excess, repeated), "status"


def _at_the_start(number: int) -> str:
    return (
        f"adds up if {number:,} were in flight when the period began, or were redriven or released "
        "within it: these leave again"
    )


def _more_than_planned(place: Place, number: int) -> str:
    if place[0] == UNKNOWN:
        return (
            f"{number:,} messages of which the count names no rule: letters that SQS's own redrive "
            "brought back, messages that nobody can read, or what waited a day for AWS"
        )
    return (
        f"{number:,} left that were not planned within the period: they were planned before it, or "
        "redriven, released, or enqueued by a webhook that then was answered 503"
    )


def _vanished(number: int, repeated: int) -> str:
    text = f"{number:,} were planned, did not leave, and are not in flight. "
    if repeated:
        return text + (
            f"{repeated:,} were redelivered: a worker that was killed writes no counts, and what "
            "it had sent is then redelivered"
        )
    return text + "A killed worker's counts are lost, or the queue was purged or lost messages"
