"""Checks of who an object of users/track is about: its identifiers, and whether it makes profiles.

An object has one primary identifier, and an address beside it is an attribute of the profile that
it finds. Without one, the address finds the profile: an e-mail address before a phone number. Of
several profiles with an address Braze takes the one that was updated last, those with an external
id first; where there is none, it makes one with the address alone. Sources:
braze.com/docs/api/endpoints/user_data/post_user_track ("Identifier resolution") and
braze.com/docs/api/objects_filters/user_alias_object.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from handler.core.braze.contract.attributes import is_address
from handler.core.braze.contract.breaches import Breach
from handler.core.braze.contract.fields import check_alias
from handler.core.braze.contract.locales import is_e164
from handler.core.braze.contract.predicates import is_open
from handler.core.braze.endpoints import MAX_IDENTIFIER_BYTES
from handler.core.braze.identifiers import OTHER_IDS
from handler.core.braze.request import utf8
from handler.core.expressions.template import Template

PRIMARY: Final = ("external_id", "user_alias", "braze_id")
SECONDARY: Final = ("email", "phone")
IDENTITY: Final = (*PRIMARY, *SECONDARY)
UPDATE: Final = "_update_existing_only"
_OF_SEND: Final = "external_user_id"
_UNWRITTEN: Final = (
    f"{UPDATE} is to be written, true or false: without it Braze makes a profile for an external_id"
    " or an address that it does not know, and none for an alias"
)


def named_by(thing: Mapping[str, object]) -> str | None:
    """Return the key by which Braze finds the profile of an object; None where it has none."""
    return next((key for key in IDENTITY if key in thing), None)


def breaches(thing: Mapping[str, Template]) -> Iterator[Breach]:
    """Yield what is wrong in how an object says who it is about."""
    primary = [key for key in PRIMARY if key in thing]
    if len(primary) > 1:
        text = f"it has {' and '.join(primary)}, and Braze rejects an object with two: keep one"
        yield Breach((primary[1],), text)
    if named_by(thing) is None and _OF_SEND not in thing:  # that key is told by itself
        other = next((key for key in OTHER_IDS if key in thing), "")
        mend = other and f"; {other} is called external_id here"
        yield Breach((), f"it names nobody: it needs one of {', '.join(IDENTITY)}{mend}")
    yield from _of_identifiers(thing)
    update = thing.get(UPDATE)
    if UPDATE not in thing:
        yield Breach((), _UNWRITTEN)
    elif not isinstance(update, bool):
        text = f"{UPDATE} takes true or false, written down: no webhook decides it"
        yield Breach((UPDATE,), text)


def _of_identifiers(thing: Mapping[str, Template]) -> Iterator[Breach]:
    if "user_alias" in thing:
        for path, text in check_alias(thing["user_alias"]):
            yield Breach(path, text)
        alias = thing["user_alias"]
        if isinstance(alias, dict) and is_open(alias.get("alias_label")):
            text = "alias_label is written down, or ${vars.x}: no webhook chooses it"
            yield Breach(("user_alias", "alias_label"), text)
    for key in ("external_id", "braze_id"):
        value = thing.get(key)
        if isinstance(value, str) and len(utf8(value)) > MAX_IDENTIFIER_BYTES:
            yield Breach((key,), f"{key}: it is longer than {MAX_IDENTIFIER_BYTES} bytes")
    found_by = named_by(thing)
    if found_by in SECONDARY:
        yield from _of_address(found_by, thing[found_by])


def _of_address(name: str, value: Template) -> Iterator[Breach]:
    fits, takes = {
        "email": (is_address, "an e-mail address"),
        "phone": (is_e164, "a number in E.164, such as +4915123456789: phone() writes it so"),
    }[name]
    if not is_open(value) and not (isinstance(value, str) and fits(value)):
        yield Breach((name,), f"{name}: it takes {takes}")
