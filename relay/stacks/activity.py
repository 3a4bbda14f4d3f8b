"""Activity of a stack: its log lines as they come, with the names of orders and what Braze did."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from rich.text import Text

from relay.console.format import clock
from relay.console.log_format import REACHED, Entry, line_of, read_entry
from relay.stacks.logs import GROUPS, Search

_GOOD: Final = frozenset({"accepted", "duplicate", "redelivered", "waiting"})
_TAKEN: Final = 200
_OVERLAP: Final = 30.0  # seconds: lines come late, and out of order
_LOOK_BACK: Final = 3 * 3600  # seconds before now, for the webhook of a delivery that has waited
_PAGES: Final = 1  # of such a search; CloudWatch Logs takes 5 calls a second of an account
_ASKED: Final = 5  # such searches at each look
_KNOWN: Final = 20_000  # deliveries whose names are kept
_GAP: Final = "  "
_SECONDS: Final = 2  # for the simulated Braze's answer
_FEW: Final = 100  # ids, which one URL holds

Record = tuple[int, str, str]  # milliseconds since the epoch, stream, line


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Lines that are shown: of a source, of a rule (SOURCE/RULE), or of what has failed.

    With `ids` they are those of these deliveries alone, and of the webhooks with these events: ids
    and digests, as the lines have them.
    """

    source: str = ""
    rule: str = ""
    failed: bool = False
    ids: frozenset[str] = frozenset()

    def takes(self, entry: Entry) -> bool:
        """Return whether a line is shown; one of the runtime itself, which is a failure, is."""
        if self.ids:
            named = {entry.get("id"), *(one["event"] for one in entry.get("seen", ()))}
            return not self.ids.isdisjoint(named)
        if not entry:
            return True
        source, _, rule = self.rule.partition("/")
        return (
            (not self.source or entry.get("source") == self.source)
            and (not rule or (entry.get("source") == source and rule in _rules(entry)))
            and (not self.failed or _has_failed(entry))
        )


def _rules(entry: Entry) -> set[str]:
    """Return the rules that a line names."""
    names = {str(entry.get("rule"))}
    for field in ("deliveries", "shadow", "parked", "unmatched"):
        names |= {str(one["rule"]) for one in entry.get(field, ())}
    return names


def _has_failed(entry: Entry) -> bool:
    if entry.get("message") == "webhook":
        return entry.get("status") != _TAKEN or bool(entry.get("parked"))
    return entry.get("outcome") not in _GOOD


class Activity:
    """New log lines of a stack at each look; memory and calls of a look are bounded.

    `groups` are the names of its log groups by those in the template. Each look raises botocore's
    errors.
    """

    def __init__(
        self,
        logs: Any,
        groups: Mapping[str, str],
        since: float,
        *,
        braze_url: str | None = None,
        wanted: LogFilter = LogFilter(),
    ) -> None:
        self._logs = logs
        self._groups = groups
        self._from = int(since * 1000)
        self._braze = braze_url
        self._wanted = wanted
        self._seen: set[Record] = set()
        self._names: dict[str, str] = {}

    def look(self) -> Iterator[tuple[Entry, Text]]:
        """Yield the lines that have come since the last look: as objects, and in words."""
        fresh = self._fresh()
        entries = [(at, text, read_entry(text)) for at, _, text in fresh]
        for _, _, entry in entries:
            self._names |= references_in(entry)
        shown = [one for one in entries if self._wanted.takes(one[2])]
        self._look_up([entry for _, _, entry in shown])
        became = self._became([entry for _, _, entry in shown])
        for at, text, entry in shown:
            name, result = self._names.get(str(entry.get("id")), ""), became(entry)
            if line := line_of(text, name, result):
                yield entry, Text(_GAP).join([Text(clock(at / 1000), "dim"), line])

    def _fresh(self) -> list[Record]:
        """Return new lines, oldest first; the last seconds are read again, for the late ones."""
        found: set[Record] = set()
        for group in GROUPS:
            pages = self._logs.get_paginator("filter_log_events").paginate(
                logGroupName=self._groups[group], startTime=self._from
            )
            found |= {
                (record["timestamp"], record["logStreamName"], record["message"])
                for page in pages
                for record in page["events"]
            }
        fresh = sorted(found - self._seen)
        if fresh:
            self._from = max(self._from, fresh[-1][0] - int(_OVERLAP * 1000))
        self._seen = {one for one in self._seen | found if one[0] >= self._from}
        return fresh

    def _look_up(self, entries: list[Entry]) -> None:
        """Find the names of deliveries whose webhooks came before all that has been read."""
        ids = [
            str(one["id"]) for one in entries if one.get("message") == "delivery" and "id" in one
        ]
        unknown = [one for one in dict.fromkeys(ids) if one not in self._names][:_ASKED]
        if unknown:
            group, start = self._groups[GROUPS[0]], time.time() - _LOOK_BACK
            for one in unknown:
                for line in Search(start, None, f'"{one}"', _PAGES).lines(self._logs, group):
                    self._names |= references_in(line.entry)
            self._names = {**dict.fromkeys(unknown, ""), **self._names}  # asked once, found or not
        while len(self._names) > _KNOWN:
            del self._names[next(iter(self._names))]

    def _became(self, entries: list[Entry]) -> Callable[[Entry], str]:
        """Return what says of a delivery what the simulated Braze did with it."""
        ids = {str(one["dispatch_id"]) for one in entries if one.get("dispatch_id")}
        sends = sends_of(self._braze, ids) if self._braze and ids else []
        found = [one for one in sends if one.get("dispatch_id") in ids]

        def became(entry: Entry) -> str:
            own = [one for one in found if one["dispatch_id"] == entry.get("dispatch_id")]
            return reached_words(own)

        return became


def references_in(entry: Entry) -> dict[str, str]:
    """Return the references that a webhook's line has, by the id of a delivery or dead letter."""
    made = (*entry.get("deliveries", ()), *entry.get("shadow", ()), *entry.get("parked", ()))
    return {str(one["id"]): str(one.get("reference") or "") for one in made}


def reached_words(sends: Sequence[Mapping[str, Any]]) -> str:
    """Return what became of the deliveries of one request, which Braze does not tell apart."""
    if not sends:
        return ""
    because = next((str(one["because"]) for one in sends if not one["reached"]), "")
    if not because:
        return REACHED if len(sends) == 1 else f"{REACHED}, as all {len(sends)} of its request"
    reached = sum(bool(one["reached"]) for one in sends)
    return f"reached {reached or 'nobody'}{f' of {len(sends)}' if reached else ''}: {because}"


def sends_of(braze_url: str, dispatches: Iterable[str] = ()) -> list[Mapping[str, Any]]:
    """Return the sends of the simulated Braze, those of few requests without all others.

    None where it does not answer.
    """
    ids = [("dispatch_id", one) for one in dispatches]
    chosen = ids if len(ids) <= _FEW else []
    found: list[Mapping[str, Any]] = _shown(f"{braze_url}/_sim/sends", [], chosen)
    return found


def updates_of(braze_url: str, last: int | None = None) -> list[Mapping[str, Any]]:
    """Return the simulated Braze's updates of profiles, events and consent, or the last of them.

    None where it does not answer.
    """
    chosen = [] if last is None else [("last", str(last))]
    found: list[Mapping[str, Any]] = _shown(f"{braze_url}/_sim/updates", [], chosen)
    return found


def commerce_of(braze_url: str) -> Mapping[str, Any]:
    """Return orders and revenue as the simulated Braze counts them; empty where it does not."""
    found: Mapping[str, Any] = _shown(f"{braze_url}/_sim/commerce", {})
    return found


def _shown(url: str, absent: Any, chosen: Sequence[tuple[str, str]] = ()) -> Any:
    """Return what the simulated Braze shows, `absent` where it does not answer."""
    import requests  # noqa: PLC0415 - 0.1 s, for local stacks only

    with suppress(requests.RequestException, ValueError):
        answer = requests.get(url, params=[*chosen], timeout=_SECONDS)
        return answer.json() if answer.ok else absent
    return absent
