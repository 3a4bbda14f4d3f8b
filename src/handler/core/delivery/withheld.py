"""Withheld deliveries: those to recipients that their workspace may not reach (`only`).

In a pattern `*` stands for any text without `@`, so a pattern of ids matches no address. ASCII
letters are compared without case. Whatever cannot be compared is not listed.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from handler.core.braze.endpoints import SUBSCRIBE, endpoint_of
from handler.core.braze.identifiers import IDENTIFIERS
from handler.core.braze.request import written
from handler.core.json_types import JsonValue
from handler.core.models import Delivery

# Stricter than Braze: it leaves an address out that it finds wrong, and mails the former one.
_ATOM: Final = r"[\w!#$%&'*+/=?^`{|}~-]+"
_ADDRESS: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@[\w.-]+", re.ASCII)
_IDS: Final = ("external_user_id", "external_id", "braze_id")
# What an object of users/track is about: the first of them ("User track").
_PRIMARY: Final = ("external_id", "user_alias", "braze_id")
_ADDRESSES: Final = ("email", "phone", "push_tokens")
_LISTS: Final = ("external_ids", "emails", "phones")  # of a subscription group
_PHONE: Final = re.compile(r"\+[1-9][0-9]{4,14}", re.ASCII)


def is_withheld(delivery: Delivery, only: tuple[str, ...] | None) -> bool:
    """Return whether a delivery may reach somebody who is not on its workspace's list.

    Each address in the request has to be listed, and the profile known by one value at least: its
    identifier, or the e-mail address that the request gives it. A broadcast names nobody, and a
    push token has nothing to compare.
    """
    if only is None:
        return False
    recipient = delivery.recipient
    if recipient is None or delivery.send.get("broadcast"):
        return True
    at = endpoint_of(delivery.path)
    if at is not None and at.arrays:
        users = _users(recipient)
        return not (users and all(_is_reached(named, only) for named in users))
    attributes = recipient.get("attributes") or {}
    if not isinstance(attributes, dict):
        return True
    named = [_of(recipient, IDENTIFIERS), _of(attributes, _ADDRESSES)]
    return not _is_reached(named, only)


def _users(recipient: Mapping[str, JsonValue]) -> list[list[Mapping[str, JsonValue]]]:
    """Return the objects of a delivery's arrays, together where their identifier is the same."""
    users: defaultdict[str, list[Mapping[str, JsonValue]]] = defaultdict(list)
    for name, array in recipient.items():
        naming = _LISTS if name == SUBSCRIBE.arrays[0] else (*_PRIMARY, *_ADDRESSES)
        for one in array if isinstance(array, list) else ():
            about = _of(one if isinstance(one, dict) else {}, naming)
            who = next((about[each] for each in naming if about.get(each)), None)
            users[written(who)].append(about)
    return [*users.values()]


def _of(about: Mapping[str, JsonValue], names: Sequence[str]) -> Mapping[str, JsonValue]:
    """Return what names a user: an attribute that is called so names nobody."""
    return {name: one for name, one in about.items() if name in names}


def _is_reached(named: Sequence[Mapping[str, JsonValue]], only: tuple[str, ...]) -> bool:
    """Return whether a user is known to be listed, by all that names it in a request."""
    emails = [
        one for each in named for one in (*_given(each.get("email")), *_all(each.get("emails")))
    ]
    phones = [
        one for each in named for one in (*_given(each.get("phone")), *_all(each.get("phones")))
    ]
    ids = [one for each in named for one in _given(*(each.get(name) for name in _IDS))]
    ids += _given(*(_alias(each) for each in named))
    many = [one for each in named for one in _all(each.get("external_ids"))]
    listed = [_is_address(one, _ADDRESS, only) for one in emails]
    numbers = [_is_address(one, _PHONE, only) for one in phones]
    is_known = any(listed) or any(_is_listed(one, only) for one in (*ids, *many))
    # A number makes nobody known but who is named by it alone: mail goes to whatever address.
    is_known = is_known or (bool(phones) and not (emails or ids or many))
    others = all(numbers) and all(_is_listed(one, only) for one in many)
    return is_known and all(listed) and others and not any(one.get("push_tokens") for one in named)


def _given(*values: JsonValue) -> list[JsonValue]:
    """Return the values that name somebody: Braze takes an empty or absent one for none."""
    return [one for one in values if one not in (None, "")]


def _all(value: JsonValue) -> list[JsonValue]:
    """Return the users in a list of them, or the one that stands in its place."""
    return _given(*value) if isinstance(value, list) else _given(value)


def _alias(recipient: Mapping[str, JsonValue]) -> JsonValue:
    alias = recipient.get("user_alias")
    return alias.get("alias_name") if isinstance(alias, dict) else alias


def _is_address(value: JsonValue, form: re.Pattern[str], only: tuple[str, ...]) -> bool:
    return isinstance(value, str) and bool(form.fullmatch(value)) and _is_listed(value, only)


def _is_listed(value: JsonValue, only: tuple[str, ...]) -> bool:
    return isinstance(value, str) and any(_matches(value, pattern) for pattern in only)


def _matches(value: str, pattern: str) -> bool:
    """Return whether a value matches a pattern, in time that grows with its length alone."""
    text, first, *rest = [_folded(one) for one in (value, *pattern.split("*"))]
    if not rest:
        return text == first
    *middle, last = rest
    if not text.startswith(first) or text.count(b"@") != pattern.count("@"):
        return False
    at = len(first)
    for part in middle:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return text.endswith(last) and len(text) - len(last) >= at


def _folded(text: str) -> bytes:
    """Return text in UTF-8, its ASCII letters small: other letters may be another's."""
    return text.encode("utf-8", "surrogatepass").lower()
