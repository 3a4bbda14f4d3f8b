"""List of webhooks as it is shown: what is sought, the rows of it, and what is left out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self, get_args

from relay.page.reading import Kind
from relay.page.webhooks.delivery_states import DeliveryState
from relay.page.webhooks.summaries import Summary

PAGE: Final = 60  # rows: what is shown at once is bounded, however many are kept
_LONGEST: Final = 200  # characters of a search
_WORST: Final[tuple[Kind, ...]] = ("bad", "wait", "good", "quiet")
KINDS: Final[Mapping[str, str]] = {
    "bad": "failed",
    "wait": "waiting",
    "good": "accepted",
    "quiet": "not wanted",
}
StateOf = Callable[[int, str], DeliveryState | None]  # by webhook and delivery


@dataclass(frozen=True, slots=True)
class WebhookFilter:
    """The filter of the list: all with a text, of a source, of a kind.

    Of those it shows a page: the newest, or the newest with a number less than `before`.
    """

    text: str = ""
    source: str = ""
    kind: str = ""
    chosen: int = 0
    before: int = 0

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """Return what a query string asks for; what makes no sense asks for nothing."""
        kind = query.get("kind", "")
        return cls(
            query.get("text", "").strip().lower()[:_LONGEST],
            query.get("source", ""),
            kind if kind in get_args(Kind) else "",
            whole_number(query.get("chosen", "")),
            whole_number(query.get("before", "")),
        )

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out of the list but the oldest."""
        return not (self.text or self.source or self.kind)

    def finds(self, one: Summary) -> bool:
        """Return whether a webhook has the text, and is of the source."""
        return self.text in one.text and self.source in ("", one.source)

    def shows(self, number: int) -> bool:
        """Return whether a webhook is on this page or a later one."""
        return not self.before or number < self.before


def whole_number(text: str) -> int:
    """Return the number of a webhook in a URL; 0, which none has, for what is no such number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < len("1000000000") else 0


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """A webhook in the list; `state` says what became of its deliveries, where that is known."""

    summary: Summary
    kind: Kind
    state: str = ""

    @property
    def name(self) -> str:
        """What people call it: by its object, else by its type, else by where it came."""
        one = self.summary
        return one.references or one.types or one.source or "no source"

    @property
    def type(self) -> str:
        """Its type, but for where that is its name: it tells webhooks of one object apart."""
        return self.summary.types if self.summary.types != self.name else ""

    @property
    def source(self) -> str:
        """Its source, but for where that is its name."""
        return self.summary.source if self.summary.source != self.name else ""

    @property
    def time(self) -> datetime:
        """When it came, in UTC."""
        return datetime.fromtimestamp(self.summary.at, UTC)


@dataclass(frozen=True, slots=True)
class Listed:
    """The rows of a page, and how many fit that are newer and older."""

    rows: tuple[WebhookRow, ...]
    newer: int = 0
    older: int = 0

    @property
    def fitting(self) -> int:
        """The number of all that fit."""
        return self.newer + len(self.rows) + self.older


def listed(summaries: Iterable[Summary], state_of: StateOf, sought: WebhookFilter) -> Listed:
    """Return a page of webhooks in their order, the newest first."""
    found = [one for one in summaries if sought.finds(one)]
    if sought.kind:
        found = [row.summary for row in rows_of(found, state_of) if row.kind == sought.kind]
    newer = sum(not sought.shows(one.number) for one in found)
    page = found[newer : newer + PAGE]
    return Listed(tuple(rows_of(page, state_of)), newer, len(found) - newer - len(page))


def rows_of(summaries: Iterable[Summary], state_of: StateOf) -> Iterable[WebhookRow]:
    """Yield the rows of webhooks."""
    for one in summaries:
        states = [state for each in one.deliveries if (state := state_of(one.number, each.id))]
        kinds = {state.kind for state in states}
        if not states or one.verdict.kind == "bad":
            kinds.add(one.verdict.kind)
        yield WebhookRow(one, next(kind for kind in _WORST if kind in kinds), _words(states))


def _words(states: Sequence[DeliveryState]) -> str:
    """Return the states of deliveries in words: the worst first, with how many of each."""
    counts: dict[str, int] = {}
    for one in sorted(states, key=lambda each: _WORST.index(each.kind)):
        counts[one.words] = counts.get(one.words, 0) + 1
    if len(states) == 1:
        return states[0].words
    return ", ".join(f"{count} {words}" for words, count in counts.items())
