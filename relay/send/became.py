"""The end of what was just sent to a local stack: its delivery lines, as they come."""

import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from rich.text import Text

from handler.core.errors import NotJson
from handler.core.models import Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.source import Source
from relay.stacks.activity import Activity, Wanted
from relay.stacks.selection import Operated, command
from relay.webhooks.signer import SignedRequest

_PATIENCE: Final = 5.0  # seconds
_PAUSE: Final = 0.1
DUPLICATE: Final = "it was sent before, so nothing was sent now: --new gives the sample a new id"


def deliveries_of(request: SignedRequest, source: Source, now: int) -> set[str]:
    """Return the ids of the deliveries that the rules here make of a webhook."""
    webhook = Webhook(source.name, "POST", request.headers, request.query, request.body, now)
    with suppress(NotJson):  # the relay has said so
        return {one.id for one in plan(Verified(webhook), source).deliveries}
    return set()


def became(stack: Operated, ids: Collection[str], since: float) -> Iterator[Text]:
    """Yield the lines of deliveries until each has one, and what to do next.

    Of lines that do not come in time, and of a webhook without deliveries, `relay tail` says more.
    """
    activity = Activity(
        stack.client("logs"),
        stack.resources,
        since,
        braze_url=stack.braze_url,
        wanted=Wanted(ids=frozenset(ids)),
    )
    open_ids, outcomes = set(ids), set[str]()
    until = time.monotonic() + _PATIENCE
    with suppress(ClientError, BotoCoreError):  # the stack has just ended
        while open_ids and time.monotonic() < until:
            for entry, text in activity.look():
                open_ids.discard(str(entry.get("id")))
                outcomes.add(str(entry.get("outcome")))
                yield text
            time.sleep(_PAUSE if open_ids else 0)
    if open_ids or not ids:
        yield Text(f"{command(stack, 'tail')} shows what becomes of it")
    if "duplicate" in outcomes:
        yield Text(DUPLICATE)
