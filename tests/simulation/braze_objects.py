"""Braze's endpoints of arrays in memory: what of a request it takes, and what it refuses.

Sources: Braze, "User track" and "Update user's subscription group status (V2)". An object with a
mistake is left out, and named in `errors`; the others are taken.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from tests.simulation.faults import Fault
from tests.simulation.objects import SUBSCRIBE, TRACK, objects, parts_in, user_of

# By path: the arrays of a request, and the most objects of all of them together.
TAKES: Final = {TRACK: (("attributes", "events"), 75), SUBSCRIBE: (("subscription_groups",), 50)}
# By path: the seconds of a window, and the most requests in one.
WINDOWS: Final = {TRACK: (3, 3_000), SUBSCRIBE: (60, 5_000)}
_STRUCK: Final = "struck by a fault"
_NOWHERE: Final = 999  # a place that no array has

Refuses = Callable[[str, Mapping[str, Any]], str]  # array, object -> why, "" for a good one


class Refused(NamedTuple):
    """An object that Braze has left out of a request of this number."""

    at: float
    number: int
    array: str
    object: dict[str, Any]


class Taken(NamedTuple):
    """What Braze takes of a request, what it does not, and what its answer says of that."""

    body: dict[str, Any]
    refused: list[tuple[str, dict[str, Any]]]
    words: dict[str, Any]


def taken(body: Mapping[str, Any], refuses: Refuses, fault: Fault | None) -> Taken:
    """Return what becomes of each object.

    Faults of its own: `errors_some` refuses the first object, `errors_all` every one, and
    `errors_nowhere` takes all, and refuses a place that is not there.
    """
    kind = "" if fault is None else fault.kind
    kept: dict[str, list[Any]] = {}
    refused, errors = [], []
    for at, (array, place, each) in enumerate(objects(body)):
        struck = kind == "errors_all" or (kind == "errors_some" and at == 0)
        if why := _STRUCK if struck else refuses(array, each):
            refused.append((array, each))
            errors.append({"type": why, "input_array": array, "index": place})
        else:
            kept.setdefault(array, []).append(each)
    if kind == "errors_nowhere":
        array = next(iter(body))
        errors.append({"type": _STRUCK, "input_array": array, "index": _NOWHERE})
    words: dict[str, Any] = {f"{name}_processed": len(each) for name, each in kept.items()}
    return Taken(kept, refused, {**words, **({"errors": errors} if errors else {})})


def breach(path: str, body: Mapping[str, Any]) -> str:
    """Return what no request of the relay's may be; "" for a good one."""
    arrays, most = TAKES[path]
    if not body.keys() <= set(arrays):
        return f"{sorted(body)} on {path}"
    count = sum(1 for _ in objects(body))
    if not 0 < count <= most:
        return f"{count} objects"
    if not all(user_of(each) for _, _, each in objects(body)):
        return "an object that is about nobody, or about two"
    if path == TRACK and not all("_update_existing_only" in each for *_, each in objects(body)):
        return "an object that may make a profile, and nobody wrote so"
    users: list[str] = []
    for parts in parts_in(body).values():
        about = {user_of(each) for array in parts.values() for each in array}
        if len(about) > 1:
            return "two users in one delivery"
        users += about
    return "one user twice in a request" if len(set(users)) < len(users) else ""
