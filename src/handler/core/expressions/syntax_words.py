"""Mends of words and signs of other languages that stand for an operator: `x is null`, `=>`.

Loaded only where an expression cannot be read.
"""

import re
from typing import Final

from handler.core.expressions.failed_place import FailedPlace
from handler.core.expressions.foreign_calls import translated
from handler.core.expressions.syntax_brackets import NAME

_SPELT: Final = {
    "and": "`and` is written &&",
    "or": "`or` is written ||",
    "not": "`not` is written !( )",
    "is": "`is` is written ==, and null stands in backticks: `null`",
    "in": "`in` is written contains(list, value)",
    "&": "`and` is written &&",
    ";": "an expression has no end of its own: leave the ; out",
    "=>": "what is taken of each element is written body.items[].title, or map(&title, body.items)",
    "=~": "there are no regular expressions: contains() and starts_with() look for text",
    "=": "equal is written ==",
}
_SPELT_AS: Final = re.compile(r"(?:and|or|not|is|in)\b|=>|=~|[=;]|&(?!&)", re.IGNORECASE)
_WORD_CALLS: Final = re.compile(
    r"(contains|includes|startswith|endswith|starts_with|ends_with|like|matches)\b", re.IGNORECASE
)
_IS: Final = re.compile(r"is\s+(not\s+)?(?:null|none|nil|undefined|empty)\b", re.IGNORECASE)
_IN: Final = re.compile(r"(not\s+)?in\b\s*(.*)", re.IGNORECASE | re.DOTALL)
_BEFORE: Final = re.compile(r"\b(not|unless|typeof|new|if)\s+$", re.IGNORECASE)
_BETWEEN: Final = re.compile(r"between\s+(\S+)\s+and\s+([^\s)]+)", re.IGNORECASE)
_PATTERN: Final = re.compile(r"[.^$*+?()\[\]{}|\\]")
_FINDING: Final = re.compile(r"\.(?:find|filter|some|every|any|all|where|select)\(\s*\(?\w+\)?\s*$")
_EACH: Final = re.compile(rf"(?:for\s+)?{NAME}\s+in\s+\S+", re.ASCII)
_VALUE_NEXT: Final = re.compile(r"=[<>]\s*[-\d`'\"]")
_UNEQUAL: Final = re.compile(r"(?:<>|!==)$")  # SQL's, and JavaScript's
_IF_ELSE: Final = re.compile(r"(.+?)\s+if\s+(.+?)\s+else\s+(.+)", re.DOTALL)
_IF_THEN: Final = re.compile(r"if\s+(.+?)\s+then\s+(.+?)\s+else\s+(.+?)(?:\s+end)?", re.DOTALL)
A_FILTER: Final = "a filter is written body.items[?name == 'a']"
NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")


def foreign_word(place: FailedPlace) -> str:
    """Return the mend of a word that stands for an operator."""
    if before := _BEFORE.search(place.bare[: place.at]):
        return _prefixed(place, before[1].lower())
    if place.begins("if ") and (parts := _IF_ELSE.fullmatch(place.text)):
        return f"it is written if({parts[2]}, {parts[1]}, {parts[3]})"
    if mend := _comparing(place, place.left(place.at)):
        return mend
    if mend := _reversed_sign(place):
        return mend
    if place.begins(";") and place.call()[0]:
        return "a comma stands between arguments, and no ;"
    spelt = _SPELT_AS.match(place.bare, place.at)
    return _SPELT[spelt[0].lower()] if spelt else ""


def _reversed_sign(place: FailedPlace) -> str:
    """Return the mend of `=>` and `=<` before a value, and of an arrow within `find()`."""
    if _VALUE_NEXT.match(place.text, place.at):
        sign = place.text[place.at + 1]
        return f"at {'least' if sign == '>' else 'most'} is written {sign}="
    is_finding = place.begins("=>") and _FINDING.search(place.bare[: place.at])
    return A_FILTER if is_finding else ""


def _comparing(place: FailedPlace, left: str) -> str:
    """Return the mend of a comparison in words or in another language's signs."""
    if found := _IS.match(place.bare, place.at):
        return f"it is written {left} {'!=' if found[1] else '=='} `null`"
    if _EACH.fullmatch(place.bare):
        return f"the list stands alone, and each of it is item: {place.right(place.at + 2)}"
    if (found := _IN.match(place.bare, place.at)) and (held := place.right(found.start(2), ",|&")):
        call = f"contains({f'[{held[1:-1]}]' if held.startswith('(') else held}, {left})"
        return f"it is written {f'!({call})' if found[1] else call}"
    if found := _WORD_CALLS.match(place.bare, place.at):
        return _called(found[1], left, place.right(found.end()))
    if found := _BETWEEN.match(place.bare, place.at):
        least, most = map(operand_value, found.groups())
        return f"it is written {left} >= {least} && {left} <= {most}"
    is_unequal = _UNEQUAL.search(place.bare[: place.at + 1])
    return "unequal is written !=" if is_unequal else ""


def _called(word: str, left: str, sought: str) -> str:
    if word.lower() == "matches" and _PATTERN.search(sought):
        return _SPELT["=~"]
    name = {"like": "contains", "matches": "contains"}.get(word.lower(), word)
    return f"it is written {translated(name, left, [sought.replace('%', '')])}"


def _prefixed(place: FailedPlace, word: str) -> str:
    """Return the mend of a word before its operand: `not x`, `typeof x`, `if x then y else z`."""
    if word == "if":
        parts = _IF_THEN.fullmatch(place.text.strip())
        then = f"{parts[1]}, {parts[2]}, {parts[3]}" if parts else "condition, 'then', 'else'"
        return f"it is written if({then})"
    if word == "new":
        return "there are no objects to make: time(received_at) is when the webhook came"
    operand = re.split(
        r"\s(?:and|or)\b", place.right(place.at, ",|&="), maxsplit=1, flags=re.IGNORECASE
    )[0]
    if word == "typeof":
        return f"`typeof` is written type({operand.strip()})"
    return f"`{word}` is written !({operand})"


def operand_value(operand: str) -> str:
    """Return an operand as it is written: a number in backticks."""
    return f"`{operand}`" if NUMBER.fullmatch(operand) else operand
