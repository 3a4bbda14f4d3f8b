"""Answers of the simulated Braze to requests without a message: they change profiles.

`contract.track` and `contract.subscription` have the rules, `tracking` what comes of a request.
"""

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from relay.simulated_braze import tracking
from relay.simulated_braze.contract import subscription, track
from relay.simulated_braze.contract.endpoints import DATA, SUBSCRIBE, TRACK
from relay.simulated_braze.contract.request import (
    RequestRefused,
    admit_data,
    check_method,
    read_body,
)
from relay.simulated_braze.contract.sizes import Path, sizes
from relay.simulated_braze.profiles import Json
from relay.simulated_braze.switches import Switches
from relay.simulated_braze.workspace import Workspace

_REFUSALS: Final = {TRACK: track.refusal, SUBSCRIBE: subscription.refusal}


def update(
    space: Workspace, request: web.Request, raw: bytes | None, entry: Json, extra: Json
) -> Json:
    """Return the answer to a request; raise RequestRefused. `extra` is what a fault adds to it."""
    path = request.path
    body = _admitted(space, request, raw)
    found = sizes(raw or b"{}")
    bad = _bad(space.switches, path, body, found)
    told = extra.get("errors", [])
    lost = named_objects(told, DATA[path].arrays) | bad
    if "notice" not in extra:
        change = tracking.AcceptedRequest(path, body, space.now(), lost, found)
        tracking.apply(space.store, change, space.switches)
    entry["outcome"] = "notice" if "notice" in extra else "accepted"
    answer = {"message": "success", **_processed(path, body, lost), **extra}
    own = _errors(bad)
    return answer | ({"errors": [*own, *told] if isinstance(told, list) else own} if own else {})


def _admitted(space: Workspace, request: web.Request, raw: bytes | None) -> Json:
    """Return the body of a request that Braze takes as a whole; raise RequestRefused."""
    check_method(space, request)
    body = read_body(space, request, raw)
    admit_data(space, request, DATA[request.path])
    if why := _REFUSALS[request.path](body, space.switches):
        raise RequestRefused(400, why)
    return body


def _bad(
    switches: Switches, path: str, body: Json, found: Mapping[Path, int]
) -> dict[track.Place, str]:
    """Return the objects that Braze drops; raise RequestRefused where it has no others."""
    bad = track.dropped(body, found, switches) if path == TRACK else {}
    is_fatal = switches.no_valid_object == "refused"
    if bad and is_fatal and len(bad) == _count(body, DATA[path].arrays):
        raise RequestRefused(400, track.NO_DATA, more={"errors": _errors(bad)})
    return bad


def _count(body: Json, arrays: tuple[str, ...]) -> int:
    return sum(len(body.get(name, [])) for name in arrays)


def _errors(bad: Mapping[track.Place, str]) -> list[Json]:
    return [
        {"type": why, "input_array": array, "index": index} for (array, index), why in bad.items()
    ]


def named_objects(errors: Any, arrays: tuple[str, ...]) -> dict[track.Place, str]:
    """Return the objects that errors name; of one array alone, they need not say its name."""
    only = arrays[0] if len(arrays) == 1 else None
    listed = errors if isinstance(errors, list) else []
    named = [one for one in listed if isinstance(one, dict) and type(one.get("index")) is int]
    return {
        (name, one["index"]): "the errors of the answer name this object"
        for one in named
        for name in arrays
        if one.get("input_array", only) == name
    }


def _processed(path: str, body: Json, bad: Mapping[track.Place, str]) -> Json:
    """Return how many objects of each array Braze has queued, as /users/track says."""
    if path != TRACK:
        return {}
    counts = {}
    for name in track.ARRAYS:
        if name in body:
            whole = range(len(body[name]))
            counts[f"{name}_processed"] = sum((name, index) not in bad for index in whole)
    return counts
