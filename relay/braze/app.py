"""The simulated Braze on HTTP: its trigger and details endpoints, and a control API under /_sim/.

The order of checks is inferred from Braze's API errors page; see `store` for the rules themselves.
"""

import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from aiohttp import web
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from relay.braze.catalogue import DETAILS, Catalogue, Target
from relay.braze.faults import Faults, act
from relay.braze.store import ENDPOINTS, Json, Store, refusal
from relay.braze.wire import Refused, parsed, read, shown

DEFAULT_KEY: Final = "local-braze-key"
MAX_BODY: Final = 4_000_000  # bytes; Braze says 4 MB
HOURLY_LIMIT: Final = 250_000  # requests in a clock hour ("API rate limits")
_HOUR: Final = 3600
_OBJECT: Final = TypeAdapter(Json)

Handler = Callable[[web.Request], Awaitable[web.Response]]


class Simulation:
    """One Braze workspace: its key, its clock, what it remembers and how it fails."""

    def __init__(self, key: str, clock: Callable[[], float], limit: int) -> None:
        self.key = key
        self.clock = clock
        self.limit = limit
        self.reset()

    def reset(self) -> Json:
        """Forget everything: profiles, sends, requests, targets, faults and the rate window."""
        self.store = Store()
        self.catalogue = Catalogue()
        self.faults = Faults()
        self.spent: Counter[int] = Counter()  # requests by clock hour
        return {}

    def preset(self, external_id: str, body: bytes) -> Json:
        """Put a profile of these attributes in the place of whatever was there."""
        attributes = _OBJECT.validate_json(body)
        self.store.profiles.pop(external_id, None)
        self.store.write(external_id, attributes)
        return self.store.profiles[external_id]

    def target(self, api_id: str, body: bytes) -> Target:
        """Say what an id names from now on."""
        return self.catalogue.put(api_id, body)

    async def braze(self, request: web.Request) -> web.Response:
        """Answer anything but the control API, recording it first: it may never be answered."""
        entry: Json = {"time": self.clock(), "method": request.method, "path": request.path}
        entry |= dict.fromkeys(("status", "body", "outcome", "reason", "dispatch_id", "fault"))
        self.store.requests.append(entry)
        raw = await read(request)
        entry["body"] = shown(raw)
        braze = partial(self._answer, request, raw, entry)
        fault = self.faults.take(request.path)
        entry["fault"] = fault and fault.kind
        answer = await act(fault, request, entry, braze) if fault else braze({})
        if fault and fault.headers is None and answer.status == web.HTTPTooManyRequests.status_code:
            answer.headers.update(self._window() | {"x-ratelimit-remaining": "0"})
        entry["status"] = answer.status
        return answer

    def _answer(
        self, request: web.Request, raw: bytes | None, entry: Json, extra: Json
    ) -> web.Response:
        try:
            if request.method == "GET" and request.path in DETAILS:
                answer = web.json_response(self._details(request))
            else:
                answer = web.json_response(self._send(request, raw, entry, extra), status=201)
        except Refused as refused:
            entry |= {"outcome": "rejected", "reason": str(refused)}
            answer = web.json_response(refused.body, status=refused.status)
        answer.headers.update(self._window())
        return answer

    def _details(self, request: web.Request) -> Json:
        self._admit(request)
        if (found := self.catalogue.details(request.query.get(DETAILS[request.path]))) is None:
            raise Refused(400, "Invalid Campaign ID")
        return found

    def _send(self, request: web.Request, raw: bytes | None, entry: Json, extra: Json) -> Json:
        body = self._checked(request, raw)
        extra = self.catalogue.notice(body) | extra
        stamp = {"dispatch_id": uuid.uuid4().hex, "time": self.clock()}
        entry |= {"outcome": "accepted", "dispatch_id": stamp["dispatch_id"]}
        if "notice" in extra:  # what Braze says when a Canvas will not run
            entry["outcome"] = "notice"
        else:
            self.store.apply(body, stamp)
        return {**extra, "dispatch_id": stamp["dispatch_id"], "message": "success"}

    def _checked(self, request: web.Request, raw: bytes | None) -> Json:
        if request.method != "POST" or request.path not in ENDPOINTS:
            raise Refused(404, "Invalid URL")
        if request.content_type != "application/json":
            raise Refused(415, "Unsupported Media Type")
        if raw is None:
            raise Refused(413, "Request Entity Too Large")
        body = parsed(raw)
        self._admit(request)
        id_name, *_ = ENDPOINTS[request.path]
        if self.catalogue.find(body.get(id_name)) is None:
            raise Refused(400, "Invalid Campaign ID")
        if why := refusal(request.path, body):
            raise Refused(400, why)
        return body

    def _admit(self, request: web.Request) -> None:
        """Refuse a wrong key, and more requests than an hour has."""
        if request.headers.get("authorization") != f"Bearer {self.key}":
            raise Refused(401, "Error authenticating credentials")
        self.spent[self._hour()] += 1
        if self.spent[self._hour()] > self.limit:
            raise Refused(429, "Rate Limited")

    def _hour(self) -> int:
        return int(self.clock() // _HOUR)

    def _window(self) -> dict[str, str]:
        """Give the rate limit headers, in lower case as HTTP/2 has them; reset in epoch seconds."""
        remaining = max(0, self.limit - self.spent[self._hour()])
        reset = (self._hour() + 1) * _HOUR
        figures = {"limit": self.limit, "remaining": remaining, "reset": reset}
        return {f"x-ratelimit-{name}": str(figure) for name, figure in figures.items()}


def _json(value: object, status: int = 200) -> web.Response:
    # An infinite number, which JSON can spell (1e999), is shown as null: no reader takes Infinity.
    text = to_json(value, inf_nan_mode="null")
    return web.Response(status=status, body=text, content_type="application/json")


def _control(act_on: Callable[[str, bytes], object]) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        name = request.match_info.get("name", "")
        try:
            return _json(act_on(name, await request.read()))
        except ValidationError as invalid:
            return _json({"error": str(invalid)}, status=400)

    return answer


def _routes(simulation: Simulation) -> list[web.RouteDef]:
    return [
        web.get("/_sim/health", _control(lambda *_: {"status": "ok"})),
        web.get("/_sim/requests", _control(lambda *_: simulation.store.requests)),
        web.get("/_sim/sends", _control(lambda *_: simulation.store.sends)),
        web.get("/_sim/profiles", _control(lambda *_: simulation.store.profiles)),
        web.put("/_sim/profiles/{name:.+}", _control(simulation.preset)),
        web.put("/_sim/targets/{name}", _control(simulation.target)),
        web.get("/_sim/faults", _control(lambda *_: simulation.faults.active)),
        web.post("/_sim/faults", _control(lambda _, body: simulation.faults.add(body))),
        web.delete("/_sim/faults", _control(lambda *_: simulation.faults.clear())),
        web.delete("/_sim", _control(lambda *_: simulation.reset())),
        web.route("*", r"/{path:(?!_sim(?:/|$)).*}", simulation.braze),
    ]


def create_app(
    key: str = DEFAULT_KEY,
    *,
    clock: Callable[[], float] = time.time,
    limit: int = HOURLY_LIMIT,
) -> web.Application:
    """Make a simulated workspace with this API key; `clock` gives seconds since the epoch."""
    app = web.Application(client_max_size=MAX_BODY)
    app.add_routes(_routes(Simulation(key, clock, limit)))
    return app
