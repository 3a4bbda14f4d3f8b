"""Identifiers of users: their limits, and who one object of a request is about. Pure.

After Braze's pages "Create and update users" (identifier resolution) and "User alias object".
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from relay.simulated_braze.contract import attributes

Json = dict[str, Any]

MAX_EXTERNAL_ID: Final = 987  # bytes
MAX_ALIAS: Final = 236  # bytes, of a name and of a label
PRIMARY: Final = ("external_id", "user_alias", "braze_id")
SECONDARY: Final = ("email", "phone")  # the first of them that is there identifies
# The keys of an object that say who it is about, and whether a profile is made of it.
NAMING: Final[Mapping[str, type]] = {
    "external_id": str,
    "user_alias": dict,
    "braze_id": str,
    "_update_existing_only": bool,
}
_E164: Final = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)


def is_e164(value: object) -> bool:
    """Return whether a value is a phone number as E.164 writes it."""
    return isinstance(value, str) and _E164.fullmatch(value) is not None


def alias_problems(alias: Json) -> Iterator[str]:
    """Yield what is wrong with a user alias; each check relies on those before it."""
    if alias.keys() != {"alias_name", "alias_label"}:
        yield "user_alias needs alias_name and alias_label"
    if not all(isinstance(one, str) and one.strip() for one in alias.values()):
        yield "user_alias has a blank alias_name or alias_label"
    if any(len(one.encode()) > MAX_ALIAS for one in alias.values()):
        yield "user_alias has an alias_name or alias_label over 236 bytes"


def identifier_of(one: Json) -> str | None:
    """Return the name of the key that says whose an object is; None for none."""
    return next((name for name in (*PRIMARY, *SECONDARY) if one.get(name) is not None), None)


def naming_problems(one: Json) -> Iterator[str]:
    """Yield what is wrong with the identifiers of an object; each check relies on those before."""
    for name, kind in NAMING.items():
        if name in one and type(one[name]) is not kind:
            yield f"'{name}' has the wrong type"
    if len(one.keys() & set(PRIMARY)) > 1:
        yield "only one of 'external_id', 'user_alias' and 'braze_id' is allowed"
    found = identifier_of(one)
    if found is None:
        yield "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required"
    for each in SECONDARY:
        if each in one and (why := attributes.problem(each, one[each])):
            yield why
    if found == "phone" and not is_e164(one["phone"]):
        yield "the 'phone' that identifies a user must be in E.164 format"
    yield from _primary_problems(one)


def _primary_problems(one: Json) -> Iterator[str]:
    if "user_alias" in one:
        yield from alias_problems(one["user_alias"])
    for name in ("external_id", "braze_id"):
        if not one.get(name, "-").strip():
            yield f"'{name}' is blank"
    if len(one.get("external_id", "-").encode()) > MAX_EXTERNAL_ID:
        yield "EXTERNAL_USER_ID_TOO_LARGE"
