"""Objects in the arrays of a request: whom each is about, and which delivery it is a part of.

A subscription group takes no field of one's own. There the spelling of the address tells choices
of one person apart: the nth has its nth letter as a capital, which makes no difference to Braze.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

ARRAYS: Final = ("attributes", "events", "subscription_groups")
TRACK: Final = "/users/track"
SUBSCRIBE: Final = "/v2/subscription/status/set"
CONSENT: Final = "consent"  # the rule whose objects are named by their spelling
_PRIMARY: Final = ("external_id", "user_alias", "braze_id")

Key = tuple[str, int, str]  # rule, number of the webhook or of the person, seat
Parts = dict[str, list[dict[str, Any]]]  # objects by array


def objects(body: Mapping[str, Any]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Yield each object of a request with its array, and its place there; none of a send."""
    for name in ARRAYS:
        array = body.get(name)
        for place, each in enumerate(array if isinstance(array, list) else ()):
            yield name, place, each


def parts_in(body: Mapping[str, Any]) -> dict[Key, Parts]:
    """Return the objects of each delivery in a request, by array."""
    found: dict[Key, Parts] = defaultdict(dict)
    for name, _, each in objects(body):
        found[key_of(each)].setdefault(name, []).append(each)
    return found


def named(each: Mapping[str, Any]) -> str:
    """Return an object as text: each is of one delivery alone."""
    return json.dumps(each, sort_keys=True)


def user_of(each: Mapping[str, Any]) -> str:
    """Return whom an object is about; "" where it does not say so, or names two."""
    named = [name for name in _PRIMARY if each.get(name)]
    if len(named) > 1:
        return ""
    if named:
        return json.dumps([named[0], each[named[0]]])
    address = each.get("email") or "".join(each.get("emails", ()))
    return address.lower()


def key_of(each: Mapping[str, Any]) -> Key:
    """Return the key of the delivery that an object is a part of."""
    if "emails" in each:
        return CONSENT, *person_of("".join(each["emails"]))
    own = each.get("properties", each)
    rule, number, *seat = str(own.get("of") or own.get("metadata", {})["of"]).split("/")
    return rule, int(number), "".join(seat)


def spelled(person: int, nth: int) -> str:
    """Return a person's address in the spelling of their nth choice, counted from 1."""
    address = f"canary-{person}@canary.example.org"
    letters = [at for at, letter in enumerate(address) if letter.isalpha()]
    at = letters[nth - 1]
    return address[:at] + address[at].upper() + address[at + 1 :]


def person_of(address: str) -> tuple[int, str]:
    """Return the person that an address is of, and the number of the choice, as a seat."""
    letters = [letter for letter in address if letter.isalpha()]
    nth = next(at for at, letter in enumerate(letters, 1) if letter.isupper())
    return int("".join(filter(str.isdigit, address))), str(nth)
