"""The end of what was just sent to a local stack: the lines of its log, as they come."""

import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from rich.text import Text

from handler.core.braze.identifiers import log_digest
from handler.core.errors import NotJson
from handler.core.models import Delivery, Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.source import Source
from relay.local.received import ExpectedDelivery as Sent
from relay.local.received import begins_late, content_lines, late_lines, ordered
from relay.local.updates import object_lines, updates_for
from relay.stacks.activity import Activity, LogFilter, sends_of, updates_of
from relay.stacks.selection import Operated, command
from relay.webhooks.signer import SignedRequest

_PATIENCE: Final = 10.0  # seconds; the first delivery waits for a worker to start
_WEBHOOK: Final = "webhook"
_PAUSE: Final = 0.1
DUPLICATE: Final = "it was sent before, so nothing was sent now: --new gives the sample a new id"


@dataclass(frozen=True, slots=True)
class Expected:
    """The plan of a webhook by the rules here: digests of its events, and its deliveries."""

    events: frozenset[str] = frozenset()
    deliveries: tuple[Delivery, ...] = ()

    @property
    def ids(self) -> frozenset[str]:
        """The ids of its deliveries."""
        return frozenset(one.id for one in self.deliveries)


def expected(request: SignedRequest, source: Source, now: int) -> Expected:
    """Return what is to come of a webhook; the stack may serve other rules."""
    webhook = Webhook(source.name, "POST", request.headers, request.query, request.body, now)
    try:
        planned = plan(Verified(webhook), source)
    except NotJson:  # the relay has said so
        return Expected()
    return Expected(
        frozenset(log_digest(one.id) for one in planned.logged),
        planned.deliveries,
    )


def became(stack: Operated, sent: Expected, since: float) -> Iterator[Text]:
    """Yield the webhook's line and those of its deliveries, until each has one.

    What its rule delays is not waited for. Then what the simulated Braze received, and what to do.
    Of lines that do not come in time `relay tail` says more.
    """
    wanted = LogFilter(ids=sent.events | sent.ids)
    logs, braze = stack.client("logs"), stack.braze_url
    activity = Activity(logs, stack.resources, since, braze_url=braze, wanted=wanted)
    soon = {one.id for one in sent.deliveries if not begins_late(one)}
    late = [*late_lines(sent.deliveries)]
    left, outcomes = {_WEBHOOK, *soon}, set[str]()
    dispatched = set[str]()
    until = time.monotonic() + _PATIENCE
    with suppress(ClientError, BotoCoreError):  # the stack has just ended
        while left and time.monotonic() < until:
            for entry, text in activity.look():
                left.discard(str(entry.get("id", entry.get("message"))))
                outcomes.add(str(entry.get("outcome")))
                dispatched.add(str(entry.get("dispatch_id")))
                yield text
            time.sleep(_PAUSE if left else 0)
    yield from _received(stack, sent, dispatched, since)
    yield from map(Text, late)
    if left or late:
        yield Text(f"{command(stack, 'tail')} shows what becomes of it")
    if "duplicate" in outcomes:
        yield Text(DUPLICATE)


def _received(
    stack: Operated, sent: Expected, dispatched: Collection[str], since: float
) -> Iterator[Text]:
    """Yield what the simulated Braze received of these deliveries, without others of a request."""
    if not stack.braze_url:
        return
    sends, updates = sends_of(stack.braze_url), updates_of(stack.braze_url)
    own = [one for one in sends if one["dispatch_id"] in dispatched]
    for known, send in ordered(own, [Sent("Braze received", one) for one in sent.deliveries]):
        if known:
            yield Text("\n".join([known.title, *content_lines(send)]))
    recorded = [one for one in updates if one["time"] >= since]
    for delivery in sent.deliveries:
        if objects := updates_for(delivery, recorded):
            title = Sent("Braze recorded", delivery).title
            yield Text("\n".join([title, *object_lines(objects)]))
