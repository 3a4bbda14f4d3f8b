"""The control API of the simulated Braze: everything under /_sim/."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from aiohttp import web
from pydantic import ValidationError
from pydantic_core import to_json

from relay.simulated_braze.browser_guard import refusal
from relay.simulated_braze.workspace import Workspace

_PROFILE: Final = "/_sim/profiles/{name:.+}"
_DIGITS: Final = 9  # of a number of entries

Handler = Callable[[web.Request], Awaitable[web.Response]]


def _json(value: object, status: int = 200) -> web.Response:
    # An infinite number, which JSON can spell (1e999), is shown as null: no reader takes Infinity.
    text = to_json(value, inf_nan_mode="null")
    return web.Response(status=status, body=text, content_type="application/json")


def _control(act_on: Callable[[str, bytes], object]) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        if why := refusal(request.headers, _port(request)):
            return _json({"error": why}, status=403)
        name = request.match_info.get("name", "")
        try:
            return _json(act_on(name, await request.read()))
        except ValidationError as invalid:
            return _json({"error": _mistakes(invalid)}, status=400)

    return answer


def _mistakes(invalid: ValidationError) -> str:
    """Return each mistake of a body with its place: `0.kind: Field required`."""
    found = invalid.errors(include_url=False, include_context=False, include_input=False)
    places = [(".".join(map(str, one["loc"])) or "the body", one["msg"]) for one in found]
    return "; ".join(f"{place}: {message}" for place, message in places)


def _list(look: Callable[[], Sequence[Mapping[str, object]]]) -> Handler:
    """Show a list, or of it those with a `dispatch_id`, or the `last` entries alone."""

    async def answer(request: web.Request) -> web.Response:
        last, found = request.query.get("last"), look()
        if ids := {*request.query.getall("dispatch_id", [])}:
            found = [one for one in found if one.get("dispatch_id") in ids]
        if last is None:
            start = 0
        elif last.isascii() and last.isdigit() and len(last) <= _DIGITS:
            start = max(len(found) - int(last), 0)
        else:
            return _json({"error": "last is a number of entries"}, status=400)
        return await _control(lambda *_: found[start:])(request)

    return answer


def _port(request: web.Request) -> int:
    """Return the port that a request came to, 0 where its client has left."""
    address = request.get_extra_info("sockname")
    return int(address[1]) if address else 0


def routes(space: Workspace) -> list[web.RouteDef]:
    """Return the routes of the control API, which show and set all state of a workspace."""
    return [*_seen(space), *_set(space)]


def _seen(space: Workspace) -> list[web.RouteDef]:
    return [
        web.get("/_sim/health", _control(lambda *_: {"status": "ok"})),
        web.get("/_sim/counts", _control(lambda *_: space.counts())),
        web.get("/_sim/requests", _list(lambda: space.store.requests)),
        web.get("/_sim/sends", _list(lambda: space.store.sends)),
        web.get("/_sim/updates", _list(lambda: space.store.updates)),
        web.get("/_sim/commerce", _control(lambda *_: space.store.commerce())),
        web.get("/_sim/orphans", _control(lambda *_: space.store.profiles.orphans.shown())),
        web.get("/_sim/profiles", _control(lambda *_: space.store.profiles.current)),
        web.get(_PROFILE, _control(lambda name, _: space.store.shown(name))),
        web.get("/_sim/targets", _control(lambda *_: space.catalogue.known)),
        web.get("/_sim/faults", _control(lambda *_: space.faults.active)),
        web.get("/_sim/switches", _control(lambda *_: space.switches)),
        web.get("/_sim/limits", _control(lambda *_: space.limiter.limits)),
        web.get("/_sim/clock", _control(lambda *_: {"now": space.now()})),
        web.get("/_sim/key", _control(lambda *_: space.key)),
    ]


def _set(space: Workspace) -> list[web.RouteDef]:
    return [
        web.put(_PROFILE, _control(space.put_profile)),
        web.put("/_sim/unidentified/{name:.+}", _control(space.put_unidentified)),
        web.put("/_sim/targets/{name}", _control(space.put_target)),
        web.post("/_sim/faults", _control(lambda _, body: space.faults.add(body))),
        web.delete("/_sim/faults", _control(lambda *_: space.faults.clear())),
        web.put("/_sim/switches", _control(lambda _, body: space.put_switches(body))),
        web.put("/_sim/limits", _control(lambda _, body: space.put_limits(body))),
        web.put("/_sim/clock", _control(lambda _, body: space.put_clock(body))),
        web.put("/_sim/key", _control(lambda _, body: space.put_key(body))),
        web.delete("/_sim", _control(lambda *_: space.reset())),
    ]
