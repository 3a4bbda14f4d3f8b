"""Routes of Braze's side, and what it looks up for as long as a page is open."""

import asyncio
from contextlib import suppress
from typing import Final

from aiohttp import web
from botocore.exceptions import BotoCoreError, ClientError

from relay.page.braze import letter_routes, pause_routes, simulated_routes
from relay.page.braze.faults import BUTTONS, PATHS, TIMES
from relay.page.braze.letters import count
from relay.page.braze.simulated import NoAnswer, control
from relay.page.context import CONTEXT, PageContext
from relay.page.rendering import page
from relay.page.stack import operated

_EVERY: Final = 1.0  # seconds


async def _shown(request: web.Request) -> web.Response:
    context = request.app[CONTEXT]
    values = {
        "is_simulated": context.is_simulated,
        "braze_url": context.local.braze_url,
        "buttons": BUTTONS,
        "times": TIMES,
        "paths": PATHS,
    }
    return page("braze/page.html", values)


async def follow(context: PageContext) -> None:
    """Tell open pages what changes here, for as long as there are any."""
    counts: object = None
    side = context.side
    while True:
        await context.changes.until_watched()
        with suppress(NoAnswer, ClientError, BotoCoreError):  # the stack ends, or has no time
            if context.is_simulated and counts != (new := await control(context, "GET", "/counts")):
                counts = new
                context.changes.publish("braze")
            if side.letters != (number := await asyncio.to_thread(count, operated(context))):
                side.letters = number
                context.changes.publish("letters")
        await asyncio.sleep(_EVERY)


ROUTES: Final = (
    web.get("/braze", _shown),
    *simulated_routes.ROUTES,
    *pause_routes.ROUTES,
    *letter_routes.ROUTES,
)
