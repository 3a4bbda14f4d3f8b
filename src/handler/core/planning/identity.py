"""Identifiers as they are sent: text, cast by the relay; without a user nothing is sent."""

from collections.abc import Collection
from typing import Final

from handler.core.braze.contract.attributes import is_address
from handler.core.braze.contract.fields import MAX_ALIAS_BYTES
from handler.core.braze.contract.locales import is_e164
from handler.core.braze.endpoints import MAX_IDENTIFIER_BYTES
from handler.core.braze.identifiers import ALIAS_KEYS
from handler.core.braze.request import utf8
from handler.core.errors import ExpressionError, Unrenderable
from handler.core.expressions.blanks import names_nothing
from handler.core.expressions.defines import Roots
from handler.core.expressions.scalars import written
from handler.core.expressions.template import Template, Text, expressions
from handler.core.json_types import JsonValue

# Odoo, for one, writes false for what is missing; text() makes a text of it. As a part of an
# identifier it may be meant.
_BOOLEANS: Final = ("true", "false")
_ADDRESSES: Final = ("email", "emails")
_NUMBERS: Final = ("phone", "phones")


Recipient = dict[str, JsonValue]


def take_signed(names: Collection[str], given: Recipient, signed: Recipient) -> Recipient:
    """Return an object whose values under these names are the signed ones, or absent."""
    kept = {name: one for name, one in given.items() if name not in names or name in signed}
    return kept | {name: signed[name] for name in names if name in signed}


def identifier(name: str, value: JsonValue, path: str) -> JsonValue:
    """Return an identifier as it is sent; raise Unrenderable where it is missing or malformed.

    `name` is Braze's name for it, `path` its place in the request.
    """
    if name == "user_alias":
        alias = value if isinstance(value, dict) else {}
        parts = ((key, f"{path}.{key}") for key in ALIAS_KEYS)
        return {key: _cast(alias.get(key), place, MAX_ALIAS_BYTES) for key, place in parts}
    text = _cast(value, path, MAX_IDENTIFIER_BYTES, is_stripped=name in _ADDRESSES)
    if name in _ADDRESSES and not is_address(text):
        raise Unrenderable(path, "it is no e-mail address")
    if name in _NUMBERS and not is_e164(text):
        raise Unrenderable(path, "it is no phone number in E.164, as phone() writes it")
    return text


def compared(name: str, value: JsonValue) -> JsonValue:
    """Return an identifier for comparison: two spellings of an address are one user."""
    return value.lower() if name in _ADDRESSES and isinstance(value, str) else value


def find_nobody(path: str, template: Template, signed: Roots) -> None:
    """Raise Unrenderable where a part of an identifier is missing: `woo-0` is no customer."""
    for expression in expressions(template) if isinstance(template, Text) else ():
        try:
            value = expression.search(signed)
        except ExpressionError:
            return  # refused where the text is filled
        if isinstance(value, list | dict):
            return  # likewise
        if names_nothing(written(value)):
            raise Unrenderable(
                path, "a part of it is missing, and without it nobody can be reached"
            )


def _cast(value: JsonValue, path: str, most: int, *, is_stripped: bool = False) -> str:
    is_broken = isinstance(value, float) and not value.is_integer()
    if is_broken or isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise Unrenderable(path, "an identifier is text or a whole number")
    text = "" if value is None else written(value)
    text = text.strip() if is_stripped else text
    if names_nothing(text) or text.strip().lower() in _BOOLEANS:
        raise Unrenderable(path, "it is missing, and without it nobody can be reached")
    if len(utf8(text)) > most:
        raise Unrenderable(path, f"it is longer than {most} bytes")
    return text
