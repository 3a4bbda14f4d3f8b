"""The claim, as it is written into the ledger: the right to send until its lease ends."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Final, NamedTuple

from handler.aws.dynamodb import Item, number, text
from handler.core.delivery.claim_protocol import LedgerState, Record

DAY: Final = 86_400
ATTEMPT_DAYS: Final = 30

_CLAIM: Final = (
    "SET #state = :sending, #owner = :owner, lease_until = :lease, expires = :expires, "
    "since = if_not_exists(since, :now)"
)

# An attempt in the ledger: `class` (the outcome's kind), `reason`, `status`, `time` (epoch
# seconds), `dispatch_id`.
Entry = Mapping[str, str | int | None]


class Times(NamedTuple):
    """The times of a claim, in epoch seconds; `sent_at` is when SQS took the message."""

    now: float
    lease_until: float
    sent_at: float


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to send a delivery, until the lease ends.

    `attempt` is counted from 1; `since` is the first claim of this run, in epoch seconds; `lost`
    counts the workers in a row that had the claim before and never marked it. `surge` is 0 once
    the surge limit has counted the delivery, and else when the limit stopped it, in epoch seconds.
    An `unbatched` delivery joins no batch request. A `fenced` one is sent only once an item of its
    request is open, even if it goes alone: see `claim_protocol`. A claim is `new` where it made the
    record.
    """

    id: str
    owner: str
    attempt: int
    since: int
    last: tuple[Entry, ...] = ()
    lost: int = 0
    surge: int | None = None
    unbatched: bool = False
    fenced: bool = False
    new: bool = False

    @property
    def may_be_applied(self) -> bool:
        """Whether Braze may have acted on an earlier attempt: the outcome of one is unknown."""
        return self.lost > 0 or has_unknown(self.last)


def has_unknown(last: Iterable[Entry]) -> bool:
    """Return whether the outcome of one of these attempts is unknown."""
    return any(entry.get("class") == "unknown" for entry in last)


def claiming(owner: str, times: Times, tags: Mapping[str, str]) -> tuple[str, dict[str, Item]]:
    """Return the update that claims a delivery, and its values; each of `tags` is written too."""
    update = "".join([_CLAIM, *(f", #{name} = :{name}" for name in tags)])
    return update, {f":{name}": text(value) for name, value in tags.items()} | {
        ":sending": text(LedgerState.SENDING),
        ":owner": text(owner),
        ":lease": number(ceil(times.lease_until)),
        ":expires": number(ceil(times.now) + ATTEMPT_DAYS * DAY),
        ":now": number(ceil(times.now)),
        ":one": number(1),
    }


def claim_in(delivery_id: str, record: Record, now: int) -> Claim:
    """Return the claim that a record holds."""
    since = now if record.since is None else record.since
    return Claim(
        id=delivery_id,
        owner=record.owner,
        attempt=record.attempts,
        since=since,
        last=record.last,
        lost=record.lost,
        surge=record.surge,
        unbatched=record.unbatched,
        fenced=record.fenced,
    )


def claim_after(delivery_id: str, owner: str, before: Record | None, now: int) -> Claim:
    """Return the claim, not fenced, that has just been written over a record."""
    if before is None or before.expires <= now:  # absent, or as good as absent: a new run
        return Claim(delivery_id, owner, 1, now)
    lost = before.lost + 1 if before.state is LedgerState.SENDING else 0
    seen = claim_in(delivery_id, before, now)
    return replace(seen, owner=owner, attempt=before.attempts + 1, lost=lost, fenced=False)
