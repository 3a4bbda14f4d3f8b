"""Watch over what stands behind the page: says which process of the stack answers no more."""

import asyncio
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from relay.page.context import CONTEXT, PageContext
from relay.page.rendering import html

_EVERY_SECONDS: Final = 2.0
_PATIENCE_SECONDS: Final = 5.0  # for a connection
_ANEW: Final = "does not answer. End the command with Ctrl-C, and start it anew."


async def follow(context: PageContext) -> None:
    """Tell open pages when a process goes away or comes back, for as long as there are any."""
    while True:
        await context.changes.until_watched()
        found = await look(context)
        if found != context.away.words:
            context.away.words = found
            context.changes.publish("stack")
        await asyncio.sleep(_EVERY_SECONDS)


async def look(context: PageContext) -> str:
    """Return what is to be said now; empty where all processes answer."""
    behind = dict(_behind(context))
    there = await asyncio.gather(*map(_answers, behind.values()))
    gone = [name for name, answers in zip(behind, there, strict=True) if not answers]
    return " ".join(f"{name} {_ANEW}" for name in gone)


def _behind(context: PageContext) -> Iterator[tuple[str, str]]:
    yield "The AWS emulator", context.local.stack.endpoint
    if context.is_simulated:
        yield "The simulated Braze", context.local.braze_url


async def _answers(url: str) -> bool:
    """Return whether a connection can be opened, which costs less than a request."""
    place = urlsplit(url)
    opening = asyncio.open_connection(place.hostname, place.port)
    try:
        _, writer = await asyncio.wait_for(opening, _PATIENCE_SECONDS)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def _shown(request: web.Request) -> web.Response:
    return html(request.app[CONTEXT].away.words)


ROUTES: Final = (web.get("/away", _shown),)
