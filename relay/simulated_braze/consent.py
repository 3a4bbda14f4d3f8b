"""Consent as Braze shares it between profiles: by e-mail address and by phone number. Pure.

After Braze's pages "Subscription status", "Duplicate emails" and "SMS and RCS subscription groups".
A changed global state of e-mail is copied to the profiles with the same address, and a changed
state of a subscription group to those with the same address or number, 100 at most. A profile that
gets the address or number of another takes over that one's states. Braze does not say whether the
state that a profile is made with is a changed one: here it is.

The channel of a subscription group is not known here, so each group is shared by both.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from relay.simulated_braze.switches import Switches

Json = dict[str, Any]

_STATE: Final = "email_subscribe"
_GROUPS: Final = "subscription_groups"
_DEFAULT: Final = "subscribed"  # of a profile without a state
_MOST: Final = 100  # "up to 100 profiles per change"


def brought(old: Json, new: Json, others: Iterable[Json], switches: Switches) -> Json:
    """Return the states that a profile takes over with a changed address or number."""
    known = list(others)
    states: Json = {}
    if _is_given("email", old, new):
        owner = _owner("email", new, known)
        state = _inherited(owner, switches)
        if state not in (None, old.get(_STATE, _DEFAULT)):
            states[_STATE] = state
        if owner and switches.changed_email == "inherits":
            states |= _with_groups(old, owner.get(_GROUPS))
    if _is_given("phone", old, new) and (owner := _owner("phone", new, known)):
        states |= _with_groups({**old, **states}, owner.get(_GROUPS))
    return states


def _is_given(name: str, old: Json, new: Json) -> bool:
    return bool(new.get(name)) and not _is_same(name, old, new)


def _is_same(name: str, one: Json, other: Json) -> bool:
    mine, theirs = one.get(name), other.get(name)
    if not isinstance(mine, str) or not isinstance(theirs, str):
        return False
    return mine.casefold() == theirs.casefold()  # for addresses; numbers have no case


def _owner(name: str, new: Json, others: Iterable[Json]) -> Json | None:
    return next((one for one in others if _is_same(name, one, new)), None)


def _inherited(owner: Json | None, switches: Switches) -> str | None:
    """Return the global state that comes with a changed address; None where it stays."""
    if switches.changed_email == "resubscribes":
        return _DEFAULT
    if owner is not None:
        state: str = owner.get(_STATE, _DEFAULT)
        return state
    return _DEFAULT if switches.unshared_email == "subscribed" else None


def written(profile: Json, given: Json) -> Json:
    """Return given attributes, with their groups merged into those of the profile."""
    return {**given, **_with_groups(profile, given.get(_GROUPS))}


def _with_groups(profile: Json, given: object) -> Json:
    if not isinstance(given, list):
        return {}
    return {_GROUPS: list({**_groups(profile.get(_GROUPS)), **_groups(given)}.values())}


def _groups(value: object) -> dict[str, Json]:
    return {one["subscription_group_id"]: one for one in value} if isinstance(value, list) else {}


def changed(before: Json | None, given: Json) -> Json:
    """Return the given states that differ from those before; None: the profile is new."""
    found: Json = {}
    old = before or {}
    if (state := given.get(_STATE)) and (before is None or state != old.get(_STATE, _DEFAULT)):
        found[_STATE] = state
    known = _groups(old.get(_GROUPS))
    if groups := [one for key, one in _groups(given.get(_GROUPS)).items() if one != known.get(key)]:
        found[_GROUPS] = groups
    return found


def copies(states: Json, of: Json, others: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """Yield the profiles that changed states are copied to, each as it is afterwards."""
    follow = ((user, one, _shared(states, of, one)) for user, one in others.items())
    for user, profile, shared in islice((one for one in follow if one[2]), _MOST):
        yield user, {**profile, **written(profile, shared)}


def _shared(states: Json, one: Json, other: Json) -> Json:
    if _is_same("email", one, other):
        return states
    if _GROUPS in states and _is_same("phone", one, other):
        return {_GROUPS: states[_GROUPS]}
    return {}
