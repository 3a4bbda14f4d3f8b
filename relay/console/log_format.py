"""Log lines of both functions as sentences, as `relay tail`, `relay trace` and others show them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from rich.text import Text

from relay.console.format import few

Entry = Mapping[str, Any]
OUTCOME_STYLES: Final[Mapping[str, str]] = {
    "accepted": "green",
    "duplicate": "dim",
    "redelivered": "dim",
    "waiting": "yellow",
    "not_sent": "yellow",
    "unknown": "magenta",
    "held": "magenta",
    "withheld": "magenta",
    "stale": "dim",
    "rejected": "bold red",
}
_MEANS: Final[Mapping[str, str]] = {  # of outcomes that leave one asking why
    "withheld": "its workspace may not reach the recipient",
    "stale": "Braze has a newer state",
}
Styled = tuple[str, str]  # words, and the style of rich's that they are in
_FAILURES: Final = ("[ERROR]", "Traceback", "Task timed")
_TAKEN: Final = 200
_GAP: Final = "  "
REACHED: Final = "reached its user"


def read_entry(message: str) -> Entry:
    """Return a line of the log as an object; an empty one for a line of the Lambda runtime."""
    try:
        entry = json.loads(message)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}


def sentence(message: str) -> str | None:
    """Return a log line in words: a webhook, a delivery, or a failure of a function itself."""
    text = line_of(message)
    return text.plain if text else None


def line_of(message: str, reference: str = "", became: str = "") -> Text | None:
    """Return a log line in words and colours; None for what nobody watches.

    Of a delivery, `reference` is what people call its order by, and `became` what Braze did with
    it, where these are known.
    """
    entry = read_entry(message)
    if not entry:
        failed = message.startswith(_FAILURES)
        return Text(message.strip(), "red") if failed else None
    if entry.get("message") == "webhook":
        return _joined("webhook ", _webhook(entry))
    if entry.get("message") == "delivery":
        return _joined("delivery", _delivery(entry, reference, became))
    return None


def _joined(kind: str, words: Iterator[Styled]) -> Text:
    return Text(_GAP).join([Text(kind, "dim"), *(Text(*one) for one in words if one[0])])


def _webhook(entry: Entry) -> Iterator[Styled]:
    """Yield what a webhook's line says, each with its style."""
    status = int(entry.get("status", 0))
    yield str(entry.get("source")), ""
    yield events_named(entry), "bold"
    yield str(status), "green" if status == _TAKEN else "bold red"
    if "reason" in entry:
        yield str(entry["reason"]), "red"
        return
    parked = [f"parked: {parked_words(one)}" for one in entry.get("parked", ())]
    said = [f"-> {made['rule']}" for made in entry.get("deliveries", ())]
    said += [f"shadow: {made['rule']}: not sent" for made in entry.get("shadow", ())]
    said += parked
    unwanted = [f"{one['rule']}: {one['why']}" for one in entry.get("unmatched", ())]
    said += [f"unmatched: {'; '.join(unwanted)}"] if unwanted else []
    said += [f"and {entry['more_unmatched']} more rules"] if "more_unmatched" in entry else []
    yield "; ".join([*said, *map(str, entry.get("warnings", ()))]), "red" if parked else ""


def parked_words(parked: Entry) -> str:
    """Return why an event is parked: the rule, the reason and the detail."""
    return f"{parked['rule'] or 'the webhook'}: {parked['reason']}: {parked['detail']}"


def events_named(entry: Entry) -> str:
    """Return the types and references of a webhook's events: `orders/create #1042`."""
    seen = entry.get("seen", ())
    named = [" ".join(one[key] for key in ("type", "reference") if key in one) for one in seen]
    return few(one for one in named if one)


def _delivery(entry: Entry, reference: str, became: str) -> Iterator[Styled]:
    """Yield what a delivery's line says, each with its style."""
    outcome, reason = entry.get("outcome"), entry.get("reason")
    yield f"{entry.get('source')}/{entry.get('rule')}", ""
    yield reference, "bold"
    yield str(outcome), OUTCOME_STYLES.get(str(outcome), "")
    if outcome == "unknown" == reason:  # an unknown outcome that is retried has its cause as reason
        yield "held", OUTCOME_STYLES["held"]
    elif reason not in {None, outcome}:
        yield f"({reason})", ""
    for name in ("status", "attempt"):
        yield f"{name} {entry[name]}" if entry.get(name) else "", ""
    yield f'"{entry["detail"]}"' if entry.get("detail") else "", "red"
    yield f"wait {entry['wait']} s" if entry.get("wait") else "", ""
    yield _MEANS.get(str(outcome), ""), ""
    yield became, "green" if became.startswith(REACHED) else "yellow"
