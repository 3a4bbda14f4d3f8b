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
from handler.core.invisible import blank_name

# Typographic quotes: U+2018 to U+201F, the angle quotes, and the acute accent.
_CURLY: Final = dict.fromkeys([*range(0x2018, 0x2020), 0xAB, 0xBB, 0xB4], "'")
_QUOTES: Final = "'\"`"
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
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
_OWN: Final = ("a , belongs", "the , before")  # the parser's own mends
_A_FILTER: Final = "a filter is written body.items[?name == 'a']"
_HALF: Final = {
    "+": "`+` is written add() or concat()",
    "/": "`/` is written divide() or minor_units()",
    "*": "`*` is written multiply()",
}
_SPELT_AS: Final = re.compile(r"(?:and|or|not|is|in)\b|=>|=~|[=;]|&(?!&)", re.IGNORECASE)
_WORD_CALLS: Final = re.compile(
    r"(contains|includes|startswith|endswith|starts_with|ends_with|like|matches)\b", re.IGNORECASE
)
_IS: Final = re.compile(r"is\s+(not\s+)?(?:null|none|nil|undefined|empty)\b", re.IGNORECASE)
_IN: Final = re.compile(r"(not\s+)?in\b\s*(.*)", re.IGNORECASE | re.DOTALL)
_BEFORE: Final = re.compile(r"\b(not|unless|typeof|new|if)\s+$", re.IGNORECASE)
_BETWEEN: Final = re.compile(r"between\s+(\S+)\s+and\s+([^\s)]+)", re.IGNORECASE)
_OPERATOR_LAST: Final = re.compile(r"(\|\|?|&&|[=!<>]=|[<>!])\s*$")
_PATTERN: Final = re.compile(r"[.^$*+?()\[\]{}|\\]")
_FINDING: Final = re.compile(r"\.(?:find|filter|some|every|any|all|where|select)\(\s*\(?\w+\)?\s*$")
_EACH: Final = re.compile(rf"(?:for\s+)?{NAME}\s+in\s+\S+", re.ASCII)
_VALUE_NEXT: Final = re.compile(r"=[<>]\s*[-\d`'\"]")
_UNEQUAL: Final = re.compile(r"(?:<>|!==)$")  # SQL's, and JavaScript's
_IF_ELSE: Final = re.compile(r"(.+?)\s+if\s+(.+?)\s+else\s+(.+)", re.DOTALL)
_IF_THEN: Final = re.compile(r"if\s+(.+?)\s+then\s+(.+?)\s+else\s+(.+?)(?:\s+end)?", re.DOTALL)


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
    left, right = place.left(place.at), _value(place.right(place.at + 1))
    if right and not left and right[0] not in "`0123456789":
        return f"a negative value is written multiply({right}, `-1`)"
    return f"`-` is written add({left}, multiply({right}, `-1`))" if left and right else ""


def _arithmetic(place: FailedPlace) -> str:
    sign = place.text[place.at]
    if sign not in "+*/%" or place.begins("**"):
        return ""
    left, right = _value(place.left(place.at)), _value(place.right(place.at + 1))
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


def _value(operand: str) -> str:
    return f"`{operand}`" if _NUMBER.fullmatch(operand) else operand


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


def _word(place: FailedPlace) -> str:
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
    word = _SPELT_AS.match(place.bare, place.at)
    return _SPELT[word[0].lower()] if word else ""


def _reversed_sign(place: FailedPlace) -> str:
    """Return the mend of `=>` and `=<` before a value, and of an arrow within `find()`."""
    if _VALUE_NEXT.match(place.text, place.at):
        sign = place.text[place.at + 1]
        return f"at {'least' if sign == '>' else 'most'} is written {sign}="
    is_finding = place.begins("=>") and _FINDING.search(place.bare[: place.at])
    return _A_FILTER if is_finding else ""


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
        least, most = map(_value, found.groups())
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


def _path(place: FailedPlace) -> str:
    """Return the mend of a path with other signs between its steps."""
    if "select(" in place.bare:
        return _A_FILTER
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
    number = _NUMBER.match(place.text, place.at)
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
    _word,
    glued,
    _arithmetic,
    _number,
    lambda place: _braced(place.text),
    _comma,
    _surplus,
    _braces,
    lambda place: _unclosed(place.text),
)
