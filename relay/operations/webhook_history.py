"""Webhooks of an order, an event or a person: their log lines, and what became of them."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from handler.core.braze.identifiers import log_digest
from relay.console.format import counted, moment
from relay.console.log_format import Entry, events_named, parked_words
from relay.operations.clients import StackClients
from relay.stacks.logs import GROUPS, LogLine, Search

# As `event.reference` is logged. An address is none: it leaves this machine as a digest alone.
_REFERENCE: Final = re.compile(r"(?=[^0-9]*[0-9])[A-Za-z0-9#_./ -]{1,40}")
_ID: Final = re.compile(r"[0-9a-f]{8,64}")  # of a delivery or a dead letter, or its beginning
_REFUSED: Final = '{ $.message = "webhook" && $.status != 200 }'
_PAGES: Final = 5
_SHOWN: Final = 5  # kinds of refusals


@dataclass(frozen=True, slots=True)
class SearchText:
    """The text that a log is searched for, with the forms in which a line may have it."""

    text: str

    @property
    def digests(self) -> frozenset[str]:
        """The digests of an event's id, an external id or an address."""
        return frozenset({log_digest(self.text), log_digest(self.text.strip().lower())})

    @property
    def references(self) -> frozenset[str]:
        """What an order is called, with # and without."""
        bare = self.text.strip().removeprefix("#")
        return frozenset({bare, f"#{bare}"}) if _REFERENCE.fullmatch(f"#{bare}") else frozenset()

    @property
    def phrases(self) -> tuple[str, ...]:
        """The phrases of which a line has one: each is a search, for not all know `or`."""
        ids = [self.text] if _ID.fullmatch(self.text) else []
        number = min(self.references, key=len, default="")  # without #, it is found with it too
        return tuple(dict.fromkeys([*sorted(self.digests), *ids, *([number] if number else [])]))

    def names(self, one: Entry) -> str:
        """Return by what a part of a line is meant; empty where it is not."""
        if one.get("reference") in self.references:
            return "reference"
        if one.get("event") in self.digests:
            return "event"
        if not self.digests.isdisjoint(one.get("who", ())):
            return "person"
        is_id = _ID.fullmatch(self.text) and str(one.get("id", "")).startswith(self.text)
        return "id" if is_id else ""


@dataclass(frozen=True, slots=True)
class WebhookFound:
    """A webhook's log line, and the parts of it that are meant.

    `deliveries` are ids with what each was found by. `shadow` and `parked` are parts of the line;
    `unwanted` says that an event is meant that no rule wanted.
    """

    line: LogLine
    deliveries: Mapping[str, str]
    shadow: tuple[Entry, ...] = ()
    parked: tuple[Entry, ...] = ()
    unwanted: bool = False

    @property
    def is_told(self) -> bool:
        """Whether there is more to say than its deliveries say themselves."""
        return bool(self.shadow or self.parked or self.unwanted)


def meant_in(line: LogLine, sought: SearchText) -> WebhookFound | None:
    """Return what a line has of what is sought; None for nothing."""
    entry = line.entry
    if entry.get("message") != "webhook":
        return None
    seen = entry.get("seen", ())
    events = {one["event"]: name for one in seen if (name := sought.names(one))}
    only = str(seen[0]["event"]) if len(seen) == 1 else ""

    def meant(field: str) -> list[tuple[Entry, str]]:
        parts = entry.get(field, ())
        named = [
            (one, sought.names(one) or events.get(one.get("event", only), "")) for one in parts
        ]
        return [one for one in named if one[1]]

    made, shadow, parked = meant("deliveries"), meant("shadow"), meant("parked")
    became = {one.get("event", only) for one, _ in (*made, *shadow, *parked)}
    unwanted = bool(events.keys() - became)
    if not (made or shadow or parked or unwanted):
        return None
    ids = {str(one["id"]): by for one, by in made}
    return WebhookFound(
        line, ids, tuple(one for one, _ in shadow), tuple(one for one, _ in parked), unwanted
    )


def find_webhooks(desk: StackClients, sought: SearchText, start: float) -> list[WebhookFound]:
    """Return the webhooks of the log that have what is sought, oldest first.

    Raise botocore's errors, and NoSuchResource where the stack has no such log.
    """
    logs, group = desk.clients["logs"], desk.log_group(GROUPS[0])
    found = {
        line
        for phrase in sought.phrases
        for line in Search(start, pattern=f'"{phrase}"').lines(logs, group)
    }
    in_order = sorted(found, key=lambda line: line.at)
    return [one for line in in_order if (one := meant_in(line, sought))]


def told(found: WebhookFound, now: float) -> Iterator[tuple[str, str]]:
    """Yield what is known of a webhook, as names and words."""
    entry = found.line.entry
    yield "came", moment(found.line.at, now)
    if named := events_named(entry):
        yield "event", named
    for one in found.parked:
        yield "parked", parked_words(one)
    for one in found.shadow:
        yield "shadow", f"{one['rule']}: rendered and counted, and not sent: its rule is in shadow"
    if found.unwanted:
        yield "unmatched", _unwanted(entry)


def _unwanted(entry: Entry) -> str:
    words = [f"{one['rule']}: {one['why']}" for one in entry.get("unmatched", ())]
    if "more_unmatched" in entry:
        words.append(f"and {counted(entry['more_unmatched'], 'more rule')}")
    return "; ".join(words) or "no rule wanted it"


def steps(found: WebhookFound) -> Iterator[str]:
    """Yield the commands that come next, without the options that name the stack."""
    for one in found.parked:
        yield f"dead-letters show {str(one['id'])[:12]}" if "id" in one else "dead-letters list"


def refusals(desk: StackClients, start: float, now: float) -> list[str]:
    """Return the kinds of webhooks that were refused: nothing else is known of these.

    Raise botocore's errors, and NoSuchResource where the stack has no such log.
    """
    search = Search(start, pattern=_REFUSED, pages=_PAGES)
    found = search.lines(desk.clients["logs"], desk.log_group(GROUPS[0]))
    return refused_words(found, now)


def refused_words(found: list[LogLine], now: float) -> list[str]:
    """Return how often, and when last, webhooks of each source were refused, and why."""
    kinds: Counter[tuple[Any, ...]] = Counter()
    last: dict[tuple[Any, ...], float] = {}
    for line in found:
        entry = line.entry
        if entry.get("message") == "webhook" and "reason" in entry:
            kind = (entry.get("source"), entry.get("status"), entry["reason"])
            kinds[kind] += 1
            last[kind] = line.at
    return [
        f"{source}: {status} {reason}, {counted(count, 'time')}, last at {moment(last[kind], now)}"
        for kind, count in kinds.most_common(_SHOWN)
        for source, status, reason in [kind]
    ]
