"""HTTP gateway of the local stack: http://127.0.0.1:N answers as API Gateway's HTTP API would.

It forwards to the emulator's API Gateway, and corrects what that does otherwise than AWS: a
function's failure is 500 without its text, repeated header fields are joined, and the quotas of an
HTTP API hold (10 MB body, 10,240 bytes of request line and headers).
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from socket import socket
from typing import Final

from aiohttp import ClientError, ClientSession, DummyCookieJar, web
from multidict import CIMultiDict
from yarl import URL

from relay.local.emulator import HOST
from relay.local.loop_thread import in_thread
from relay.local.webhook_feed import Answered, Feed, feed_at

_MAX_BODY: Final = 10 * 1024 * 1024
_MAX_HEAD: Final = 10_240
# Fields that belong to one connection, not to the message (RFC 9110, section 7.6.1).
_HOP: Final = frozenset(
    {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)


@contextmanager
def front_door(door: socket, gateway: str) -> Iterator[str]:
    """Serve at a socket that listens on 127.0.0.1, in a thread; give the URL."""
    with in_thread(_served(door, gateway), "front-door") as port:
        yield f"http://{HOST}:{port}"


@asynccontextmanager
async def _served(door: socket, gateway: str) -> AsyncIterator[int]:
    app = _application(gateway)
    async with AsyncExitStack() as ending:
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        ending.push_async_callback(runner.cleanup)
        await web.SockSite(runner, door).start()
        bound: int = runner.addresses[0][1]
        app[_FEED].append(await ending.enter_async_context(feed_at(bound)))
        yield bound


def _application(gateway: str) -> web.Application:
    app = web.Application(client_max_size=_MAX_BODY, handler_args={"max_field_size": _MAX_HEAD * 2})

    async def client(_: web.Application) -> AsyncIterator[None]:
        async with ClientSession(cookie_jar=DummyCookieJar(), auto_decompress=False) as session:
            app[_CLIENT] = session
            yield

    app.cleanup_ctx.append(client)
    app[_GATEWAY] = gateway
    app[_FEED] = []
    app.router.add_route("*", "/{path:.*}", _forward)
    return app


_CLIENT: Final = web.AppKey("client", ClientSession)
_GATEWAY: Final = web.AppKey("gateway", str)
_FEED: Final = web.AppKey("feed", list[Feed])  # none before the port is known


async def _forward(request: web.Request) -> web.Response:
    if sum(len(name) + len(value) for name, value in request.raw_headers) > _MAX_HEAD:
        return _says(431, "Request Header Fields Too Large")
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        return _says(413, "Request Entity Too Large")
    made = await _answer(request, body)
    for feed in request.app[_FEED]:
        feed.publish(_answered(request, body, made))
    return made


async def _answer(request: web.Request, body: bytes) -> web.Response:
    url = URL(request.app[_GATEWAY] + request.raw_path, encoded=True)
    try:
        async with request.app[_CLIENT].request(
            request.method, url, headers=_joined(request), data=body, allow_redirects=False
        ) as answer:
            return _mended(answer.status, answer.headers, await answer.read())
    except ClientError:
        return _says(503, "Service Unavailable")


def _answered(request: web.Request, body: bytes, made: web.Response) -> Answered:
    text = made.body.decode(errors="replace") if isinstance(made.body, bytes) else ""
    query = request.raw_path.partition("?")[2]
    return Answered(request.method, request.path, _joined(request), body, made.status, text, query)


def _joined(request: web.Request) -> dict[str, str]:
    """Return the header fields as an HTTP API joins them, with those that it adds."""
    fields: dict[str, str] = {}
    for name, value in request.headers.items():
        key = name.lower()
        if key not in _HOP | {"content-length"}:
            fields[key] = f"{fields[key]},{value}" if key in fields else value
    return fields | {
        "x-forwarded-for": request.remote or HOST,
        "x-forwarded-proto": request.scheme,
        "accept-encoding": fields.get("accept-encoding", "identity"),
    }


def _mended(status: int, headers: Mapping[str, str], body: bytes) -> web.Response:
    if status == web.HTTPBadGateway.status_code:
        return _says(500, "Internal Server Error")
    kept = CIMultiDict(
        (name, value)
        for name, value in headers.items()
        if name.lower() not in _HOP | {"content-length", "date", "server"}
    )
    return web.Response(status=status, headers=kept, body=body)


def _says(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)
