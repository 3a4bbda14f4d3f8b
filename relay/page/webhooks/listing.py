"""List of webhooks as it is shown: what is sought, the rows of it, and what is left out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self, get_args

from relay.page.reading import Kind
from relay.page.webhooks.delivery_states import DeliveryState
from relay.page.webhooks.summaries import Summary

PAGE: Final = 100  # rows at first, and at each wish for older ones
_LONGEST: Final = 200  # characters of a search
_WORST: Final[tuple[Kind, ...]] = ("bad", "wait", "good", "quiet")
KINDS: Final[Mapping[str, str]] = {
    "bad": "failed",
    "wait": "waiting",
    "good": "delivered",
    "quiet": "not wanted",
}
StateOf = Callable[[int, str], DeliveryState | None]  # by webhook and delivery


@dataclass(frozen=True, slots=True)
class Sought:
    """What the list is to show: all with a text, of a source, of a kind; the first `most`."""

    text: str = ""
    source: str = ""
    kind: str = ""
    chosen: int = 0
    most: int = PAGE

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """Return what a query string asks for; what makes no sense asks for nothing."""
        kind = query.get("kind", "")
        return cls(
            query.get("text", "").strip().lower()[:_LONGEST],
            query.get("source", ""),
            kind if kind in get_args(Kind) else "",
            _number(query.get("chosen", "")),
            max(PAGE, _number(query.get("most", ""))),
        )

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out of the list but the oldest."""
        return not (self.text or self.source or self.kind)

    def fits(self, row: "Row") -> bool:
        """Return whether a row is to be shown."""
        return (
            self.text in row.summary.text
            and self.source in ("", row.summary.source)
            and self.kind in ("", row.kind)
        )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < len("1000000000") else 0


@dataclass(frozen=True, slots=True)
class Row:
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
    def what(self) -> str:
        """Its source and type, but for what is its name."""
        one = self.summary
        return " · ".join(each for each in (one.source, one.types) if each not in ("", self.name))

    @property
    def time(self) -> datetime:
        """When it came, in UTC."""
        return datetime.fromtimestamp(self.summary.at, UTC)


@dataclass(frozen=True, slots=True)
class Listed:
    """The rows that are shown, and how many more fit."""

    rows: tuple[Row, ...]
    fitting: int

    @property
    def more(self) -> int:
        """The number of those that fit and are not shown."""
        return self.fitting - len(self.rows)


def listed(summaries: Sequence[Summary], state_of: StateOf, sought: Sought) -> Listed:
    """Return the list of webhooks, the newest first, as these are."""
    if sought.is_all:
        return Listed(tuple(rows_of(summaries[: sought.most], state_of)), len(summaries))
    found = [one for one in rows_of(summaries, state_of) if sought.fits(one)]
    return Listed(tuple(found[: sought.most]), len(found))


def rows_of(summaries: Iterable[Summary], state_of: StateOf) -> Iterable[Row]:
    """Yield the rows of webhooks."""
    for one in summaries:
        states = [state for each in one.deliveries if (state := state_of(one.number, each.id))]
        kinds = {state.kind for state in states}
        if not states or one.verdict.kind == "bad":
            kinds.add(one.verdict.kind)
        yield Row(one, next(kind for kind in _WORST if kind in kinds), _words(states))


def _words(states: Sequence[DeliveryState]) -> str:
    """Return the states of deliveries in words: the worst first, with how many of each."""
    counts: dict[str, int] = {}
    for one in sorted(states, key=lambda each: _WORST.index(each.kind)):
        counts[one.words] = counts.get(one.words, 0) + 1
    if len(states) == 1:
        return states[0].words
    return ", ".join(f"{count} {words}" for words, count in counts.items())
