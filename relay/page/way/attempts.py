"""Attempts: where a delivery is now, why, and what is next; and each try with Braze's words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from handler.core.braze.refused import remainder_id
from handler.core.delivery.claim_protocol import LedgerState
from handler.core.reasons import FACTS, Reason
from relay.console.format import few
from relay.operations.delivery_history import FoundDelivery, described, refused_places
from relay.page.reading import Kind
from relay.page.remedies import cause, remedy
from relay.page.way.docs_words import table
from relay.stacks.ledger import Record
from relay.stacks.logs import LogLine
from relay.stacks.selection import RELAY

Letter = Literal["", "dead", "held"]
_SHOWN_ELSEWHERE: Final = frozenset({"rule", "found by"})
_DUPLICATE: Final = "duplicate"
_LINES: Final = "The delivery log line"
_SHOWN: Final = 50  # tries of one delivery, the last ones
_SLACK: Final = 2.0  # seconds that a worker may be quicker than the answer to the sender
_KINDS: Final[Mapping[str, Kind]] = {
    "accepted": "good",
    "waiting": "wait",
    "not_sent": "wait",
    "unknown": "wait",
    "rejected": "bad",
    "held": "bad",
    "withheld": "bad",
    "stale": "quiet",
}
_LETTERS: Final[Mapping[str, Letter]] = {"rejected": "dead", "held": "held"}
_WORDS: Final[Mapping[str, str]] = {
    "accepted": "Braze accepted it",
    _DUPLICATE: "a duplicate: nothing is sent",
    "redelivered": "the queue repeated it: nothing is sent",
    "waiting": "waits",
    "not_sent": "not sent yet: it is tried again",
    "unknown": "nobody knows whether it was sent: it is tried again",
    "rejected": "a dead letter",
    "held": "held for a person",
    "withheld": "withheld: nothing will be sent",
    "stale": "stale: Braze has a newer state, so nothing is sent",
}


@dataclass(frozen=True, slots=True)
class Try:
    """A line of the worker's log on a delivery: an attempt, or a message that had to wait.

    `said` is what Braze answered. `earlier` says that it came of a webhook before this one.
    """

    at: float
    kind: Kind
    outcome: str
    reason: str
    status: str
    said: str
    wait: str
    earlier: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a delivery: in `words`, why, and what the user does next.

    `due` is when it is tried again, in epoch seconds. `details` is what the ledger knows. `letter`
    says among which letters it lies.
    """

    delivery_id: str
    rule: str
    kind: Kind
    words: str
    why: str = ""
    advice: str = ""
    due: float | None = None
    letter: Letter = ""
    tries: tuple[Try, ...] = ()
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """The stack's knowledge of a delivery: its id and rule, its ledger item and its log lines.

    `rest` is the item of the delivery of the objects that Braze refused of it, once redriven.
    """

    delivery_id: str
    rule: tuple[str, str]
    record: Record
    lines: Sequence[LogLine]
    rest: Record = field(default_factory=dict)

    def at(self, kind: Kind, words: str) -> Progress:
        """Return its progress in a few words."""
        return Progress(self.delivery_id, self.rule[1], kind, words)


def progress(seen: Seen, came: float, now: float) -> Progress:
    """Return where a delivery is, of a webhook that came then."""
    lines = [one for one in seen.lines if one.entry.get("message") == "delivery"]
    place = _place(seen, lines[-1] if lines else None, came, now)
    rest = FoundDelivery(remainder_id(seen.delivery_id), (), seen.rest) if seen.rest else None
    found = FoundDelivery(seen.delivery_id, (), seen.record, seen.rule, rest)
    known = [one for one in described(found, lines, now) if one[0] not in _SHOWN_ELSEWHERE]
    return replace(
        place,
        tries=tuple(_try(one, came) for one in lines[-_SHOWN:]),
        details=tuple(known) if seen.record else (),
    )


def _place(seen: Seen, last: LogLine | None, came: float, now: float) -> Progress:
    """Return where a delivery is, by the ledger's state and the last line of the log."""
    state = seen.record.get("state")
    if state == LedgerState.SENDING and seen.record.get("lease_until", 0) > now:
        return seen.at("wait", "a worker is sending it now")
    if last is None:
        return _unlogged(seen)
    outcome = "held" if state == LedgerState.HELD else str(last.entry.get("outcome"))
    if outcome == "accepted" and last.at < came - _SLACK:
        outcome = _DUPLICATE
    return _told(seen, outcome, last)


def _unlogged(seen: Seen) -> Progress:
    """Return the place of a delivery that the worker's log does not have."""
    state = seen.record.get("state")
    if state == LedgerState.ACCEPTED:
        return seen.at("good", _WORDS["accepted"])
    if state == LedgerState.DEAD:
        return replace(seen.at("bad", _WORDS["rejected"]), letter="dead")
    return seen.at("wait", f"in state {state}" if state else "in the queue, not taken yet")


def _told(seen: Seen, outcome: str, last: LogLine) -> Progress:
    reason, seconds = str(last.entry.get("reason", "")), last.entry.get("wait")
    reason = "" if outcome == _DUPLICATE else reason
    if outcome == "accepted" and (refused := refused_places(seen.record)):
        return _in_part(seen, refused)
    letter = _LETTERS.get(outcome, "")
    return replace(
        seen.at(_KINDS.get(outcome, "quiet"), _words(outcome, reason)),
        why=_why(outcome, reason, last.entry, cause(reason) if letter else ""),
        advice=remedy(reason) if letter else _end_of_wait(reason),
        due=last.at + seconds if isinstance(seconds, int) else None,
        letter=letter,
    )


def _in_part(seen: Seen, refused: str) -> Progress:
    """Return the place of a delivery of which Braze refused something."""
    named, state = few(refused.split(", ")), seen.rest.get("state")
    if state == LedgerState.ACCEPTED and not refused_places(seen.rest):
        return seen.at("good", f"{_WORDS['accepted']}, and {named} after a redrive")
    if state not in (None, LedgerState.DEAD, LedgerState.ACCEPTED):
        words = f"Braze accepted it but for {named}: that was redriven, and is in state {state}"
        return seen.at("wait", words)
    words = f"Braze accepted it but for {named}: that is a dead letter until it is redriven"
    return replace(seen.at("bad", words), advice=remedy(Reason.REJECTED), letter="dead")


def _words(outcome: str, reason: str) -> str:
    words = _WORDS.get(outcome, outcome)
    named = reason and reason not in {outcome, "unknown"} and outcome != "accepted"
    return f"{words} ({reason.replace('_', ' ')})" if named else words


def _why(outcome: str, reason: str, entry: Mapping[str, Any], of_letter: str) -> str:
    """Return why it is there: the cause, and Braze's own words."""
    if outcome == "accepted":
        return ""
    meanings = table("operations.md", _LINES, "reason in the line")
    outcomes = table("operations.md", _LINES, "outcome")
    (meaning,) = meanings.get(reason) or outcomes.get(outcome) or ("",)
    why = of_letter or f"{meaning[:1].upper()}{meaning[1:]}"
    said = f'Braze said: "{entry["detail"]}"' if entry.get("detail") else ""
    return ". ".join(one for one in (why, said) if one)


def _end_of_wait(reason: str) -> str:
    """Return what ends a wait; empty where there is none."""
    return _ENDS.get(reason) or _by_command(reason)


_ENDS: Final[Mapping[str, str]] = {
    Reason.PAUSED: f"Resume it: on the page Braze, or with {RELAY} resume --local SCOPE.",
    Reason.SURGE: (
        "The rule's surge limit stops it. If all of these are meant to be sent:"
        f" {RELAY} surge release --local SOURCE/RULE; if not, surge drop."
    ),
    Reason.TARGET_PAUSED: "Resume the campaign or Canvas in Braze: then it is sent by itself.",
    Reason.KEY_REFUSED: (
        "Set another key, with all permissions that the rules need: none can be changed in Braze."
    ),
    Reason.CONFIGURATION: "Correct the id in vars of the rules file, or BrazeEndpoint.",
    Reason.WITHHELD: "Add the recipient to only in workspaces.yaml, if it is meant to be reached.",
}


def _by_command(reason: str) -> str:
    known = next((facts for one, facts in FACTS.items() if one == reason), None)
    if known is None or reason in {Reason.ACCEPTED, Reason.RECORDED}:
        return ""
    if "waiting" in known.places:
        return (
            f"{RELAY} {known.command} --local" if known.command else "Nothing: it leaves by itself."
        )
    return ""


def _try(line: LogLine, came: float) -> Try:
    entry = line.entry
    outcome, reason = str(entry.get("outcome")), str(entry.get("reason") or "")
    return Try(
        at=line.at,
        kind=_KINDS.get(outcome, "quiet"),
        outcome=outcome.replace("_", " "),
        reason="" if reason == outcome else reason.replace("_", " "),
        status=str(entry.get("status") or ""),
        said=str(entry.get("detail") or ""),
        wait=f"{entry['wait']} s" if entry.get("wait") else "",
        earlier=line.at < came - _SLACK,
    )


def parked_steps(parked: Sequence[Any]) -> Iterator[Progress]:
    """Yield what became a dead letter before any request was made of it."""
    for one in parked:
        yield Progress(
            delivery_id="",
            rule=one.rule or "the webhook",
            kind="bad",
            words=f"a dead letter ({one.reason.replace('_', ' ')})",
            why=f"{cause(one.reason)}: {one.detail}",
            advice=remedy(one.reason),
            letter="dead",
        )
