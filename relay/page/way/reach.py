"""Braze: whom a delivery reached in the simulated one, and what it changed; or why nobody."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from handler.core.braze.identifiers import IDENTIFIERS
from handler.core.models import Delivery
from relay.local.received import ExpectedDelivery
from relay.page.reading import Kind
from relay.page.way.attempts import Progress
from relay.page.way.docs_words import checklist
from relay.page.way.request_json import JsonLine, plain_lines
from relay.stacks.ledger import Record

Mark = Literal["new", "changed", "removed", "same"]
_SAME_SEND: Final = 4  # `ExpectedDelivery.likeness` of a send that is this delivery's in every part
# By the beginning of the simulated Braze's reason: a word of the item in the checklist of
# docs/braze.md, or what to do where no setting of the dashboard is the cause.
_ITEMS: Final[Mapping[str, str]] = {
    "the campaign is": "API-triggered",
    "the Canvas is": "API-triggered",
    "the user is not eligible again yet": "Re-eligibility",
    "the user is not in the dashboard's audience": "Its audience",
    "no profile is in the audience": "Its audience",
    "the user is unsubscribed": "Who is reached by consent",
    "the user is subscribed": "Who is reached by consent",
    "the user is opted_in": "Who is reached by consent",
}
_REMEDIES: Final[Mapping[str, str]] = {
    "unknown user": (
        "Write send_to_existing_only: false and attributes in the rule: then Braze creates the"
        " profile before it sends."
    ),
    "unknown alias": "An alias must exist before: Braze creates no profile for one.",
    "prioritization leaves": (
        "Name the user by external_user_id: an address finds a profile only where prioritization"
        " leaves exactly one, and creates none."
    ),
    "this user is in the request once more": "The last of them counts: name each user once.",
    "the user is not in the request's audience": "Compare audience in the rule with the profile.",
    "the profile has no": "Let the rule write this attribute, or the profile cannot be written to.",
    "a user enters a Canvas once": "Let the rule send one entry for each user at a time.",
    "the errors of the answer": "Braze refuses this recipient: it is a dead letter.",
}


@dataclass(frozen=True, slots=True)
class AttributeChange:
    """An attribute of a profile before and after a send, as JSON; empty where it is not there."""

    name: str
    mark: Mark
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class BrazeEffect:
    """The result of a delivery in Braze.

    `words` say whom it reached, or why nobody, and `remedy` what to do then. `is_new` says that the
    profile was made by it. `message` is empty where nobody got any; `content` says what it is.
    """

    rule: str
    kind: Kind
    user: str
    words: str
    remedy: str = ""
    is_new: bool = False
    changes: tuple[AttributeChange, ...] = ()
    same: tuple[AttributeChange, ...] = ()
    message: tuple[JsonLine, ...] = ()
    content: str = "Message"


def sends_for(
    delivery: Delivery, record: Record, tried: Progress, sends: Sequence[Record]
) -> list[Record]:
    """Return the sends of a delivery: those of its dispatches, and one whose answer was lost."""
    dispatches = dispatches_of(record)
    found = [one for one in sends if one.get("dispatch_id") in dispatches and is_to(one, delivery)]
    if found or not any(is_lost(one.outcome) for one in tried.tries):
        return found
    wanted = ExpectedDelivery("", delivery)
    return [one for one in sends if is_to(one, delivery) and wanted.likeness(one) >= _SAME_SEND]


def dispatches_of(record: Record) -> set[str]:
    """Return Braze's names of the requests that the ledger knows of a delivery."""
    return {str(one["dispatch_id"]) for one in record.get("last", ()) if one.get("dispatch_id")}


def is_lost(outcome: str) -> bool:
    """Return whether a request may have been sent without an answer that names it."""
    return outcome in ("unknown", "held")


def is_to(send: Record, delivery: Delivery) -> bool:
    """Return whether a send is to the recipient of a delivery."""
    recipient = delivery.recipient or {}
    return dict(send.get("recipient") or {}) == {
        name: recipient[name] for name in IDENTIFIERS if name in recipient
    }


def reached(tried: Progress, sends: Sequence[Record]) -> Iterator[BrazeEffect]:
    """Yield what came of a delivery in Braze: a row for each send, or for there being none."""
    if sends:
        missed = _missed(tried, sends)
        told = [(_sent(tried.rule, one, missed), str(one.get("because"))) for one in sends]
        yield from (one for at, (one, why) in enumerate(told) if why not in _whys(told[at + 1 :]))
    elif tried.kind == "good":
        words = "Accepted, and the simulated Braze has forgotten it: it was reset since."
        yield BrazeEffect(tried.rule, "quiet", "", words)
    elif tried.kind == "wait":
        yield BrazeEffect(tried.rule, "wait", "", "Nothing has arrived yet.")
    else:
        yield BrazeEffect(tried.rule, "quiet", "", "Nothing was sent.")


def _whys(told: Sequence[tuple[BrazeEffect, str]]) -> set[str]:
    """Return the reasons of later sends: of tries that failed alike the last one is shown."""
    return {why for one, why in told if one.kind != "good"}


def _missed(tried: Progress, sends: Sequence[Record]) -> Kind:
    """Return what a send that reached nobody is: no failure where another one came, or is to."""
    if tried.kind == "wait":
        return "wait"
    return "quiet" if any(one["reached"] for one in sends) else "bad"


def _sent(rule: str, send: Record, missed: Kind) -> BrazeEffect:
    changes = list(compared(send.get("profile_before"), send.get("profile_after")))
    is_new = send.get("profile_before") is None and send.get("profile_after") is not None
    because = str(send.get("because") or "")
    lost = f"{'accepted, and ' if missed == 'bad' else ''}reached nobody: {because}"
    return BrazeEffect(
        rule=rule,
        kind="good" if send["reached"] else missed,
        user=_user(send),
        words="reached its user" if send["reached"] else lost,
        remedy=remedy(because),
        is_new=is_new,
        changes=tuple(one for one in changes if one.mark != "same"),
        same=tuple(one for one in changes if one.mark == "same"),
        message=plain_lines(send["message"]) if send.get("message") else (),
    )


def _user(send: Record) -> str:
    if "users" in send:
        return ", ".join(map(str, send["users"]))
    if send.get("external_id"):
        return str(send["external_id"])
    return ", ".join(f"{name} {one}" for name, one in (send.get("recipient") or {}).items())


def remedy(because: str) -> str:
    """Return what to do about a send that reached nobody; empty for one that reached somebody."""
    if not because:
        return ""
    items = checklist("braze.md", "In the dashboard")
    for beginning, word in _ITEMS.items():
        if because.startswith(beginning):
            return next((f"Set in the dashboard: {one}" for one in items if word in one), "")
    return next((one for name, one in _REMEDIES.items() if because.startswith(name)), "")


def compared(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> Iterator[AttributeChange]:
    """Yield the attributes of a profile, each with its mark, those of now first."""
    old, new = dict(before or {}), dict(after or {})
    for name in [*new, *(one for one in old if one not in new)]:
        was, now = _shown(old, name), _shown(new, name)
        yield AttributeChange(name, _mark(was, now), was, now)


def _shown(profile: Mapping[str, Any], name: str) -> str:
    lines = plain_lines(profile[name]) if name in profile else ()
    return " ".join(f"{one.key}{one.value}" for one in lines)


def _mark(was: str, now: str) -> Mark:
    if was == now:
        return "same"
    if not was:
        return "new"
    return "changed" if now else "removed"
