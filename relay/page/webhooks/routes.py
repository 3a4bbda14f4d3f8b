"""Routes of the list of webhooks, and of what is done with one of them."""

from typing import Final

from aiohttp import web

from relay.page.context import CONTEXT
from relay.page.rendering import fragment, html, page
from relay.page.webhooks.actions import ROUTES as ACTIONS
from relay.page.webhooks.follow import follow
from relay.page.webhooks.listing import WebhookFilter
from relay.page.webhooks.shown import list_values, page_values

__all__ = ["ROUTES", "follow"]


async def _page(request: web.Request) -> web.Response:
    sought = WebhookFilter.of(request.query)
    return page("webhooks/page.html", await page_values(request.app[CONTEXT], sought))


async def _list(request: web.Request) -> web.Response:
    sought = WebhookFilter.of(request.query)
    values = await list_values(request.app[CONTEXT], sought)
    return html(fragment("webhooks/list.html", values))


ROUTES: Final = (
    web.get("/", _page),
    web.get("/webhooks", _list),
    *ACTIONS,
)
