"""Changes by requests without a message: attributes, events, states of subscription groups. Pure.

After Braze's pages "Create and update users" and "Update user's subscription group status (V2)".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from relay.simulated_braze.contract.attributes import is_dropped
from relay.simulated_braze.contract.body import bad_attributes
from relay.simulated_braze.contract.endpoints import SUBSCRIBE, TRACK
from relay.simulated_braze.contract.identifiers import NAMING, SECONDARY, identifier_of
from relay.simulated_braze.contract.sizes import Path
from relay.simulated_braze.contract.subscription import GROUPS, kind_of, users_of
from relay.simulated_braze.contract.track import Place, attributes_in, moment, objects
from relay.simulated_braze.orphans import ATTRIBUTES
from relay.simulated_braze.profiles import UNIDENTIFIED, Json
from relay.simulated_braze.store import Store
from relay.simulated_braze.switches import Switches

_EXISTING: Final = "_update_existing_only"
_NOBODY: Final = "no profile has it"
_NOBODY_YET: Final = "no profile has it, and no state is kept for one that comes"


@dataclass(frozen=True, slots=True)
class AcceptedRequest:
    """An accepted request: its path, body and time, and the objects that are not carried out.

    `dropped` says of each of these why; `sizes` are the bytes of the body's parts.
    """

    path: str
    body: Json
    time: float
    dropped: Mapping[Place, str]
    sizes: Mapping[Path, int]

    @property
    def stamp(self) -> Json:
        """What its records and the profiles' history have in common."""
        return {"dispatch_id": None, "time": self.time, "cause": f"POST {self.path}"}


def apply(store: Store, change: AcceptedRequest, switches: Switches) -> None:
    """Carry a request out, object by object in Braze's order."""
    act = {TRACK: _track, SUBSCRIBE: _subscribe}[change.path]
    for entry in act(store, change, switches):
        store.updates.append({"time": change.time, "path": change.path, **entry})


def _track(store: Store, change: AcceptedRequest, switches: Switches) -> Iterator[Json]:
    for place, one in objects(change.body):
        because = change.dropped.get(place)
        user = None
        if because is None:
            user, because = _user(store, place[0], one, switches)
        before = store.profiles.current.get(user or "")
        if user is not None:
            _write(store, change, place, user, switches)
        yield _entry(place, one, user, because) | {
            "profile_before": before,
            "profile_after": store.profiles.current.get(user or ""),
        }


def _entry(place: Place, one: Any, user: str | None, because: str | None) -> Json:
    return {
        "array": place[0],
        "index": place[1],
        "object": one,
        "external_id": user,
        "applied": because is None,
        "because": because,
    }


def _write(
    store: Store, change: AcceptedRequest, place: Place, user: str, switches: Switches
) -> None:
    """Write an object to a user's profile, which is made where it is not there."""
    array, one = place[0], change.body[place[0]][place[1]]
    given = attributes_in(array, one)
    passed_over = {identifier_of(one)} | bad_attributes(given).keys()  # bad: by the switch
    given = {
        name: value
        for name, value in given.items()
        if name not in passed_over
        and not is_dropped(name, value, change.sizes.get((*place, name), 0))
    }
    if user not in store.profiles.current:
        given |= _named(one)
    if given or user not in store.profiles.current:
        store.profiles.write(user, given, change.stamp, switches)
    if array != "attributes":
        store.record(user, array, _recorded(array, one, change.time))


def _named(one: Json) -> Json:
    """Return what a profile is made with that is found by something else than an external id."""
    name = identifier_of(one) or ""
    return {"user_alias": {"user_aliases": [one.get(name)]}, "external_id": {}}.get(
        name, {name: one.get(name)} if name in SECONDARY else {}
    )


def _recorded(array: str, one: Json, now: float) -> Json:
    """Return an event or purchase as it is kept; a time to come becomes the present."""
    skipped = {*NAMING, *SECONDARY}
    kept = {name: value for name, value in one.items() if name not in skipped}
    if array == "events":
        kept["name"] = kept["name"].strip()
    at = moment(one["time"])
    return {**kept, "time": now if at is None else min(at, now), "received": now}


def _user(store: Store, array: str, one: Json, switches: Switches) -> tuple[str | None, str | None]:
    """Return the key of the profile that exists or is made, or else why there is none."""
    name = identifier_of(one)
    if name is None:
        return f"{UNIDENTIFIED}token {one['push_tokens'][0]['token']}", None
    found = _known(store, name, one[name])
    if found is not None:
        return found, None
    if one.get(_EXISTING) is True or name == "braze_id":
        return None, f"unknown {name}"
    if name == "user_alias" and not _makes_alias(array, one, switches):
        return None, "unknown user_alias, which is dropped without a word"
    alias = one.get("user_alias", {})
    made = f"{alias.get('alias_label')}: {alias.get('alias_name')}" if alias else one[name]
    return made if name == "external_id" else UNIDENTIFIED + made, None


def _makes_alias(array: str, one: Json, switches: Switches) -> bool:
    """Return whether an object makes a profile of an unknown alias."""
    may = array == "attributes" or switches.unknown_alias_of_event == "created"
    return may and one.get(_EXISTING) is False


def _known(store: Store, name: str, value: Any) -> str | None:
    """Return the key of the profile that an identifier finds."""
    profiles = store.profiles
    if name == "external_id":
        return value if value in profiles.current else None
    if name == "user_alias":
        return profiles.by_alias(value)
    if name == "braze_id":
        found = [user for user, one in profiles.current.items() if one.get(name) == value]
    else:
        found = profiles.having(name, value)
    identified = [user for user in found if not user.startswith(UNIDENTIFIED)]
    return next(reversed(identified or found), None)  # the most recently updated one


def _subscribe(store: Store, change: AcceptedRequest, switches: Switches) -> Iterator[Json]:
    for index, one in enumerate(change.body[GROUPS]):
        because = change.dropped.get((GROUPS, index))
        reached = [] if because else list(_set_state(store, change, one, switches))
        if because is None and not reached:
            because = _NOBODY if _keeps(one) else _NOBODY_YET
        yield _entry((GROUPS, index), one, None, because) | {"users": reached}


def _keeps(one: Json) -> bool:
    """Return whether the state is kept for the profile that is given the address or number."""
    return kind_of(one) in ATTRIBUTES and not one.get("use_double_opt_in_logic")


def _set_state(
    store: Store, change: AcceptedRequest, one: Json, switches: Switches
) -> Iterator[str]:
    """Set the state of a group for all whom an object names; yield the profiles."""
    names = ("subscription_group_id", "subscription_state")
    group = {name: one[name] for name in names}
    attribute = ATTRIBUTES.get(kind_of(one))
    for value in users_of(one):
        if attribute is None:
            found = [value] if value in store.profiles.current else []
        else:
            found = store.profiles.having(attribute, value)
        if not found and attribute and _keeps(one):
            store.profiles.orphans.keep(attribute, value, group, change.time)
        for user in found:
            store.profiles.write(user, {GROUPS: [group]}, change.stamp, switches)
            yield user
