"""Mends of what is wrong in or beside brackets: keys, filters without `?`, names in objects.

Loaded only where an expression cannot be read.
"""

import re
from typing import Final

from handler.core.expressions.failed_place import FailedPlace, masked
from handler.core.expressions.functions import Functions
from handler.core.expressions.placeholders import ROOTS

NAME: Final = r"[A-Za-z_]\w*"
PLAIN: Final = re.compile(NAME, re.ASCII)
_BRACKETED: Final = re.compile(r"\[\s*(?:'([^']*)'|\"([^\"]*)\"|([A-Za-z_]\w*))\s*\]")
_CALL: Final = re.compile(rf"{NAME}\(", re.ASCII)
_COMPARES: Final = re.compile(r"(?<![=!<>])=(?![=>])")
_COMPARISON: Final = re.compile(r"[=<>]")
_LAST_OF: Final = re.compile(r"(?:last|end)\(\s*\)|(?:length|size|count|len)\(.*\)\s*-\s*1")
_KEY_BEFORE: Final = re.compile(rf"[{{,]\s*({NAME})\s*$", re.ASCII)
_QUOTED_KEY: Final = re.compile(r"'([^']*)'\s*:")
_CALLED: Final = re.compile(rf"({NAME})\s+$", re.ASCII)


def bracket(place: FailedPlace) -> str:
    """Return the mend of a key in brackets: `body['a-b']`, `tables.greetings[body.locale]`."""
    if not place.text[: place.at].rstrip().endswith("["):
        return ""
    key = place.right(place.at, "")
    if _LAST_OF.fullmatch(key):
        behind = place.text[place.at + len(key) :].lstrip()
        return f"the last of a list is written {place.text[: place.at]}-1{behind}"
    if re.split(r"\W", key, maxsplit=1)[0] in ROOTS or _CALL.match(key):
        return _looked_up(place, key)
    mended = _BRACKETED.sub(_key, place.text)
    return f"a key is written with a point: {mended}" if mended != place.text else ""


def unmarked(place: FailedPlace) -> str:
    """Return the mend of a filter without its `?`: `items[name == 'a']`, `items[name='a']`."""
    opening = place.bare.rfind("[", 0, place.at)
    before = place.bare[:opening].rstrip()
    if opening < 0 or not before or not (before[-1].isalnum() or before[-1] in '_])"'):
        return ""
    held = place.right(opening + 1, "")
    bare = masked(held)
    end = opening + 1 + place.text[opening + 1 :].index(held) + len(held)
    if "," in bare or end < place.at or held.startswith("?") or not _COMPARISON.search(bare):
        return ""
    return f"a filter begins with ?: {place.text[:opening]}[?{_compared(held)}{place.text[end:]}"


def _compared(condition: str) -> str:
    """Return a condition with `==` where it has `=`, outside of its texts."""
    found = list(_COMPARES.finditer(masked(condition)))
    for one in reversed(found):
        condition = f"{condition[: one.start()].rstrip()} == {condition[one.end() :].lstrip()}"
    return condition


def _looked_up(place: FailedPlace, key: str) -> str:
    opening = place.text.rindex("[", 0, place.at)
    table = place.left(opening)
    before = place.text[: place.text.rindex(table, 0, opening)]
    behind = place.text[place.text.index(key, place.at) + len(key) :].lstrip().removeprefix("]")
    return f"a key that is computed is looked up: {before}lookup({table}, {key}){behind}"


def _key(found: re.Match[str]) -> str:
    name = next(one for one in found.groups() if one is not None)
    step = name if PLAIN.fullmatch(name) else f'"{name}"'
    return f".{step}" if found.start() else step


def named(place: FailedPlace) -> str:
    """Return the mend of a name within an object: `{title=title}`, `{'title': title}`."""
    before = _KEY_BEFORE.search(place.bare[: place.at])
    if before and place.begins("=") and "{" in place.bare[: place.at]:
        value = place.right(place.at + 1)
        return f"a colon stands between a name and its value: {before[1]}: {value}"
    quoted = _QUOTED_KEY.match(place.text, place.at)
    if quoted is None or not place.bare[: place.at].rstrip().endswith(("{", ",")):
        return ""
    name = quoted[1] if PLAIN.fullmatch(quoted[1]) else f'"{quoted[1]}"'
    return f"a name within an object has no single quotes: {name}: ..."


def nameless(place: FailedPlace) -> str:
    """Return the mend of an object whose values have no names: `items[].{title, sku}`."""
    opening = place.bare.rfind("{", 0, place.at)
    if opening < 0 or place.bare[place.at] not in ",}" or "}" in place.bare[opening : place.at]:
        return ""
    held = place.right(opening + 1, "")
    names = [one.strip() for one in held.split(",")]
    if not all(map(PLAIN.fullmatch, names)):
        return ""
    pairs = ", ".join(f"{one}: {one}" for one in names)
    closed = place.bare.find("}", place.at)
    behind = place.text[closed + 1 :] if closed >= 0 else ""
    return f"each value of an object has a name: {place.text[:opening]}{{{pairs}}}{behind}"


def glued(place: FailedPlace) -> str:
    """Return the mend of a point that is missing behind a bracket, and of a call without any."""
    if not PLAIN.match(place.text, place.at):
        return ""
    if place.text[place.at - 1 : place.at] == "]":
        return f"a point is missing: {place.text[: place.at]}.{place.text[place.at :]}"
    called = _CALLED.search(place.bare[: place.at])
    if called is None or called[1] not in Functions.FUNCTION_TABLE:
        return ""
    return f"a call has brackets: {called[1]}({place.right(place.at)})"
