"""Withheld deliveries: those to recipients that their workspace may not reach (`only`).

In a pattern `*` stands for any text without `@`, so a pattern of ids matches no address. ASCII
letters are compared without case. Whatever cannot be compared is not listed.
"""

import re
from typing import Final

from handler.core.json_types import JsonValue
from handler.core.models import Delivery

# Stricter than Braze: it leaves an address out that it finds wrong, and mails the former one.
_ATOM: Final = r"[\w!#$%&'*+/=?^`{|}~-]+"
_ADDRESS: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@[\w.-]+", re.ASCII)
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
    attributes = recipient.get("attributes") or {}
    if not isinstance(attributes, dict) or attributes.get("push_tokens"):
        return True
    emails = _given(recipient.get("email"), attributes.get("email"))
    listed = [_is_address(one, _ADDRESS, only) for one in emails]
    phones = [_is_address(one, _PHONE, only) for one in _given(attributes.get("phone"))]
    ids = _given(recipient.get("external_user_id"), _alias(recipient))
    is_known = any(listed) or any(_is_listed(one, only) for one in ids)
    return not (is_known and all(listed) and all(phones))


def _given(*values: JsonValue) -> list[JsonValue]:
    """Return the values that name somebody: Braze takes an empty or absent one for none."""
    return [one for one in values if one not in (None, "")]


def _alias(recipient: dict[str, JsonValue]) -> JsonValue:
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
