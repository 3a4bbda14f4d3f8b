"""Route of the way of one webhook."""

import asyncio
import time
from typing import Final

from aiohttp import web

from relay.page.context import CONTEXT, PageContext
from relay.page.reading import Reading
from relay.page.rendering import fragment, html
from relay.page.way.lookup import look_up
from relay.page.way.way import Way, way_of
from relay.page.webhooks.actions import action_values

_DIGITS: Final = 9


async def _shown(request: web.Request) -> web.Response:
    context, number = request.app[CONTEXT], int(request.match_info["number"])
    arrival = context.journal.find(number)
    if arrival is None:
        return html(fragment("way/gone.html", {"number": number}), 404)
    reading = context.reading(arrival)
    values = {
        "way": await _way(context, reading),
        "is_simulated": context.is_simulated,
        "actions": action_values(context, reading),
    }
    return html(fragment("way/way.html", values))


async def _way(context: PageContext, reading: Reading) -> Way:
    explanation = await context.explanations.of(reading)
    known = await asyncio.to_thread(look_up, context, reading)
    return way_of(reading, explanation, known, time.time())


ROUTES: Final = (web.get(f"/webhooks/{{number:[0-9]{{1,{_DIGITS}}}}}", _shown),)
