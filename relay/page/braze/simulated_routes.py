"""Routes of the simulated Braze: what it holds, its faults, its campaigns and Canvases."""

import asyncio
from typing import Final

from aiohttp import web

from relay.local.updates import amounts
from relay.page.braze.answers import in_words, shown
from relay.page.braze.faults import fault_of, in_force
from relay.page.braze.received import found, history, messages, profile, refusals, updates
from relay.page.braze.simulated import control, in_path
from relay.page.braze.targets import STATES, changed, state_of, targets_of
from relay.page.context import CONTEXT, PageContext

_MESSAGES: Final = 100
_REQUESTS: Final = 500  # that are searched for refused ones, and for what reached nobody
_PROFILES: Final = 50


@in_words
async def _received(request: web.Request) -> web.Response:
    context = request.app[CONTEXT]
    sends, recorded, requests, commerce = await asyncio.gather(
        control(context, "GET", "/sends", last=str(_MESSAGES)),
        control(context, "GET", "/updates", last=str(_MESSAGES)),
        control(context, "GET", "/requests", last=str(_REQUESTS)),
        control(context, "GET", "/commerce"),
    )
    counts = await control(context, "GET", "/counts")
    targets = targets_of(context.live.served.loaded.values())
    made = messages(sends, requests, targets)
    refused = refusals(requests)[:_MESSAGES]
    values = {"messages": made, "refused": refused, "counts": counts}
    values["updates"] = updates(recorded, max(counts["updates"] - len(recorded), 0))
    return shown("received", values | {"counted": amounts(commerce["total"])})


@in_words
async def _profiles(request: web.Request) -> web.Response:
    wanted = request.query.get("q", "")
    known = await control(request.app[CONTEXT], "GET", "/profiles")
    keys = found(known, wanted)
    made = [profile(key, known[key]) for key in keys[:_PROFILES]]
    values = {"profiles": made, "found": len(keys), "all": len(known), "wanted": wanted}
    return shown("profiles", values)


@in_words
async def _history(request: web.Request) -> web.Response:
    path = f"/profiles/{in_path(request.query.get('id', ''))}"
    known = await control(request.app[CONTEXT], "GET", path)
    return shown("history", {"changes": history(known["history"])})


@in_words
async def _faults(request: web.Request) -> web.Response:
    return await _in_force(request.app[CONTEXT])


@in_words
async def _set_fault(request: web.Request) -> web.Response:
    context = request.app[CONTEXT]
    fault = fault_of(await request.post())
    await control(context, "POST", "/faults", [fault])
    return await _in_force(context)


@in_words
async def _end_faults(request: web.Request) -> web.Response:
    context = request.app[CONTEXT]
    await control(context, "DELETE", "/faults")
    return await _in_force(context)


async def _in_force(context: PageContext) -> web.Response:
    active = await control(context, "GET", "/faults")
    return shown("faults", {"active": in_force(active)})


@in_words
async def _targets(request: web.Request) -> web.Response:
    return await _states(request.app[CONTEXT])


@in_words
async def _set_target(request: web.Request) -> web.Response:
    context, form = request.app[CONTEXT], await request.post()
    name = str(form.get("id", ""))
    known = await control(context, "GET", "/targets")
    target = changed(known.get(name, {}), str(form.get("state", "")))
    await control(context, "PUT", f"/targets/{in_path(name)}", target)
    return await _states(context)


async def _states(context: PageContext) -> web.Response:
    known = await control(context, "GET", "/targets")
    targets = targets_of(context.live.served.loaded.values())
    states = [(one, state_of(known.get(one.id, {}))) for one in targets]
    return shown("targets", {"targets": states, "states": list(STATES)})


ROUTES: Final = (
    web.get("/braze/received", _received),
    web.get("/braze/profiles", _profiles),
    web.get("/braze/history", _history),
    web.get("/braze/faults", _faults),
    web.post("/braze/faults", _set_fault),
    web.post("/braze/faults/end", _end_faults),
    web.get("/braze/targets", _targets),
    web.post("/braze/targets", _set_target),
)
