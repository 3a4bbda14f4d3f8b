"""Faults of the simulated Braze, and the requests that they act on."""

import asyncio
import random
import socket
import struct
from collections.abc import Callable
from typing import Annotated, Final, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter
from pydantic_core import to_json

from relay.simulated_braze.catalogue import DETAILS
from relay.simulated_braze.contract.endpoints import ARRAYS, id_in
from relay.simulated_braze.profiles import Json

_RATE_LIMITED: Final = 429  # RFC 6585
# Braze itself: checks the request, carries it out, and adds these keys to the body of its 201.
Braze = Callable[[Json], web.Response]
_PAUSED: Final = (
    "The Canvas is paused. Resume the Canvas to ensure trigger requests will take effect."
)
_RST: Final = struct.pack("ii", 1, 0)  # SO_LINGER on, for 0 seconds: closing sends RST
_LONG: Final = 100_000  # bytes of a header that no client reads
_MISSING: Final = 1024  # bytes that a cut answer promises and does not send


class Fault(BaseModel):
    """One kind of failure, as the control API takes it.

    `times` is the number of requests that it acts on (null: until cleared), `probability` the
    chance at each request, `after` whether Braze does what was asked before it fails, `seconds` the
    wait of `slow`, between two bytes of `drip`, or after each status of `interim`. `body` (text, or
    JSON) is the answer of `status`, the text of `notice` or the list of `errors`; `objects` makes
    that list: it names the first object of a request, all, or one that is not there. `size` is the
    bytes of a `huge` answer. `headers` of null are the usual ones. `limit` is how a 429 says when
    to retry. `path` and `target` (the id of a campaign or Canvas) of null are all.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Literal[
        "status", "hang", "reset", "cut", "slow", "drip", "huge", "notice", "errors",
        "interim", "stray", "headless",
    ]  # fmt: skip
    status: int = Field(default=503, ge=200, le=599)
    interim: list[Annotated[int, Field(ge=100, le=199)]] = Field(default=[103])
    path: str | None = None
    target: str | None = None
    body: JsonValue = None
    objects: Literal["first", "all", "absent"] | None = None
    headers: dict[str, str] | None = None
    times: int | None = Field(default=None, ge=0)
    after: bool = False
    probability: float = Field(default=1.0, ge=0, le=1)
    seconds: float = Field(default=5.0, ge=0)
    size: int = Field(default=50_000_000, ge=0)
    limit: (
        Literal[
            "epoch", "seconds", "retry_after", "none", "past", "far", "negative", "huge", "words"
        ]
        | None
    ) = None

    def limit_style(self, usual: str) -> str | None:
        """Return the style of the answer's rate limit headers; None where they stay as they are."""
        if self.kind != "status" or self.limit is not None:
            return self.limit
        return usual if self.status == _RATE_LIMITED and self.headers is None else None

    def strikes(self, path: str, body: object) -> bool:
        """Return whether it acts on such a request, and has times left.

        Without a path it leaves requests for details alone: how often these come is not a test's.
        """
        ids = {body.get("campaign_id"), body.get("canvas_id")} if isinstance(body, dict) else set()
        return (
            (self.path == path if self.path else path not in DETAILS)
            and (self.target is None or self.target in (*ids, id_in(path)))
            and self.times != 0
        )


_FAULTS: Final = TypeAdapter(list[Fault])


class Faults:
    """The active faults; the first that has times left and wins its chance acts on a request."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self.active: list[Fault] = []
        self._chance = chance

    def add(self, body: bytes) -> list[Fault]:
        """Append the faults of this JSON list to the active ones; return all."""
        self.active += _FAULTS.validate_json(body)
        return self.active

    def clear(self) -> list[Fault]:
        """Remove all faults."""
        self.active = []
        return self.active

    def take(self, path: str, body: object) -> Fault | None:
        """Return the fault for a request, and use up one of its times; None for none."""
        for fault in self.active:
            if fault.strikes(path, body) and self._chance() < fault.probability:
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None


async def act(fault: Fault, request: web.Request, entry: Json, braze: Braze) -> web.StreamResponse:
    """Answer a request as the fault says, or never; `entry` is its record.

    A handler that never answers is cancelled when its client leaves or the server stops.
    """
    if fault.kind == "notice":
        return braze({"notice": fault.body or _PAUSED})
    if fault.kind == "errors":
        return braze({"errors": _errors(fault, entry["body"])})
    if fault.kind in ("slow", "interim"):
        return await _late(fault, request, braze)
    answer = braze({}) if fault.after else None
    if fault.kind == "status":
        entry["reason"] = _words(fault.body)
        return _status(fault)
    if fault.kind == "stray":
        return await _followed(fault, request, answer or braze({}))
    accepted = answer or web.json_response({"message": "success"}, status=201)
    return await _spoilt(fault, request, entry, accepted)


def _errors(fault: Fault, body: object) -> object:
    """Return the errors of an answer to a request with this body."""
    if fault.objects is None:
        return fault.body or ["simulated minor error"]
    given = body if isinstance(body, dict) else {}
    lists = [(name, given[name]) for name in ARRAYS if isinstance(given.get(name), list)]
    places = [(name, index) for name, all_ in lists for index in range(len(all_))]
    if fault.objects == "first":
        places = places[:1]
    elif fault.objects == "absent":
        places = [(name, len(all_)) for name, all_ in lists][:1]
    why = fault.body or "simulated minor error"
    return [{"type": why, "input_array": name, "index": index} for name, index in places]


async def _spoilt(
    fault: Fault, request: web.Request, entry: Json, answer: web.Response
) -> web.StreamResponse:
    if fault.kind == "huge":
        return _huge(answer, fault.size)
    if fault.kind == "drip":
        return await _drip(fault, request, entry, answer)
    if fault.kind == "cut":
        await _cut(request, entry, answer)
    if fault.kind == "headless":
        _write(request, _head(answer.status, f"X-Fault: {'x' * _LONG}"))
    if fault.kind == "reset":
        _reset(request)
    return await _never()


async def _late(fault: Fault, request: web.Request, braze: Braze) -> web.Response:
    """Answer after a wait, for `interim` with interim answers before it."""
    answer = braze({}) if fault.after else None
    for status in fault.interim if fault.kind == "interim" else [None]:
        if status is not None:
            _write(request, _head(status, "Link: </style.css>; rel=preload"))
        await asyncio.sleep(fault.seconds)
    return answer or braze({})


async def _followed(fault: Fault, request: web.Request, answer: web.Response) -> web.Response:
    """Answer, and then once more without a request."""
    await answer.prepare(request)
    await answer.write_eof()
    _write(request, _head(fault.status, "Content-Length: 0"))
    return answer


def _head(status: int, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status} Simulated", *headers, "", ""]).encode()


def _write(request: web.Request, raw: bytes) -> None:
    """Write bytes to the connection, past aiohttp."""
    if request.transport is not None:
        request.transport.write(raw)


def _words(body: JsonValue) -> str | None:
    """Return the words of an answer that a fault gives, as those of a refusal are recorded."""
    said = body.get("message") if isinstance(body, dict) else body
    return said if isinstance(said, str) else None


def _status(fault: Fault) -> web.Response:
    body = {"message": "simulated fault"} if fault.body is None else fault.body
    text = isinstance(body, str)
    headers = {"content-type": "text/html" if text else "application/json"}
    headers |= {name.lower(): value for name, value in (fault.headers or {}).items()}
    content = body.encode() if isinstance(body, str) else to_json(body)
    return web.Response(status=fault.status, body=content, headers=headers)


async def _cut(request: web.Request, entry: Json, answer: web.Response) -> None:
    body = answer.body if isinstance(answer.body, bytes) else b""
    cut = web.StreamResponse(status=answer.status, headers=answer.headers)
    cut.content_length = len(body) + _MISSING
    entry["status"] = cut.status
    await cut.prepare(request)
    await cut.write(body)
    if request.transport is not None:
        request.transport.close()


def _huge(answer: web.Response, size: int) -> web.Response:
    """Append blanks to the JSON of an answer: it is valid, and long."""
    body = answer.body if isinstance(answer.body, bytes) else b""
    answer.body = body + b" " * (size - len(body))
    return answer


async def _drip(
    fault: Fault, request: web.Request, entry: Json, answer: web.Response
) -> web.StreamResponse:
    """Send the body of an answer byte by byte, so that no single wait is long."""
    body = answer.body if isinstance(answer.body, bytes) else b""
    slow = web.StreamResponse(status=answer.status, headers=answer.headers)
    slow.content_length = len(body)
    entry["status"] = slow.status
    await slow.prepare(request)
    for byte in body:
        await slow.write(bytes([byte]))
        await asyncio.sleep(fault.seconds)
    return slow


def _reset(request: web.Request) -> None:
    transport = request.transport
    if transport is None:
        return
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
    transport.abort()


async def _never() -> web.Response:
    never: asyncio.Future[web.Response] = asyncio.get_running_loop().create_future()
    return await never
