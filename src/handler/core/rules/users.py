"""The users that a request is about: where each kind of request says who is reached."""

from collections.abc import Iterator, Mapping
from typing import Final

from handler.core.braze.contract.subscription import USERS
from handler.core.braze.contract.track import adding, counts
from handler.core.braze.contract.user_objects import IDENTITY, PRIMARY, UPDATE, named_by
from handler.core.braze.endpoints import SUBSCRIBE, TRACK
from handler.core.braze.identifiers import CONSENT, IDENTIFIERS, REACHING, REACHING_ATTRIBUTES
from handler.core.expressions.template import Template

# By kind of request, the keys that identify a user.
IDENTIFYING: Final[Mapping[str, tuple[str, ...]]] = {
    "send": IDENTIFIERS,
    TRACK.key: IDENTITY,
    SUBSCRIBE.key: USERS,
}
_ARRAYS: Final = {one.key: one.arrays for one in (TRACK, SUBSCRIBE)}
# Lists whose items are written down and all sent: each keeps its place.
FIXED_LISTS: Final = frozenset({*TRACK.arrays, *SUBSCRIBE.arrays, *USERS})
_OF_OBJECT: Final = frozenset({*PRIMARY, UPDATE, *REACHING_ATTRIBUTES})

Path = tuple[str | int, ...]
Object = Mapping[str, Template]


def objects(body: Object, kind: str) -> Iterator[tuple[Path, Object]]:
    """Yield the objects of a request's arrays with their paths in the body; none under `send`."""
    for name in _ARRAYS.get(kind, ()):
        array = body.get(name)
        for at, one in enumerate(array if isinstance(array, list) else ()):
            if isinstance(one, dict):
                yield (name, at), one


def users(body: Object, kind: str) -> Iterator[tuple[Path, Object]]:
    """Yield what names a user, with its path: a recipient itself, or each object of the arrays."""
    yield from [((), body)] if kind == "send" else objects(body, kind)


def identifiers(about: Object, kind: str) -> dict[str, Template]:
    """Return the identifiers of a recipient, or of an object of an array.

    In an object of users/track an address is one only where no other is: see `named_by`.
    """
    if kind == TRACK.key:
        key = named_by(about)
        return {} if key is None else {key: about[key]}
    return {name: about[name] for name in IDENTIFYING[kind] if name in about}


def profiles(body: Object, kind: str) -> Iterator[tuple[Path, Object]]:
    """Yield the attributes that a request writes to a profile, with their path in the body.

    An address beside an event's primary identifier is written, too.
    """
    if kind == "send":
        attributes = body.get("attributes")
        yield from [(("attributes",), attributes)] if isinstance(attributes, dict) else []
        return
    for path, one in objects(body, kind):
        own = {"attributes": one.keys(), "events": {"email", "phone"}}.get(str(path[0]), set())
        left_out = {*identifiers(one, kind), UPDATE}
        yield path, {name: one[name] for name in one if name in own and name not in left_out}


def properties(body: Object, kind: str) -> Iterator[tuple[Path, Object]]:
    """Yield the properties of each event, with their path in the body."""
    for path, event in objects(body, kind):
        given = event.get("properties") if path[0] == "events" else None
        if isinstance(given, dict):
            yield (*path, "properties"), given


def reaching(body: Object, kind: str) -> dict[str, Template]:
    """Return what in the template of a recipient, or of a body, decides who is reached.

    Of attributes that are one expression it is all: any of them could be an address. Of a change of
    subscriptions it is all, too.
    """
    if kind == SUBSCRIBE.key:
        return dict(body)
    if kind == TRACK.key:
        return {name: _deciding(body.get(name)) for name in _ARRAYS[kind] if name in body}
    who = {name: body[name] for name in REACHING if name in body}
    attributes = body.get("attributes", {})
    if isinstance(attributes, dict):
        attributes = {name: one for name, one in attributes.items() if name in REACHING_ATTRIBUTES}
    return {**who, "attributes": attributes}


def _deciding(array: Template) -> Template:
    """Return the objects of an array with those of their keys alone that decide who is reached."""
    if not isinstance(array, list):
        return array
    return [
        {name: part for name, part in one.items() if name in _OF_OBJECT}
        if isinstance(one, dict)
        else one
        for one in array
    ]


def changes_consent(body: Object, kind: str) -> bool:
    """Return whether a request of `track` or `subscribe` changes what its users agree to."""
    if kind == TRACK.key:
        return any(one.keys() & CONSENT for _, one in profiles(body, kind))
    return kind == SUBSCRIBE.key


def is_counted(body: Object, kind: str) -> bool:
    """Return whether Braze counts a request each time that it comes, so that a repeat does harm.

    Events are counted, and so is what an attribute adds to its value.
    """
    return kind == TRACK.key and counts(body)


def has_states(body: Object, kind: str) -> bool:
    """Return whether a request writes states: subscriptions, and attributes that add nothing."""
    if kind == SUBSCRIBE.key:
        return True
    return any(
        written.keys() - {*adding(written)}
        for path, written in profiles(body, kind)
        if path[0] == "attributes"
    )
