"""Values that the list's templates show, of what the page remembers."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from relay.page.context import Context
from relay.page.journal import Arrival
from relay.page.webhooks.delivery_states import DeliveryState
from relay.page.webhooks.listing import KINDS, Sought, StateOf, listed
from relay.page.webhooks.summaries import Summary

_AT_ONCE: Final = 10  # webhooks that are planned before others are served


async def page_values(context: Context, sought: Sought) -> dict[str, Any]:
    """Return the values of the whole page."""
    chosen = context.journal.find(sought.chosen)
    return {
        **await list_values(context, sought),
        "sources": sorted(context.live.served.sources),
        "kinds": KINDS,
        "chosen": chosen,
    }


async def list_values(context: Context, sought: Sought) -> dict[str, Any]:
    """Return the values of the list; only what is sought or shown is read."""
    arrivals = context.journal.newest()
    read = arrivals[: sought.most] if sought.is_all else arrivals
    made = listed(await summarized(context, read), _state_of(context), sought)
    total = len(arrivals)
    fitting = total if sought.is_all else made.fitting
    return {
        "rows": made.rows,
        "sought": sought,
        "total": total,
        "fitting": fitting,
        "more": fitting - len(made.rows),
        "left_out": context.journal.left_out,
        "most": context.journal.most,
        "url": context.local.url,
    }


async def summarized(context: Context, arrivals: Sequence[Arrival]) -> list[Summary]:
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


def _state_of(context: Context) -> StateOf:
    """Return what tells the state of a webhook's delivery, and whether an earlier one made it."""

    def state_of(number: int, delivery_id: str) -> DeliveryState | None:
        state = context.delivery_states.get(delivery_id)
        is_repeat = context.summaries.is_repeat(number, delivery_id)
        return state.repeated if state and is_repeat else state

    return state_of
