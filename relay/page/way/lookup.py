"""Look-up of what the stack and its Braze know of a webhook's deliveries. All calls block."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from handler.aws.secrets import SecretCache
from handler.core.braze.refused import remainder_id
from handler.core.braze.request import objects_of
from handler.core.delivery.claim_protocol import LedgerState
from handler.core.errors import Unavailable
from handler.core.models import Delivery
from handler.core.secret_values import Secret
from relay.local.stack import Local
from relay.local.updates import updates_for
from relay.operations.delivery_history import refused_places
from relay.page.context import PageContext
from relay.page.reading import Reading
from relay.page.way.reach import dispatches_of, is_lost
from relay.page.way.recorded import writes_records
from relay.stacks.activity import commerce_of, sends_of, updates_of
from relay.stacks.ledger import Ledger, Record
from relay.stacks.logs import LogLine, Search

MOST: Final = 20  # deliveries of a webhook that are looked up: each takes a search of the log
_LAST: Final = 500  # updates of Braze that are looked through first
_SLACK: Final = 5  # seconds: a time of the ledger is that of an attempt, without its fraction
_LATE: Final = 10  # seconds from an attempt to its line
_AWAY: Final = (ClientError, BotoCoreError, Unavailable)


@dataclass(frozen=True, slots=True)
class KnownDeliveries:
    """The deliveries of a webhook as they are known, with the ids that the ledger has them under.

    `records` and `lines` are by delivery id; `unread` are the reasons why something is missing.
    `updates` and `commerce` are what Braze wrote to profiles, and what it counts.
    """

    secret: Secret = field(repr=False)
    deliveries: Sequence[Delivery] = ()
    records: Mapping[str, Record] = field(default_factory=dict)
    lines: Mapping[str, Sequence[LogLine]] = field(default_factory=dict)
    sends: Sequence[Record] = ()
    unread: tuple[str, ...] = ()
    updates: Sequence[Record] = ()
    commerce: Record = field(default_factory=dict)


def look_up(context: PageContext, reading: Reading) -> KnownDeliveries:
    """Return what the stack knows of a webhook; what cannot be read is missing, and said."""
    unread: list[str] = []
    secret = Secret("", "", {})
    deliveries: Sequence[Delivery] = ()
    records: Mapping[str, Record] = {}
    lines: dict[str, Sequence[LogLine]] = {}
    planned = reading.plan.deliveries[:MOST] if reading.plan else ()
    try:
        secret = _signing_secrets(context.local)
        deliveries, records = _recorded(context.local, planned)
        lines = dict(_logged(context.local, deliveries, records, reading.arrival.at))
    except _AWAY as error:
        unread.append(str(error))
    known = KnownDeliveries(secret, deliveries, records, lines, unread=tuple(unread))
    return _with_braze(known, context.local.braze_url) if context.is_simulated else known


def _with_braze(known: KnownDeliveries, braze_url: str) -> KnownDeliveries:
    """Return what is known with what the simulated Braze shows of such deliveries."""
    writing = [one for one in known.deliveries if writes_records(one)]
    return replace(
        known,
        sends=_sends(known, braze_url),
        updates=_updates(known, writing, braze_url) if writing else (),
        commerce=commerce_of(braze_url) if writing else {},
    )


def _sends(known: KnownDeliveries, braze_url: str) -> Sequence[Record]:
    """Return the sends of the deliveries' requests; all sends where an answer was lost."""
    if any(is_lost(str(one.entry.get("outcome"))) for each in known.lines.values() for one in each):
        return sends_of(braze_url)
    dispatches = {one for each in known.records.values() for one in dispatches_of(each)}
    return sends_of(braze_url, dispatches) if dispatches else ()


def _updates(
    known: KnownDeliveries, writing: Sequence[Delivery], braze_url: str
) -> Sequence[Record]:
    """Return the last updates; all of them where one of an accepted delivery is older."""
    found = updates_of(braze_url, _LAST)
    accepted = [
        one for one in writing if known.records.get(one.id, {}).get("state") == LedgerState.ACCEPTED
    ]
    is_whole = len(found) < _LAST or all(
        len(updates_for(one, found)) == len([*objects_of(one)]) for one in accepted
    )
    return found if is_whole else updates_of(braze_url)


def _signing_secrets(local: Local) -> Secret:
    """Return the signing secrets as the stack has them now; raise Unavailable."""
    manager, name = local.stack.client("secretsmanager"), local.stack.outputs["SigningSecretsArn"]
    return SecretCache(manager, name, time.time).current()


def _recorded(
    local: Local, planned: Sequence[Delivery]
) -> tuple[Sequence[Delivery], Mapping[str, Record]]:
    """Return deliveries under the ids of their occurrences, and their items of the ledger.

    Among these are the items of deliveries of refused objects that were redriven.
    """
    table = Ledger(local.stack.client("dynamodb"), local.stack.outputs["LedgerTable"])
    deliveries = [table.under(one) for one in planned]
    found = table.deliveries(one.id for one in deliveries)
    if parts := [remainder_id(name) for name, one in found.items() if refused_places(one.item)]:
        found |= table.deliveries(parts)
    return deliveries, {name: one.item for name, one in found.items()}


def _logged(
    local: Local, deliveries: Sequence[Delivery], records: Mapping[str, Record], came: float
) -> Iterator[tuple[str, Sequence[LogLine]]]:
    """Yield the lines of the worker's log on each delivery."""
    logs, group = local.stack.client("logs"), local.stack.resources["DeliverLogGroup"]
    for one in deliveries:
        found = (
            each.lines(logs, group) for each in searches(one.id, records.get(one.id, {}), came)
        )
        yield one.id, next(filter(None, found), ())


def searches(delivery_id: str, record: Record, came: float) -> Iterator[Search]:
    """Yield searches for a delivery's lines, of which the first that finds any counts.

    A repeat shows what the first webhook came to. The emulator reads every line of a span: that of
    a delivery which has ended is short, unless its lines came late.
    """
    times = [came, *(float(one["time"]) for one in record.get("last", ()))]
    pattern = f'"{delivery_id}"'
    if record.get("state") == LedgerState.ACCEPTED:
        yield Search(min(times) - _SLACK, max(times) + _LATE, pattern)
    yield Search(min(times) - _LATE, None, pattern)
