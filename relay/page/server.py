"""Server of the page: its own port on 127.0.0.1, in a thread, for as long as the stack is up."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from relay.local.emulator import HOST, listening
from relay.local.loop_thread import in_thread
from relay.local.webhook_feed import feed_place
from relay.page import away
from relay.page.access import Access
from relay.page.bench import routes as bench
from relay.page.braze import routes as braze
from relay.page.changes import PATH as CHANGES
from relay.page.charts import routes as charts
from relay.page.charts import sampler
from relay.page.context import CONTEXT, PageContext
from relay.page.failures import SILENT, in_a_line, kept_up
from relay.page.rendering import html
from relay.page.way import routes as way
from relay.page.webhooks import routes as webhooks

_STATIC: Final = Path(__file__).parent / "static"
_TOKEN_BYTES: Final = 32
_LONGEST_LINE: Final = 32 * 1024 * 1024  # of the feed: 10 MB of body in base64, and its headers
_MAX_BODY: Final = 16 * 1024 * 1024
_MAX_FIELD: Final = 128 * 1024  # cookies of 127.0.0.1 go to all its ports: many may be others'
_END_SECONDS: Final = 1.0  # for requests that are being answered when the stack ends
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",  # of what is no page
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
Following = Callable[[PageContext], Coroutine[None, None, None]]
# What each part of the page looks up for as long as somebody looks.
_FOLLOWING: Final[tuple[Following, ...]] = (
    *(webhooks.follow, bench.follow),
    *(braze.follow, sampler.follow, away.follow),
)


@contextmanager
def served_page(context: PageContext) -> Iterator[str]:
    """Serve the page; give its URL, which holds the token of this start."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with listening(0) as door:
        port = door.getsockname()[1]

        @asynccontextmanager
        async def serving() -> AsyncIterator[None]:
            runner = web.AppRunner(
                application(context, Access(port, token)),
                access_log=None,
                logger=SILENT,
                max_field_size=_MAX_FIELD,
                shutdown_timeout=_END_SECONDS,
            )
            await runner.setup()
            try:
                await web.SockSite(runner, door).start()
                yield
            finally:
                await runner.cleanup()

        with in_thread(serving(), "page"):
            yield f"http://{HOST}:{port}/?token={token}"


def application(context: PageContext, access: Access) -> web.Application:
    """Return the application of the page."""
    app = web.Application(client_max_size=_MAX_BODY, middlewares=[in_a_line, _closed(access)])
    app[CONTEXT] = context
    parts = (*webhooks.ROUTES, *way.ROUTES, *bench.ROUTES, *braze.ROUTES, *charts.ROUTES)
    app.add_routes([*parts, *away.ROUTES])
    app.router.add_get(CHANGES, context.changes.stream, allow_head=False)
    app.router.add_static("/static/", _STATIC)
    app.on_response_prepare.append(_with_headers)
    app.on_shutdown.append(_end)
    app.cleanup_ctx.append(_tasks)
    return app


def _closed(access: Access) -> Middleware:
    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        is_stream = request.path == CHANGES
        if why := access.refusal(request.method, request.headers, is_stream=is_stream):
            return web.Response(text=why, status=403)
        if request.path == "/" and access.is_token(request.query.get("token")):
            opened = web.Response(status=303, headers={"Location": "/"})
            opened.set_cookie(access.cookie, access.token, httponly=True, samesite="Strict")
            return opened
        if access.is_token(request.cookies.get(access.cookie)):
            return await handler(request)
        return html("Open the URL that the command printed after the word page.", 403)

    return check


async def _with_headers(_: web.Request, answer: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        answer.headers.setdefault(name, value)


async def _end(app: web.Application) -> None:
    app[CONTEXT].changes.end()


async def _tasks(app: web.Application) -> AsyncIterator[None]:
    context = app[CONTEXT]
    following = [partial(follow, context) for follow in (_listen, *_FOLLOWING)]
    tasks = [asyncio.create_task(kept_up(follow)) for follow in following]
    yield
    for one in tasks:
        one.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _listen(context: PageContext) -> None:
    """Keep each webhook that the stack answers; nothing of it is read until it is looked at.

    Where the feed lets this listener go, as it does with one that falls far behind, it begins
    again, and the page says that some are missing.
    """
    place = feed_place(urlsplit(context.local.url).port or 0)
    with suppress(OSError):  # there is no feed, or the stack has ended
        reader, writer = await asyncio.open_unix_connection(place, limit=_LONGEST_LINE)
        context.journal.begun += 1
        try:
            while line := await reader.readline():
                if line.strip():
                    context.journal.add(line, context.live.served)
                    context.changes.publish("webhooks")
        finally:
            writer.close()
