"""Breakers and rate limits of the workspaces, shared by all workers through the ledger's table.

A breaker has a scope: a workspace, whose breaker opens on failures of Braze, or one permission of
its API key (`WORKSPACE#PERMISSION`), whose breaker opens where Braze refuses the key. A rate limit
has one too: the workspace for the limit of its sends, `WORKSPACE#CLASS` for each other rate class.
Each worker reads them again when its copy is older than `Timing.known`. Where the table is away,
the last copy is used.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from handler.aws.dynamodb import Item, ItemUpdate, Table, number, number_in, text
from handler.core.braze.endpoints import endpoint_of
from handler.core.braze.rate_limit import Limit
from handler.core.delivery.backoff import Timing
from handler.core.delivery.breaker import WINDOW, Breaker, OpenReason, open_seconds, trips
from handler.core.errors import Unavailable
from handler.core.models import Delivery
from handler.ledger.lease import DAY

KEPT: Final = 30 * DAY  # seconds; no breaker, rate limit or counter is of use for longer
SHOWN_EVERY: Final = 60  # seconds between two writes of the rate limit's remainder


def scopes_of(delivery: Delivery) -> tuple[str, ...]:
    """Return the scopes whose breakers stop a delivery: its workspace and its permission."""
    at = endpoint_of(delivery.path)
    return (delivery.workspace, *((f"{delivery.workspace}#{at.permission}",) if at else ()))


def rate_scope(delivery: Delivery) -> str:
    """Return the scope of the rate limit that a delivery's request counts in."""
    at = endpoint_of(delivery.path)
    # That of the sends has the key of former releases, whose workers share it during an update.
    if at is None or at.rate == "sends":
        return delivery.workspace
    return f"{delivery.workspace}#{at.rate}"


def breaker_from(item: Mapping[str, Item]) -> Breaker:
    """Return the breaker in an item of the table; `{}` is a closed breaker."""
    return Breaker(
        open_until=number_in(item, "open_until"),
        opened_at=number_in(item, "opened_at") or 0,
        opens=number_in(item, "opens") or 0,
        reason=item.get("reason", {}).get("S", ""),
        probe=item.get("probe", {}).get("S", ""),
        probe_until=number_in(item, "probe_until") or 0,
    )


def limit_from(item: Mapping[str, Item]) -> Limit | None:
    """Return the rate limit in an item of the table; None where nobody has written one."""
    remaining, limit, reset = (number_in(item, one) for one in ("remaining", "limit", "reset"))
    if remaining is None or limit is None or reset is None:
        return None
    return Limit(remaining, limit, reset)


def opening(opens: int, reason: OpenReason, now: int, seconds: int) -> ItemUpdate:
    """Return the change that opens a breaker, unless another worker just has.

    It opens for `seconds`, and for the `opens`th time in a row.
    """
    return ItemUpdate(
        "SET open_until = :until, opened_at = if_not_exists(opened_at, :now), "
        "opens = :opens, #reason = :reason, expires = :expires REMOVE probe, probe_until",
        "attribute_not_exists(open_until) OR open_until <= :now",
        {
            ":until": number(now + seconds),
            ":now": number(now),
            ":opens": number(opens),
            ":reason": text(reason),
            ":expires": number(now + KEPT),
        },
    )


def probing(worker: str, now: int, until: int) -> ItemUpdate:
    """Return the change that takes the one probe of a breaker that was open long enough."""
    return ItemUpdate(
        "SET probe = :owner, probe_until = :until",
        "open_until <= :now AND "
        "(attribute_not_exists(probe_until) OR probe_until <= :now OR probe = :owner)",
        {":owner": text(worker), ":until": number(until), ":now": number(now)},
    )


def closing(now: int) -> ItemUpdate:
    """Return the change that closes a breaker, unless it was opened again meanwhile."""
    fields = "open_until, opened_at, opens, #reason, probe, probe_until"
    return ItemUpdate(
        f"REMOVE {fields}, #window, #total, #failed",
        "open_until <= :now",
        {":now": number(now)},
    )


def failing(requests: int, now: int) -> tuple[ItemUpdate, ItemUpdate]:
    """Return the changes that add a failure among requests to the window, or to a new window."""
    values = {
        ":window": number(now // WINDOW),
        ":requests": number(requests),
        ":one": number(1),
        ":expires": number(now + KEPT),
    }
    more = ItemUpdate(
        "SET expires = :expires ADD #total :requests, #failed :one",
        "#window = :window",
        values,
    )
    first = ItemUpdate(
        "SET #window = :window, #total = :requests, #failed = :one, expires = :expires",
        "attribute_not_exists(#window) OR #window < :window",
        values,
    )
    return more, first


@dataclass(slots=True)
class _Known:
    """One worker's copy of a scope, and its own counts since it last wrote them."""

    read_at: float = float("-inf")
    breaker: Breaker = field(default_factory=Breaker)
    window: int = 0
    total: int = 0
    in_a_row: int = 0


@dataclass(slots=True)
class _Rate:
    """One worker's copy of a rate limit, and what Braze has told it of that."""

    read_at: float = float("-inf")
    limited_until: int = 0
    limit: Limit | None = None
    shared_limit: Limit | None = None
    shown_at: int = 0


@dataclass(slots=True)
class BreakerState:
    """The shared breakers and rate limits, as one worker knows them.

    `clock` returns seconds since the epoch, `random` a number in [0, 1); `me` is this worker's
    own token.
    """

    table: Table
    timing: Timing
    clock: Callable[[], float]
    random: Callable[[], float]
    me: str = field(default_factory=lambda: uuid4().hex)
    _scopes: dict[str, _Known] = field(default_factory=dict)
    _rates: dict[str, _Rate] = field(default_factory=dict)

    def open_scope(self, delivery: Delivery) -> str | None:
        """Return the scope whose open breaker stops a delivery; None where none is open."""
        scopes = scopes_of(delivery)
        return next((one for one in scopes if self.breaker(one).open_until is not None), None)

    def stopping(self, delivery: Delivery) -> Breaker | None:
        """Return the breaker that stops a delivery now; None where none does."""
        now = self.clock()
        found = (self.breaker(scope) for scope in scopes_of(delivery))
        return next((one for one in found if now < one.closed_to(self.me)), None)

    def breaker(self, scope: str) -> Breaker:
        """Return the breaker of a scope."""
        return self._current(scope).breaker

    def limited_until(self, scope: str) -> int:
        """Return when a rate limit of Braze ends, in epoch seconds; 0 where there is none."""
        return self._current_rate(scope).limited_until

    def stops(self, delivery: Delivery) -> bool:
        """Return whether a delivery that is claimed already must not be sent now."""
        now = self.clock()
        if now < self.limited_until(rate_scope(delivery)):
            return True
        return any(now < (self.breaker(one).open_until or 0) for one in scopes_of(delivery))

    def limit(self, scope: str) -> Limit | None:
        """Return the rate limit in Braze's last answer; None where it is not known.

        After a 429, of whichever worker, nothing is left until its end.
        """
        rate = self._current_rate(scope)
        if self.clock() < rate.limited_until:
            return Limit(remaining=0, limit=1, reset=rate.limited_until)
        return rate.limit

    def reserved_until(self, scope: str) -> int:
        """Return until when the rest of the limit is kept from low priority; 0 where it is not.

        A worker without an answer of its own goes by the last that another has written down.
        """
        rate, now = self._current_rate(scope), self.clock()
        limits = (rate.limit, rate.shared_limit)
        return max(one.reserved_until(now) if one else 0 for one in limits)

    def probe(self, scope: str, until: float) -> bool:
        """Take the one probe of a breaker that was open long enough; return False if taken."""
        known, now = self._of(scope), int(self.clock())
        change = probing(self.me, now, int(until))
        taken, item = self.table.update(f"breaker#{scope}", change, "ALL_NEW")
        known.breaker = breaker_from(item)
        return taken

    def succeeded(self, delivery: Delivery) -> None:
        """Count an answer that shows that Braze and the key work: it closes the breakers."""
        for scope in scopes_of(delivery):
            self._well(scope)

    def failed(self, delivery: Delivery) -> Breaker | None:
        """Count a failure, in one sum with all workers; return the breaker if it opens now."""
        scope, *permissions = scopes_of(delivery)
        for one in permissions:  # a probe that fails does not show that the key is good again
            if self._of(one).breaker.open_until is not None:
                self.open(one, "key_refused")
        known = self._counted(scope)
        known.in_a_row += 1
        total, failed = self._add(scope, known.total)
        known.total = 0
        is_probing = known.breaker.open_until is not None
        if is_probing or trips(total, failed, known.in_a_row):
            return self.open(scope, "failures")
        return None

    def refused(self, delivery: Delivery) -> Breaker | None:
        """Open the breaker of a permission whose key Braze refuses: Braze itself works."""
        workspace, *permission = scopes_of(delivery)
        opened = self.open(permission[0] if permission else workspace, "key_refused")
        self._well(workspace)
        return opened

    def open(self, scope: str, reason: OpenReason) -> Breaker | None:
        """Open a breaker, for longer if it was open before; None where another worker just has."""
        known, now = self._of(scope), int(self.clock())
        opens = known.breaker.opens + 1
        seconds = open_seconds(self.timing, reason, opens, self.random())
        change = opening(opens, reason, now, seconds)
        opened, item = self.table.update(f"breaker#{scope}", change, "ALL_NEW")
        known.breaker = breaker_from(item)
        known.in_a_row = 0
        return known.breaker if opened else None

    def record_limit(self, scope: str, limit: Limit | None) -> None:
        """Keep the rate limit in an answer; once a minute, write it for operators."""
        rate, now = self._rate(scope), int(self.clock())
        if limit is None:
            return
        rate.limit = limit
        if 0 <= now - rate.shown_at < SHOWN_EVERY:
            return
        rate.shown_at = now
        change = ItemUpdate(
            "SET #remaining = :remaining, #limit = :limit, #reset = :reset, #at = :at, "
            "expires = :expires",
            "attribute_not_exists(#at) OR #at <= :at",
            {
                ":remaining": number(limit.remaining),
                ":limit": number(limit.limit),
                ":reset": number(limit.reset),
                ":at": number(now),
                ":expires": number(now + KEPT),
            },
        )
        with suppress(Unavailable):
            self.table.update(f"rate#{scope}", change)

    def limited(self, scope: str, until: int) -> None:
        """Record for all workers until when Braze takes no request."""
        rate, now = self._rate(scope), int(self.clock())
        rate.limited_until = max(rate.limited_until, until)
        change = ItemUpdate(
            "SET #until = :until, expires = :expires",
            "attribute_not_exists(#until) OR #until < :until",
            {":until": number(until), ":expires": number(now + KEPT)},
        )
        self.table.update(f"rate#{scope}", change)

    def _well(self, scope: str) -> None:
        known = self._counted(scope)
        known.in_a_row = 0
        if known.breaker.open_until is None:
            return
        known.total = 0
        _, item = self.table.update(f"breaker#{scope}", closing(int(self.clock())), "ALL_NEW")
        known.breaker = breaker_from(item)

    def _counted(self, scope: str) -> _Known:
        """Count a request in the window in which it ends."""
        known, window = self._of(scope), int(self.clock()) // WINDOW
        known.total = known.total + 1 if known.window == window else 1
        known.window = window
        return known

    def _add(self, scope: str, requests: int) -> tuple[int, int]:
        """Add a failure among requests to the window; return its requests and failures."""
        more, first = failing(requests, int(self.clock()))
        for change in (more, first, more):  # another worker may have begun the window
            added, item = self.table.update(f"breaker#{scope}", change, "ALL_NEW")
            if added:
                return number_in(item, "total") or 0, number_in(item, "failed") or 0
        return requests, 1

    def _current(self, scope: str) -> _Known:
        known, now = self._of(scope), self.clock()
        if not 0 <= now - known.read_at < self.timing.known:
            known.read_at = now
            item = self._read(f"breaker#{scope}")
            known.breaker = known.breaker if item is None else breaker_from(item)
        return known

    def _current_rate(self, scope: str) -> _Rate:
        rate, now = self._rate(scope), self.clock()
        if not 0 <= now - rate.read_at < self.timing.known:
            rate.read_at = now
            item = self._read(f"rate#{scope}")
            if item is not None:
                rate.limited_until = number_in(item, "until") or 0
                rate.shared_limit = limit_from(item)
        return rate

    def _of(self, scope: str) -> _Known:
        return self._scopes.setdefault(scope, _Known())

    def _rate(self, scope: str) -> _Rate:
        return self._rates.setdefault(scope, _Rate())

    def _read(self, key: str) -> Mapping[str, Item] | None:
        try:
            return self.table.get(key)
        except Unavailable:
            return None
