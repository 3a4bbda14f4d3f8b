"""Values that the list's templates show, of what the page remembers."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from relay.page.context import PageContext
from relay.page.journal import Arrival
from relay.page.webhooks.delivery_states import DeliveryState
from relay.page.webhooks.listing import (
    KINDS,
    PAGE,
    Listed,
    StateOf,
    WebhookFilter,
    listed,
    rows_of,
)
from relay.page.webhooks.summaries import Summary

_AT_ONCE: Final = 10  # webhooks that are planned before others are served


async def page_values(context: PageContext, sought: WebhookFilter) -> dict[str, Any]:
    """Return the values of the whole page."""
    chosen = context.journal.find(sought.chosen)
    return {
        **await list_values(context, sought),
        "sources": sorted(context.live.served.sources),
        "kinds": KINDS,
        "chosen": chosen,
    }


async def list_values(context: PageContext, sought: WebhookFilter) -> dict[str, Any]:
    """Return the values of the list; only what is sought or shown is read."""
    made = await (_page if sought.is_all else _found)(context, sought)
    return {
        "listed": made,
        "rows": context.row_texts.of(made.rows, sought.chosen),
        "sought": sought,
        "total": len(context.journal),
        "left_out": context.journal.left_out,
        "most": context.journal.most,
        "gaps": max(context.journal.begun - 1, 0),
        "url": context.local.url,
    }


async def _page(context: PageContext, sought: WebhookFilter) -> Listed:
    """Return a page of all that is kept; no other page is read."""
    arrivals = context.journal.newest()
    newer = sum(not sought.shows(one.number) for one in arrivals)
    shown = await summarized(context, arrivals[newer : newer + PAGE])
    rows = tuple(rows_of(shown, _state_of(context)))
    return Listed(rows, newer, len(arrivals) - newer - len(rows))


async def _found(context: PageContext, sought: WebhookFilter) -> Listed:
    summaries = await summarized(context, context.journal.newest())
    return listed(summaries, _state_of(context), sought)


async def summarized(context: PageContext, arrivals: Sequence[Arrival]) -> list[Summary]:
    """Return the summaries of webhooks, without keeping others waiting."""
    context.summaries.forget(context.journal.left_out)
    found: list[Summary] = []
    made = 0
    for one in arrivals:
        made += not context.summaries.has(one)
        found.append(context.summaries.of(one, context.live.secrets))
        if made == _AT_ONCE:
            made = 0
            await asyncio.sleep(0)
    return found


def _state_of(context: PageContext) -> StateOf:
    """Return what tells the state of a webhook's delivery, and whether an earlier one made it."""

    def state_of(number: int, delivery_id: str) -> DeliveryState | None:
        state = context.delivery_states.get(delivery_id)
        is_repeat = context.summaries.is_repeat(number, delivery_id)
        return state.repeated if state and is_repeat else state

    return state_of
