"""Summaries of webhooks: what a row of the list shows, and what a search finds it by."""

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from handler.core.braze.identifiers import IDENTIFIERS, persons_of
from handler.core.models import Delivery, Plan
from relay.capture.patterns import texts_in
from relay.local.stack import Secrets
from relay.page.journal import Arrival
from relay.page.reading import Reading, Verdict, read

_SEARCHED: Final = 16_000  # characters of a body's values
_READ: Final = 1_000_000  # bytes: of a larger body only the beginning is searched, as it is
_FOLLOWED: Final = 20  # deliveries of one webhook


@dataclass(frozen=True, slots=True)
class Summary:
    """A webhook in a row; `text`, in small letters, is what it is found by.

    `deliveries` are its first ones: without what they send, but for whom they name. `is_unproven`
    says that types and references are those of a webhook that was refused.
    """

    number: int
    at: float
    source: str
    types: str
    references: str
    verdict: Verdict
    deliveries: tuple[Delivery, ...] = field(repr=False)
    text: str = field(repr=False)
    is_unproven: bool = False


def summary(reading: Reading) -> Summary:
    """Return the summary of a reading."""
    plan = reading.plan or Plan(0)
    return Summary(
        number=reading.arrival.number,
        at=reading.arrival.at,
        source=reading.source,
        types=reading.types,
        references=reading.references,
        verdict=reading.verdict,
        deliveries=tuple(map(_followed, plan.deliveries[:_FOLLOWED])),
        text="\n".join(dict.fromkeys(_found_by(reading, plan))).lower(),
        is_unproven=bool(reading.claimed),
    )


def _followed(delivery: Delivery) -> Delivery:
    """Return a delivery without what it sends; of its recipient only who that is."""
    recipient = delivery.recipient
    named = recipient and {name: recipient[name] for name in IDENTIFIERS if name in recipient}
    return replace(delivery, event="", send={}, recipient=named)


def _found_by(reading: Reading, plan: Plan) -> Iterable[str]:
    yield from (reading.source, reading.types)
    for event in plan.logged:
        yield event.id
        yield event.reference or ""
    for one in (*plan.deliveries, *plan.shadow):
        yield from persons_of(one.recipient or {})
    yield _values(reading.answered.body)


def _values(body: bytes) -> str:
    """Return the texts and numbers of a body: it is untrusted, and may be anything."""
    if len(body) <= _READ:
        with suppress(ValueError, RecursionError):
            return "\n".join(texts_in(json.loads(body)))[:_SEARCHED]
    return body[:_SEARCHED].decode(errors="replace")


@dataclass(slots=True)
class Summaries:
    """The summaries of the webhooks that are kept; each is made once."""

    _made: dict[int, Summary] = field(default_factory=dict)
    _first: dict[str, int] = field(default_factory=dict)  # webhooks, by the deliveries they make

    def has(self, arrival: Arrival) -> bool:
        """Return whether the summary of a webhook is made."""
        return arrival.number in self._made

    def of(self, arrival: Arrival, secrets: Secrets | None) -> Summary:
        """Return the summary of a webhook."""
        found = self._made.get(arrival.number)
        if found is None:
            found = self._made[arrival.number] = summary(read(arrival, secrets))
            for one in found.deliveries:
                self._first[one.id] = min(self._first.get(one.id, found.number), found.number)
        return found

    def is_repeat(self, number: int, delivery_id: str) -> bool:
        """Return whether an earlier webhook made the same delivery."""
        return self._first.get(delivery_id, number) < number

    def forget(self, left_out: int) -> None:
        """Let the summaries go of the webhooks that the journal has left out."""
        for number in [one for one in self._made if one <= left_out]:
            for one in self._made.pop(number).deliveries:
                if self._first.get(one.id) == number:
                    del self._first[one.id]
