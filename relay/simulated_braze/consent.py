"""Consent as Braze shares it between profiles: by e-mail address and by phone number. Pure.

After Braze's pages "Subscription status", "Duplicate emails" and "SMS and RCS subscription groups".
A changed global state of e-mail goes to the profiles with the same address, and a changed state of
a subscription group to those with the same address or number, 100 at most. A profile that is given
an address or number of another takes over that one's states. Braze does not say whether a state
that a profile is made with is a changed one: here it is.

Which channel a subscription group is for is not known here, so that each goes by both.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from relay.simulated_braze.switches import Switches

Json = dict[str, Any]

_STATE: Final = "email_subscribe"
_GROUPS: Final = "subscription_groups"
_DEFAULT: Final = "subscribed"  # of a profile that says nothing
_MOST: Final = 100  # "up to 100 profiles per change"


def brought(old: Json, new: Json, others: Iterable[Json], switches: Switches) -> Json:
    """Return the states that a changed address or number brings to a profile."""
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
    return mine.casefold() == theirs.casefold()  # addresses, that is; numbers have no case


def _owner(name: str, new: Json, others: Iterable[Json]) -> Json | None:
    return next((it for it in others if _is_same(name, it, new)), None)


def _inherited(owner: Json | None, switches: Switches) -> str | None:
    """Return the global state that goes with a changed address; None where it stays as it is."""
    if switches.changed_email == "resubscribes":
        return _DEFAULT
    if owner is not None:
        state: str = owner.get(_STATE, _DEFAULT)
        return state
    return _DEFAULT if switches.unshared_email == "subscribed" else None


def written(profile: Json, given: Json) -> Json:
    """Return given attributes, the groups among them put over those that the profile has."""
    return {**given, **_with_groups(profile, given.get(_GROUPS))}


def _with_groups(profile: Json, given: object) -> Json:
    if not isinstance(given, list):
        return {}
    return {_GROUPS: list({**_groups(profile.get(_GROUPS)), **_groups(given)}.values())}


def _groups(value: object) -> dict[str, Json]:
    return {it["subscription_group_id"]: it for it in value} if isinstance(value, list) else {}


def changed(before: Json | None, given: Json) -> Json:
    """Return which of the states given are other ones than before; None: the profile is new."""
    told: Json = {}
    old = before or {}
    if (state := given.get(_STATE)) and (before is None or state != old.get(_STATE, _DEFAULT)):
        told[_STATE] = state
    known = _groups(old.get(_GROUPS))
    if groups := [it for key, it in _groups(given.get(_GROUPS)).items() if it != known.get(key)]:
        told[_GROUPS] = groups
    return told


def copies(states: Json, of: Json, others: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """Yield the profiles that changed states are copied to, each as it is then."""
    follow = ((user, it, _shared(states, of, it)) for user, it in others.items())
    for user, profile, shared in islice((it for it in follow if it[2]), _MOST):
        yield user, {**profile, **written(profile, shared)}


def _shared(states: Json, one: Json, other: Json) -> Json:
    if _is_same("email", one, other):
        return states
    if _GROUPS in states and _is_same("phone", one, other):
        return {_GROUPS: states[_GROUPS]}
    return {}
