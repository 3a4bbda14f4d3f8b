"""Errors of the YAML parser, in the words of people who write rules files.

Loaded only for a file that is no YAML. The parser has two spellings of each problem: libyaml's and
PyYAML's own.
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final, NamedTuple

import yaml

from handler.core.configuration.yaml_mend import ProblemPlace, encoded
from handler.core.errors import Finding
from handler.core.invisible import INVISIBLE, blank_name

_QUOTE: Final = "put the whole value in double quotes"
_LEADING: Final = {
    "*": "YAML reads a leading * as an alias",
    "`": "YAML allows no value to begin with a backtick",
    "@": "YAML allows no value to begin with @",
    "%": "YAML allows no value to begin with %",
}
_QUOTED: Final = re.compile(r"""(?:^|:)\s*((['"])(.*?)\2\s*[^\s#,}\]].*)$""")
# In a block a comma behind a quote ends nothing.
_QUOTED_IN_BLOCK: Final = re.compile(
    r"""^\s*(?:- +)*(?:[\w.-]+:\s+)?((['"])(.*?)\2\s*[,}\]]\s*\S?.*)$"""
)
_OPENED: Final = re.compile(r"""^\s*(?:- +)*(?:[\w.-]+:\s+)?((["'])(?:(?!\2).)*?)\s*$""")
_OPERATOR: Final = re.compile(r"\s*(?:[=!]=|[<>]=?|&&|\|\|?)")
_APOSTROPHE: Final = re.compile(r"\w'\w")
_ESCAPE: Final = re.compile(r"""\\(?![0abtnvfre "/\\N_LPxuU])""")
_KEY: Final = re.compile(r"^\s*(?:- +)*[\w.-]+:(?:\s|$)")
_GLUED: Final = re.compile(r"^\s*(?:- +)*([A-Za-z_][\w-]*):(\S.*)$")
_ASSIGNED: Final = re.compile(r"^\s*(?:- +)*([A-Za-z_]\w*)\s*=\s*(.+?)\s*$")
_DASHED: Final = re.compile(r"^\s*-([A-Za-z_][\w-]*:.*)$")
_WITH_VALUE: Final = re.compile(r"^\s*(?:- +)*[\w.-]+:\s+[^\s|>#].*$")
_VALUE: Final = re.compile(r"^\s*(?:(?:- +)*[\w.-]+:\s+|(?:- +)+)(.*?)\s*$")
_LED: Final = re.compile(r"[:,\[{]\s*([*`@%][^,\[\]{}]*)")
_TRIED: Final = 20  # mends of one kind: each is a reading of the whole text
_INDENTED: Final = ("mapping values", "block end", "expected key", "'-' indicator")
_IN_BLOCK: Final = ("block end", "expected key")
_UNPRINTABLE: Final = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
_WORDS: Final = {
    "mapping values are not allowed": "a colon cannot begin a value here",
    "sequence entries are not allowed": "a list begins on a line of its own, below its key",
    "could not find expected ':'": "a key and a colon, or a - before an item, are expected here",
    "unexpected end of stream": "a quote, or a bracket, is not closed before the end of the file",
    "unknown escape character": "in double quotes a backslash begins an escape",
    "',' or '}'": "a comma, or the } that closes the object, is expected here",
    "',' or ']'": "a comma, or the ] that closes the list, is expected here",
    "comment or line break": (
        "after | or > the text begins on the next line; a value that begins with one needs quotes"
    ),
    "comment or a line break": (
        "after | or > the text begins on the next line; a value that begins with one needs quotes"
    ),
    "another document": "a file is one document: leave out what follows the ---",
    "document start": "the file goes on after its end: one object is all that it holds",
    "expected key": "a key is expected here, at the depth of its neighbours",
    "block end": "a key is expected here, at the depth of its neighbours",
    "'-' indicator": "a - is expected here, at the depth of the other items",
    "unexpected ':'": "a value that holds a colon is put in double quotes",
    "cannot start any token": "no value can begin with this character",
    "special characters are not allowed": "a control character is in the file",
    "control characters are not allowed": "a control character is in the file",
}


class _Cause(NamedTuple):
    """A mistake with its place (from 0), which may be above the one where the parser gave up."""

    row: int
    column: int
    text: str


def unreadable(error: yaml.YAMLError, text: str, file: str) -> Finding:
    """Return what is wrong with a text that is no YAML, with its place and what was meant."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None and (found := _UNPRINTABLE.search(text)):
        return _unprintable(found, file)
    if mark is None:
        return Finding(file, 1, 1, f"not YAML: {_words(str(error))}")
    lines = text.splitlines()
    begun = getattr(error, "context_mark", None)
    first = begun.line if begun else mark.line
    place = ProblemPlace(lines, mark.line, mark.column, str(getattr(error, "problem", "")), first)
    for at in dict.fromkeys([mark.line, *([begun.line] if begun else []), place.before[0]]):
        if found := INVISIBLE.search(place.line(at)):
            name = blank_name(found[0])
            text = f"there is {name} in this line: YAML indents, and separates, with blanks"
            return Finding(file, at + 1, found.start() + 1, text)
    cause = _problem(place)
    return Finding(file, cause.row + 1, cause.column + 1, cause.text)


def _unprintable(found: re.Match[str], file: str) -> Finding:
    before = found.string[: found.start()]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    name = f"U+{ord(found[0]):04X}"
    text = f"not YAML: a control character ({name}) is in this line: leave it out"
    return Finding(file, line, column, text)


def _problem(place: ProblemPlace) -> _Cause:
    found = _mend(place)
    return _Cause(place.row, place.column, found) if isinstance(found, str) else found


def _above(place: ProblemPlace, row: int, text: str) -> _Cause:
    """Return a mistake of a whole line: it begins where the line's text does."""
    return _Cause(row, _depth(place.line(row)), text)


def _mend(place: ProblemPlace) -> str | _Cause:
    begins = place.here[place.column : place.column + 1]
    # Of an alias with an impossible name, as in `*/create`, the mark is after the star.
    if place.here.strip().startswith("```"):
        return "leave out the lines with ```: they are no part of the file"
    leading = _LEADING.get("*" if place.here[: place.column].endswith(" *") else begins)
    if leading:
        return f"{leading}: {_quoted(place)}"
    if "\t" in place.here[: place.column + 1] or "tab character" in place.problem:
        return "YAML indents with blanks, not with tabs"
    for mend in _MENDS:
        if found := mend(place):
            return found
    return f"not YAML: {_words(place.problem)}"


def _quoted(place: ProblemPlace) -> str:
    """Return how a value is written whose first character YAML takes for its own."""
    value = _VALUE.match(place.here)
    written = value[1] if value else ""
    if not written or written[0] not in _LEADING:
        within = [one for one in _LED.finditer(place.here) if one.start(1) <= place.column]
        written = within[-1][1].rstrip() if within else ""
    is_sure = written and " #" not in written  # which begins a comment, or is part of the text
    if is_sure and place.solves(place.row, written, encoded(written), written):
        return f"write {encoded(written)}"
    return _QUOTE


def _words(problem: str) -> str:
    known = (words for part, words in _WORDS.items() if part in problem)
    return next(known, problem.splitlines()[0] if problem else "it cannot be read")


def _unclosed(place: ProblemPlace) -> str | _Cause:
    """Return the mend of a quote that is never closed, or only by one of a later value."""
    rows = (row for row in range(place.row, -1, -1) if _OPENED.match(place.line(row)))
    for row in islice(rows, _TRIED):
        found = _OPENED.match(place.line(row))
        if found and place.solves(row, found[1], f"{found[1]}{found[2]}", found[1][1:]):
            return _above(place, row, f"the quote is not closed: {found[1]}{found[2]}")
    return ""


def _escaped(place: ProblemPlace) -> str:
    """Return the mend of a backslash in double quotes that begins no escape."""
    if "unknown escape character" not in place.problem:
        return ""
    value = _VALUE.match(place.here)
    text = f"not YAML: {_words(place.problem)}"
    if value is None or not value[1].startswith('"'):
        return text
    if "\\${" in value[1]:
        written = value[1].replace("\\${", "${")
        mend = f"{text}: write {written}; a ${{ that is sent as it stands is written $${{"
    else:
        written = _ESCAPE.sub(r"\\\\", value[1])
        mend = f"{text}: write {written}"
    return mend if place.solves(place.row, value[1], written) else text


def _braced(place: ProblemPlace) -> str:
    """Return the mend of `${...}` that YAML takes apart."""
    if "sequence entries" in place.problem:
        return ""
    for written in islice(_unquoted(place.here), _TRIED):
        if place.solves(place.row, written, encoded(written), written):
            is_within = _is_flow(place.here[: place.here.index(written)])
            where = "within { } or [ ] " if is_within else ""
            text = f"{where}${{...}} with a blank, comma, colon or brace in it needs quotes"
            return f"{text}: {encoded(written)}"
    value = _VALUE.match(place.here) if "{{" in place.here else None
    if value and place.solves(place.row, value[1], encoded(value[1]), value[1]):
        return f"YAML reads {{{{ as an object: {encoded(value[1])}"
    return ""


def _unquoted(line: str) -> Iterator[str]:
    """Yield the values of a line that may be meant: the whole one, then those within { } or [ ]."""
    value = _VALUE.match(line)
    if value and "${" in value[1] and value[1][0] not in "\"'[{":
        yield value[1]
    for found in re.finditer(r"\$\{", line):
        written = _expression(line[found.start() :])
        before = re.search(r"(?:[:,]\s+|[\[{]\s*)([^:,\[{\"']*)$", line[: found.start()])
        behind = re.match(r"[^,\]}\"']*", line[found.start() + len(written) :])
        whole = (before[1] if before else "") + written + (behind[0] if behind else "")
        yield from dict.fromkeys((whole.strip(), written))


def _is_flow(before: str) -> bool:
    return bool(re.search(r"(?:^|[:\-\[{,]\s*)[\[{]", before))


def _expression(text: str) -> str:
    """Return the `${...}` at the start of a text, up to its closing brace."""
    depth = 0
    for at, character in enumerate(text):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if at and not depth and character == "}":
            return text[: at + 1]
    return text


def _closed(place: ProblemPlace) -> str:
    """Return the mend of a value that goes on behind its closing quote."""
    found = _QUOTED.search(place.here)
    if found is None and any(one in place.problem for one in _IN_BLOCK):
        found = _QUOTED_IN_BLOCK.search(place.here)
    if found is None:
        return ""
    text = "YAML ends a value with its closing quote"
    written = found[1].strip()
    if re.fullmatch(r"\s*,", written[len(found[3]) + 2 :]):
        return f"{text}: leave out the comma behind it"
    meant = _meant(written, found[2])
    if meant and place.solves(place.row, written, encoded(meant), meant):
        return f"{text}: write {encoded(meant)}"
    return f"{text}: one pair of quotes stands around the whole of it"


def _meant(value: str, quote: str) -> str:
    """Return the text that is meant by a value with a quote of its own kind in it, if it is sure.

    `'a' == body.x` is an expression, `'it's'` a text with an apostrophe, `"${body.x}"z` one text.
    """
    inside, _, behind = value[1:].partition(quote)
    if _OPERATOR.match(behind) and "${" not in value:
        return value.replace('"', "'")
    if value.endswith(quote):
        is_text = "${" in value or quote == '"' or _APOSTROPHE.search(value[1:-1])
        return value[1:-1] if is_text else ""
    return inside + behind if "${" in inside and quote not in behind else ""


def _glued(place: ProblemPlace) -> str | _Cause:
    """Return the mend of a blank that is missing: `name:x`, `-name: x`."""
    for row in (place.row, place.before[0], place.begun):
        line = place.line(row)
        if (found := _DASHED.match(line)) and place.solves(row, f"-{found[1]}", f"- {found[1]}"):
            return _above(place, row, f"a blank belongs after the dash: - {found[1]}")
        found = _GLUED.match(line)
        if found is None or found[2].startswith("//"):
            continue
        glued, mend = f"{found[1]}:{found[2]}", f"{found[1]}: {found[2]}"
        if place.solves(row, glued, mend):
            return _above(place, row, f"a blank belongs after the colon: {mend}")
    return ""


def _indented(place: ProblemPlace) -> str:
    """Return both lines of a wrong indentation, and how far each is indented."""
    if not any(one in place.problem for one in _INDENTED):
        return ""
    row, above = place.before
    here = place.here
    is_deeper = _depth(here) > _depth(above)
    if not above or _depth(here) == _depth(above) or not (_KEY.match(here) or _is_item(here)):
        return ""
    if _is_item(here):
        row, above = _item_above(place) or (row, above)
    if is_deeper and not _WITH_VALUE.match(above):
        return ""
    is_after_dash = _is_item(above) and not _is_item(here)
    depth = _depth(above) + 2 if is_after_dash else _depth(above)
    if depth == _depth(here):
        return ""
    dash = " after its dash" if is_after_dash else ""
    depths = f"line {row + 1} is indented by {depth}{dash}, line {place.row + 1} by {_depth(here)}"
    return f"{depths}: the keys of one block have one depth, and so have the items of one list"


def _item_above(place: ProblemPlace) -> tuple[int, str] | None:
    """Return the item above that is meant to be in the same list: the one of the nearest depth."""
    rows = [row for row in range(place.row - 1, -1, -1) if _is_item(place.lines[row])]
    depth = _depth(place.here)
    row = min(rows, key=lambda one: abs(_depth(place.lines[one]) - depth), default=None)
    return None if row is None else (row, place.lines[row])


def _is_item(line: str) -> bool:
    return line.lstrip().startswith("- ")


def _depth(line: str) -> int:
    """Return how far a line is indented."""
    return len(line) - len(line.lstrip())


def _colon(place: ProblemPlace) -> str:
    """Return the mend of a value with a colon and a blank in it."""
    if "mapping values" not in place.problem or not _KEY.match(place.here[: place.column]):
        return ""
    value = _VALUE.match(place.here)
    if value is None or not place.solves(place.row, value[1], encoded(value[1]), value[1]):
        return ""
    return f"a value with a colon and a blank in it needs quotes: {encoded(value[1])}"


def _bracketed(place: ProblemPlace) -> str:
    """Return the mend of a value that begins with [ and goes on behind its ]."""
    value = _VALUE.match(place.here)
    if value is None or not value[1].startswith("[") or value[1].count("[") != value[1].count("]"):
        return ""
    if value[1].endswith("]") or not place.solves(place.row, value[1], encoded(value[1]), value[1]):
        return ""
    return f"YAML reads a value that begins with [ as a list: {encoded(value[1])}"


def _assigned(place: ProblemPlace) -> str | _Cause:
    """Return the mend of a key that is assigned to: `type = x`."""
    for row in (place.row, place.before[0]):
        if found := _ASSIGNED.match(place.line(row)):
            mend = f"{found[1]}: {found[2]}"
            return _above(place, row, f"a colon stands between a key and its value: {mend}")
    return ""


def _undashed(place: ProblemPlace) -> str:
    """Return the mend of a list that is meant to be an object, or the other way."""
    row, above = place.before
    if "'-' indicator" not in place.problem or not _is_item(above) or _is_item(place.here):
        return ""
    lines = f"line {row + 1} begins with a dash, and line {place.row + 1} does not"
    return f"{lines}: in a list each item has one, in an object no key has"


# Causes above the line of the error come first: a mend of that line would lead nowhere.
_MENDS: Final[tuple[Callable[[ProblemPlace], str | _Cause], ...]] = (
    *(_unclosed, _escaped, _bracketed, _glued, _assigned, _closed, _braced, _colon),
    *(_indented, _undashed),
)
