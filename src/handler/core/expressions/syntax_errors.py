"""Syntax errors of expressions, with what was meant where the text has another language's syntax.

Loaded only where an expression cannot be read.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from jmespath.exceptions import JMESPathError

from handler.core.expressions.arguments import text_for_number
from handler.core.expressions.failed_place import TEXT, FailedPlace, masked
from handler.core.expressions.foreign_calls import translated
from handler.core.expressions.functions import Functions, signature_of
from handler.core.expressions.placeholders import ROOTS
from handler.core.expressions.syntax_brackets import (
    NAME,
    bracket,
    glued,
    named,
    nameless,
    unmarked,
)
from handler.core.expressions.syntax_words import A_FILTER, NUMBER, foreign_word, operand_value
from handler.core.invisible import blank_name

# Typographic quotes: U+2018 to U+201F, the angle quotes, and the acute accent.
_CURLY: Final = dict.fromkeys([*range(0x2018, 0x2020), 0xAB, 0xBB, 0xB4], "'")
_QUOTES: Final = "'\"`"
_GROUPED: Final = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])")
_OPENED: Final = re.compile(r"[(\[{]")  # within one a comma parts two values
_DASHED: Final = re.compile(r"[A-Za-z_]\w*(?:-\w+)+")
_STEP: Final = re.compile(r"\.(\d+)(?!\w)")
_NESTED: Final = re.compile(r"\$\{([^{}]*)\}")
_JSON_PATH: Final = re.compile(r"\$\.?(?:json\.)?(?=[A-Za-z_])|\$json\.")
_FILTER: Final = re.compile(rf"\|\s*({NAME})\s*:")
_SEPARATOR: Final = re.compile(r"\.\.+|(?<=\S)[/:](?=\S)|^[./]|::")
_PATH_ALONE: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\d*\])+", re.ASCII)
_APOSTROPHE: Final = re.compile(r"'(\w*[A-Za-z])'([A-Za-z]\w*)'")
_OWN: Final = ("a , belongs", "the , before")  # the parser's own mends
_HALF: Final = {
    "+": "`+` is written add() or concat()",
    "/": "`/` is written divide() or minor_units()",
    "*": "`*` is written multiply()",
}
_OPERATOR_LAST: Final = re.compile(r"(\|\|?|&&|[=!<>]=|[<>!])\s*$")


def worded(text: str, error: JMESPathError) -> str:
    """Return the message for an expression that cannot be read, with what was meant."""
    position = getattr(error, "lex_position", getattr(error, "lexer_position", None))
    if not text.strip():
        return "it is empty"
    if not isinstance(position, int) or position < 0 or position >= len(text):
        mend = _braced(text) or _unclosed(text) or _cut(text) or _half(text)
        return f"it ends too early{mend and f'; {mend}'}"
    rest = text[position : position + 20]
    told = getattr(error, "msg", "")
    mends = (one(FailedPlace(text, position)) for one in _MENDS)
    mend = told if told.startswith(_OWN) else next(filter(None, mends), "")
    return f"it cannot be read from character {position + 1} on: {rest}{mend and f'; {mend}'}"


def _strange(place: FailedPlace) -> str:
    """Return the mend of a character that looks like another one."""
    character = place.text[place.at]
    if ord(character) in _CURLY:
        return f"quotes are straight: {place.text.translate(_CURLY)}"
    name = blank_name(character)
    return f"that is {name}: write an ordinary blank, or nothing" if name else ""


def _dollar(place: FailedPlace) -> str:
    if not place.begins("$"):
        return ""
    if place.begins("${"):
        inner = place.text
        while (shorter := _NESTED.sub(r"\1", inner)) != inner:
            inner = shorter
        return f"within ${{...}} there is no other ${{: write {inner}"
    path = _JSON_PATH.sub("", place.text[place.at :], count=1)
    root = re.split(r"\W", path, maxsplit=1)[0]
    body = path if root in ROOTS else f"body.{path}"
    return f"a path begins with body., and has no $: {place.text[: place.at]}{body}"


def _question(place: FailedPlace) -> str:
    if not place.begins("?"):
        return ""
    if place.begins("?."):
        return f"a step of what is missing gives null by itself: {place.text.replace('?.', '.')}"
    before = place.left(place.at)
    if place.begins("??") or place.begins("?:"):
        values = [before, *re.split(r"\s*\?[?:]\s*", place.text[place.at + 2 :].strip())]
        return f"the first that is there is written coalesce({', '.join(values)})"
    condition = place.text[: place.at].strip()
    then = place.right(place.at + 1, ":?")
    colon = place.bare.find(":", place.at)
    otherwise = place.right(colon + 1, "?") if colon > 0 else "..."
    return f"`? :` is written if({condition}, {then}, {otherwise})"


def _step(place: FailedPlace) -> str:
    """Return the mend of a list's place that is written as a key: `items.0`."""
    if place.at and place.text[place.at - 1] == "." and place.text[place.at].isdigit():
        return "a place in a list is written " + _STEP.sub(r"[\1]", place.text)
    return ""


def _dash(place: FailedPlace) -> str:
    if not place.begins("-"):
        return ""
    if place.begins("->"):
        return f"a step is written with a point: {place.text.replace('->', '.')}"
    for found in _DASHED.finditer(place.bare):
        if found.start() <= place.at < found.end() and _is_key(place.bare, found):
            key = place.text[found.start() : found.end()]
            mended = f'{place.text[: found.start()]}"{key}"{place.text[found.end() :]}'
            return f"a key with - in it is quoted: {mended}"
    return _minus(place)


def _is_key(bare: str, found: re.Match[str]) -> bool:
    """Return whether a dashed word is one key: `a.b-c`, and not `a.b-body.c`."""
    last = found[0].rpartition("-")[2]
    return last not in ROOTS or not bare.startswith(".", found.end())


def _minus(place: FailedPlace) -> str:
    left, right = place.left(place.at), operand_value(place.right(place.at + 1))
    if right and not left and right[0] not in "`0123456789":
        return f"a negative value is written multiply({right}, `-1`)"
    return f"`-` is written add({left}, multiply({right}, `-1`))" if left and right else ""


def _arithmetic(place: FailedPlace) -> str:
    sign = place.text[place.at]
    if sign not in "+*/%" or place.begins("**"):
        return ""
    left, right = operand_value(place.left(place.at)), operand_value(place.right(place.at + 1))
    if not left or not right:
        return _HALF.get(sign, "")
    if sign == "+":
        if "'" in (left[0], right[0]):
            return f"`+` is written concat({left}, {right})"
        texts = ", ".join(one if one[0] == "`" else f"to_number({one})" for one in (left, right))
        return (
            f"`+` is written add({left}, {right}) of numbers, add({texts}) of numbers written as"
            f" text, concat({left}, {right}) of text"
        )
    if sign == "*":
        return f"`*` is written multiply({left}, {right})"
    return _divided(left, right) if sign == "/" else "there is no function for a remainder"


def _divided(left: str, right: str) -> str:
    tenth = re.fullmatch(r"`10(0*)`", right)
    if right == "`100`":
        cents = f"minor_units({left}, 'EUR') of cents (in its currency, such as 'EUR')"
        return f"`/` is written {cents}, else multiply({left}, `0.01`)"
    if tenth:
        return f"`/` is written multiply({left}, `0.{tenth[1]}1`)"
    return f"`/` is written divide({left}, {right})"


def _filter(place: FailedPlace) -> str:
    """Return the mend of Liquid's filter with arguments: `x | default: 'y'`."""
    found = next((one for one in _FILTER.finditer(place.bare) if one.end() - 1 == place.at), None)
    if found is None:
        return ""
    value, rest = place.text[: found.start()].strip(), place.right(place.at + 1, "|")
    mend = translated(found[1], value, list(_arguments(rest)))
    if mend is None:
        return f"there is no function for Liquid's {found[1]}: use it in the message itself"
    return f"`|` is no filter: write {mend}"


def _arguments(text: str) -> Iterator[str]:
    place, at = FailedPlace(text, 0), 0
    while at <= len(text):
        argument = place.right(at, ",")
        if argument:
            yield argument
        comma = text.find(",", at + len(argument))
        at = comma + 1 if comma >= 0 else len(text) + 1


def _path(place: FailedPlace) -> str:
    """Return the mend of a path with other signs between its steps."""
    if "select(" in place.bare:
        return A_FILTER
    mended = _SEPARATOR.sub(".", place.bare).strip(".")
    is_path = mended != place.bare and _PATH_ALONE.fullmatch(mended)
    return f"a path is written {mended}" if is_path else ""


def _surplus(place: FailedPlace) -> str:
    sign = place.text[place.at]
    opening = {")": "(", "]": "[", "}": "{"}.get(sign)
    is_surplus = opening and place.bare.count(sign) > place.bare.count(opening)
    return f"that {sign} is one too many" if is_surplus else ""


def _escaped(place: FailedPlace) -> str:
    """Return the mend of a text that its own apostrophe ends: 'it's'."""
    found = _APOSTROPHE.search(place.text)
    return f"a ' within a text is written \\': '{found[1]}\\'{found[2]}'" if found else ""


def _formatted(place: FailedPlace) -> str:
    is_prefixed = place.text[place.at] in _QUOTES and place.text[place.at - 1 : place.at] == "f"
    return "texts and values are joined by concat('Hello ', body.name)" if is_prefixed else ""


def _braces(place: FailedPlace) -> str:
    return "an empty object stands in backticks: `{}`" if "{}" in place.bare else ""


def _number(place: FailedPlace) -> str:
    number = NUMBER.match(place.text, place.at)
    if number is None:
        return ""
    name, at = place.call()
    if name in Functions.FUNCTION_TABLE and (meant := _text(place, number, name, at)):
        return f"{name}() takes a text there: {meant}"
    grouped = _GROUPED.match(place.text, place.at)
    if grouped and not _OPENED.search(place.bare, 0, place.at):
        return f"a number stands in backticks, without commas: `{grouped[0].replace(',', '')}`"
    return f"a number stands in backticks: `{number[0]}`"


def _text(place: FailedPlace, number: re.Match[str], name: str, at: int) -> str | None:
    """Return the text that a bare number is meant to be, or a duration: `2h`."""
    takes = signature_of(name)
    unit = place.bare[number.end() : number.end() + 1]
    if not unit.isalpha():
        return text_for_number(takes, at, float(number[0]))
    word = f"{number[0]}{unit}"
    fits = takes[at].get("fits") if at < len(takes) else None
    return f"'{word}'" if fits and fits(word) else None


def _quote(place: FailedPlace) -> str:
    sign = place.text[place.at]
    is_open = sign in _QUOTES and place.text.find(sign, place.at + 1) < 0
    return f"a {sign} is not closed" if is_open else ""


def _comma(place: FailedPlace) -> str:
    if mend := nameless(place):
        return mend
    is_list = place.begins(",") and "(" not in place.bare[: place.at]
    return f"a list is written [{place.text.strip()}]" if is_list else ""


def _braced(text: str) -> str:
    """Return the mend of GitHub's `${{ x }}`, or of an object without names."""
    found = re.fullmatch(r"\s*\{+\s*([^{}:]+?)\s*\}*\s*", text)
    if found is None:
        return ""
    if "," in found[1]:
        return "each value of an object has a name: {name: body.name}"
    return f"there is one pair of braces: ${{{found[1]}}}"


def _cut(text: str) -> str:
    bare = masked(text)
    return "a ] is missing" if bare.count("[") > bare.count("]") else ""


def _half(text: str) -> str:
    """Return the mend of an operator that has no value behind it."""
    found = _OPERATOR_LAST.search(masked(text))
    return f"{found[1]} has no value behind it: write one, or leave it out" if found else ""


def _unclosed(text: str) -> str:
    """Return a hint where, outside of texts, more brackets are opened than closed."""
    bare = TEXT.sub("", text)
    return "a ) is missing" if bare.count("(") > bare.count(")") else ""


_MENDS: Final[tuple[Callable[[FailedPlace], str], ...]] = (
    _formatted,
    _escaped,
    _quote,
    _strange,
    _dollar,
    _question,
    _step,
    named,
    unmarked,
    bracket,
    _filter,
    _path,
    _dash,
    foreign_word,
    glued,
    _arithmetic,
    _number,
    lambda place: _braced(place.text),
    _comma,
    _surplus,
    _braces,
    lambda place: _unclosed(place.text),
)
