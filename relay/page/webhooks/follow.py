"""Following of the newest deliveries: the page is told when the ledger says something new."""

import asyncio
from typing import Final

from handler.core.models import Delivery
from relay.page.context import PageContext
from relay.page.webhooks.delivery_states import MOST, looked_up
from relay.page.webhooks.shown import summarized
from relay.page.webhooks.unreached import with_reach
from relay.stacks.ledger import Ledger

_PAUSE_SECONDS: Final = 0.5
_RARELY: Final = 6  # pauses between two looks where nothing is on its way
_BESIDE: Final = 20  # older webhooks that are read beside each look, for searches


async def follow(context: PageContext) -> None:
    """Tell open pages, while there are any, what changes in the newest deliveries."""
    newest, turn = 0, 0
    while True:
        await context.changes.until_watched()
        arrivals = context.journal.newest()
        deliveries = await _followed(context)
        is_new = bool(arrivals) and arrivals[0].number != newest
        newest = arrivals[0].number if arrivals else 0
        if deliveries and (is_new or turn % _RARELY == 0 or _on_their_way(context, deliveries)):
            found = await asyncio.to_thread(looked_up, _ledger(context), deliveries)
            if context.delivery_states.learn(await with_reach(context, deliveries, found)):
                context.changes.publish("deliveries")
        turn += 1
        unread = [one for one in arrivals if not context.summaries.has(one)]
        await summarized(context, unread[:_BESIDE])
        await asyncio.sleep(_PAUSE_SECONDS)


async def _followed(context: PageContext) -> list[Delivery]:
    """Return the deliveries of the newest webhooks, as many as one look takes."""
    found: dict[str, Delivery] = {}
    for one in await summarized(context, context.journal.newest()[:MOST]):
        found |= {each.id: each for each in one.deliveries}
        if len(found) >= MOST:
            break
    return list(found.values())[:MOST]


def _on_their_way(context: PageContext, deliveries: list[Delivery]) -> bool:
    states = [context.delivery_states.get(one.id) for one in deliveries]
    return any(one is None or not one.is_final for one in states)


def _ledger(context: PageContext) -> Ledger:
    stack = context.local.stack
    return Ledger(stack.client("dynamodb"), stack.outputs["LedgerTable"])
