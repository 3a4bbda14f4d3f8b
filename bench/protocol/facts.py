"""Facts about each delivery and each request, noted whatever the workers believe."""

from dataclasses import dataclass, field
from typing import Protocol

from handler.core.delivery.claim_protocol import LedgerState
from handler.core.models import OnUnknown


@dataclass(slots=True, eq=False)
class Delivery:
    """A delivery, and what became of it.

    `unknown` and `unrecorded` count requests, `deaths` the workers that died with it in hand,
    `alone` the claims that were not made beside others, `posted` the requests that it was in.
    `known_since` is since when somebody knows that Braze has accepted it, in virtual seconds.
    """

    id: int
    user: int
    on_unknown: OnUnknown
    bad: bool = False
    poison: bool = False
    applied: int = 0
    unknown: int = 0
    unrecorded: int = 0
    deaths: int = 0
    alone: int = 0
    posted: int = 0
    notices: int = 0
    known_since: float | None = None
    letters: list[str] = field(default_factory=list)

    @property
    def policy(self) -> OnUnknown:
        """What its workers take for its `on_unknown`."""
        return self.on_unknown


class Acknowledged(Protocol):
    """A message: whether a worker has told the queue that it is done with it."""

    acknowledged: bool


@dataclass(slots=True, eq=False)
class Post:
    """A delivery's part of a request, by the claims' owner, of an invocation that began `begun`.

    `known` is what its worker has read that it came to, when `failed` calls of AWS had failed:
    ACCEPTED, or HELD by a notice.
    """

    delivery: Delivery
    message: Acknowledged
    owner: str
    begun: float
    flying: bool = True
    known: LedgerState | None = None
    failed: int = 0
