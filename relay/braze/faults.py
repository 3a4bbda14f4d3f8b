"""How the simulated Braze fails when it is told to: before or after it has done what was asked."""

import asyncio
import random
import socket
import struct
from collections.abc import Callable
from typing import Final, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter
from pydantic_core import to_json

from relay.braze.store import Json

# Braze itself: checks the request, does it, and adds these keys to the body of its 201.
Braze = Callable[[Json], web.Response]

_PAUSED: Final = (
    "The Canvas is paused. Resume the Canvas to ensure trigger requests will take effect."
)
_RST: Final = struct.pack("ii", 1, 0)  # SO_LINGER on, for 0 seconds: closing sends RST
_MISSING: Final = 1024  # bytes that a cut answer promises and does not send


class Fault(BaseModel):
    """One way to fail, as the control API takes it.

    `times` is how often it acts (null: until cleared), `probability` how likely it acts at a
    request, `after` whether Braze does what was asked before it fails, `seconds` how long `slow`
    waits. `body` (text, or JSON) is what `status` answers, the text of `notice` or the list of
    `errors`. `headers` of null are the usual ones. `path` of null is every path.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Literal["status", "hang", "reset", "cut", "slow", "notice", "errors"]
    status: int = Field(default=503, ge=200, le=599)
    path: str | None = None
    body: JsonValue = None
    headers: dict[str, str] | None = None
    times: int | None = Field(default=None, ge=0)
    after: bool = False
    probability: float = Field(default=1.0, ge=0, le=1)
    seconds: float = Field(default=5.0, ge=0)


_FAULTS: Final = TypeAdapter(list[Fault])


class Faults:
    """The faults in force; the first that has times left and good odds acts on a request."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self.active: list[Fault] = []
        self._chance = chance

    def add(self, body: bytes) -> list[Fault]:
        """Put the faults of this JSON list behind those in force, and give all."""
        self.active += _FAULTS.validate_json(body)
        return self.active

    def clear(self) -> list[Fault]:
        """End all faults."""
        self.active = []
        return self.active

    def take(self, path: str) -> Fault | None:
        """Give the fault for a request to this path, one of its times used up; None for none."""
        for fault in self.active:
            if (
                fault.path in {None, path}
                and fault.times != 0
                and self._chance() < fault.probability
            ):
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None


async def act(fault: Fault, request: web.Request, entry: Json, braze: Braze) -> web.Response:
    """Answer a request as the fault says, or never; `entry` is its record.

    A handler that never answers ends when its client goes or the server stops: it is cancelled.
    """
    if fault.kind == "notice":
        return braze({"notice": fault.body or _PAUSED})
    if fault.kind == "errors":
        return braze({"errors": fault.body or ["simulated minor error"]})
    if fault.kind == "slow":
        return await _slow(fault, braze)
    answer = braze({}) if fault.after else None
    if fault.kind == "status":
        return _status(fault)
    if fault.kind == "cut":
        await _cut(request, entry, answer or web.json_response({"message": "success"}, status=201))
    if fault.kind == "reset":
        _reset(request)
    return await _never()


async def _slow(fault: Fault, braze: Braze) -> web.Response:
    answer = braze({}) if fault.after else None
    await asyncio.sleep(fault.seconds)
    return answer or braze({})


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


def _reset(request: web.Request) -> None:
    transport = request.transport
    if transport is None:
        return
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
    transport.abort()


async def _never() -> web.Response:
    never: asyncio.Future[web.Response] = asyncio.get_running_loop().create_future()
    return await never
