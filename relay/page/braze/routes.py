"""Routes of Braze on the page."""

from typing import Final

from aiohttp import web

from relay.page.context import Context
from relay.page.rendering import page


async def _shown(_: web.Request) -> web.Response:
    return page("braze/page.html", {})


async def follow(context: Context) -> None:
    """Tell open pages what changes here, for as long as there are any."""
    await context.changes.until_watched()


ROUTES: Final = (web.get("/braze", _shown),)
