"""The end of what was just sent to a local stack: the lines of its log, as they come."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from rich.text import Text

from handler.core.braze.identifiers import log_digest
from handler.core.errors import NotJson
from handler.core.models import Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.source import Source
from relay.stacks.activity import Activity, Wanted
from relay.stacks.selection import Operated, command
from relay.webhooks.signer import SignedRequest

_PATIENCE: Final = 10.0  # seconds; the first delivery waits for a worker to start
_WEBHOOK: Final = "webhook"
_PAUSE: Final = 0.1
DUPLICATE: Final = "it was sent before, so nothing was sent now: --new gives the sample a new id"


@dataclass(frozen=True, slots=True)
class Expected:
    """What the rules here make of a webhook: digests of its events, and ids of its deliveries."""

    events: frozenset[str] = frozenset()
    deliveries: frozenset[str] = frozenset()


def expected(request: SignedRequest, source: Source, now: int) -> Expected:
    """Return what is to come of a webhook; the stack may serve other rules."""
    webhook = Webhook(source.name, "POST", request.headers, request.query, request.body, now)
    try:
        planned = plan(Verified(webhook), source)
    except NotJson:  # the relay has said so
        return Expected()
    return Expected(
        frozenset(log_digest(one.id) for one in planned.logged),
        frozenset(one.id for one in planned.deliveries),
    )


def became(stack: Operated, sent: Expected, since: float) -> Iterator[Text]:
    """Yield the webhook's line and those of its deliveries, until each has one; then what to do.

    Of lines that do not come in time `relay tail` says more.
    """
    wanted = Wanted(ids=sent.events | sent.deliveries)
    logs, braze = stack.client("logs"), stack.braze_url
    activity = Activity(logs, stack.resources, since, braze_url=braze, wanted=wanted)
    left, outcomes = {_WEBHOOK, *sent.deliveries}, set[str]()
    until = time.monotonic() + _PATIENCE
    with suppress(ClientError, BotoCoreError):  # the stack has just ended
        while left and time.monotonic() < until:
            for entry, text in activity.look():
                left.discard(str(entry.get("id", entry.get("message"))))
                outcomes.add(str(entry.get("outcome")))
                yield text
            time.sleep(_PAUSE if left else 0)
    if left:
        yield Text(f"{command(stack, 'tail')} shows what becomes of it")
    if "duplicate" in outcomes:
        yield Text(DUPLICATE)
