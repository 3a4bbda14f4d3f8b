"""Errors of the YAML parser, in the words of people who write rules files.

Loaded only for a file that is no YAML. The parser has two spellings of each problem: libyaml's and
PyYAML's own.
"""

import re
from typing import Final

import yaml

from handler.core.errors import Finding
from handler.core.invisible import INVISIBLE, blank_name

_QUOTE: Final = "put the whole value in double quotes"
_LEADING: Final = {
    "*": "YAML reads a leading * as an alias",
    "`": "YAML allows no value to begin with a backtick",
    "@": "YAML allows no value to begin with @",
    "%": "YAML allows no value to begin with %",
}
_QUOTED: Final = re.compile(r"""(?:^|:)\s*((['"]).*\2\s*[^\s#,}\]].*)$""")
_KEY: Final = re.compile(r"^\s*(?:- +)*[\w.-]+:(?:\s|$)")
_GLUED: Final = re.compile(r"^\s*(?:- +)*([A-Za-z_][\w-]*):(\S.*)$")
_ASSIGNED: Final = re.compile(r"^\s*(?:- +)*([A-Za-z_]\w*)\s*=\s*(.+?)\s*$")
_DASHED: Final = re.compile(r"^\s*-([A-Za-z_][\w-]*:.*)$")
_WITH_VALUE: Final = re.compile(r"^\s*(?:- +)*[\w.-]+:\s+[^\s|>#].*$")
_VALUE: Final = re.compile(r"^\s*(?:- +)*[\w.-]+:\s+(.*?)\s*$")
_INDENTED: Final = ("mapping values", "block end", "expected key", "'-' indicator")
_WORDS: Final = {
    "mapping values are not allowed": "a colon cannot begin a value here",
    "sequence entries are not allowed": "a list begins on a line of its own, below its key",
    "could not find expected ':'": "a key and a colon, or a - before an item, are expected here",
    "unexpected end of stream": "a quote, or a bracket, is not closed before the end of the file",
    "unknown escape character": (
        "in double quotes a backslash begins an escape: write the value in single quotes"
    ),
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
    "cannot start any token": "no value can begin with this character",
    "special characters are not allowed": "a control character is in the file",
    "control characters are not allowed": "a control character is in the file",
}


def unreadable(error: yaml.YAMLError, text: str, file: str) -> Finding:
    """Return what is wrong with a text that is no YAML, with its place and what was meant."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return Finding(file, 1, 1, f"not YAML: {_words(str(error))}")
    lines = text.splitlines()
    place = _Place(lines, mark.line, mark.column, str(getattr(error, "problem", "")))
    begun = getattr(error, "context_mark", None)
    for at in dict.fromkeys([mark.line, *([begun.line] if begun else []), place.before[0]]):
        if found := INVISIBLE.search(place.line(at)):
            name = blank_name(found[0])
            text = f"there is {name} in this line: YAML indents, and separates, with blanks"
            return Finding(file, at + 1, found.start() + 1, text)
    return Finding(file, mark.line + 1, mark.column + 1, _problem(place))


class _Place:
    """The place of a problem, both numbers counted from 0."""

    def __init__(self, lines: list[str], row: int, column: int, problem: str) -> None:
        self.lines, self.row, self.column, self.problem = lines, row, column, problem

    def line(self, row: int) -> str:
        return self.lines[row] if 0 <= row < len(self.lines) else ""

    @property
    def here(self) -> str:
        return self.line(self.row)

    @property
    def before(self) -> tuple[int, str]:
        """Return the line above that holds anything, with its number from 0."""
        for row in range(min(self.row, len(self.lines)) - 1, -1, -1):
            text = self.lines[row].strip()
            if text and not text.startswith("#"):
                return row, self.lines[row]
        return self.row, ""


def _problem(place: _Place) -> str:
    begins = place.here[place.column : place.column + 1]
    # Of an alias with an impossible name, as in `*/create`, the mark is after the star.
    leading = _LEADING.get("*" if place.here[: place.column].endswith(" *") else begins)
    if leading:
        return f"{leading}: {_QUOTE}"
    if "\t" in place.here[: place.column + 1] or "tab character" in place.problem:
        return "YAML indents with blanks, not with tabs"
    mend = next(filter(None, (one(place) for one in _MENDS)), None)
    return mend or f"not YAML: {_words(place.problem)}"


def _words(problem: str) -> str:
    known = (words for part, words in _WORDS.items() if part in problem)
    return next(known, problem.splitlines()[0] if problem else "it cannot be read")


def _braced(place: _Place) -> str:
    """Return the mend of `${...}` that YAML takes apart."""
    if "sequence entries" in place.problem:
        return ""
    at = place.here.find("${")
    if at < 0:
        value = _VALUE.match(place.here) if "{{" in place.here else None
        return f"YAML reads {{{{ as an object: {_quoted(value[1])}" if value else ""
    is_within = _is_flow(place.here[:at])
    value = None if is_within else _VALUE.match(place.here)
    written = value[1] if value else _expression(place.here[at:])
    where = "within { } or [ ] " if is_within else ""
    text = f"{where}${{...}} with a blank, comma, colon or brace in it needs quotes"
    return f"{text}: {_quoted(written)}"


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


def _quoted(value: str) -> str:
    """Return a value in quotes, or how to write it where it holds both kinds."""
    bare = value[1:] if value[:1] == '"' else value
    if '"' not in bare:
        return f'"{bare}"'
    return f"'{bare.strip(chr(34))}'" if "'" not in bare else _QUOTE


def _closed(place: _Place) -> str:
    found = _QUOTED.search(place.here)
    if found is None:
        return ""
    return f"YAML ends a value with its closing quote: {_requoted(found[1].strip(), found[2])}"


def _requoted(value: str, quote: str) -> str:
    if quote == "'" and '"' not in value and not re.fullmatch(r"'\w+'\w+.*", value):
        return f'write "{value}"'
    return _QUOTE if quote == '"' else f"write {_doubled(value)}"


def _doubled(value: str) -> str:
    """Return a text in single quotes that holds one, such as 'it's', in double quotes."""
    inner = value.removeprefix("'").removesuffix("'")
    return f'"{inner}"' if '"' not in inner else _QUOTE


def _glued(place: _Place) -> str:
    """Return the mend of a blank that is missing: `name:x`, `-name: x`."""
    for row in (place.row, place.before[0]):
        if found := _DASHED.match(place.line(row)):
            return f"line {row + 1}: a blank belongs after the dash: - {found[1]}"
        found = _GLUED.match(place.line(row))
        if found and not found[2].startswith("//"):
            return f"line {row + 1}: a blank belongs after the colon: {found[1]}: {found[2]}"
    return ""


def _indented(place: _Place) -> str:
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
    dash = " after its dash" if is_after_dash else ""
    depths = f"line {row + 1} is indented by {depth}{dash}, line {place.row + 1} by {_depth(here)}"
    return f"{depths}: the keys of one block have one depth, and so have the items of one list"


def _item_above(place: _Place) -> tuple[int, str] | None:
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


def _colon(place: _Place) -> str:
    """Return the mend of a value with a colon and a blank in it."""
    if "mapping values" not in place.problem or not _KEY.match(place.here[: place.column]):
        return ""
    value = _VALUE.match(place.here)
    return (
        f"a value with a colon and a blank in it needs quotes: {_quoted(value[1])}" if value else ""
    )


def _bracketed(place: _Place) -> str:
    """Return the mend of a value that begins with [ and does not end with its ]."""
    value = _VALUE.match(place.here)
    if value is None or not value[1].startswith("[") or value[1].endswith("]"):
        return ""
    return f"YAML reads a value that begins with [ as a list: {_quoted(value[1])}"


def _assigned(place: _Place) -> str:
    """Return the mend of a key that is assigned to: `type = x`."""
    for row in (place.row, place.before[0]):
        if found := _ASSIGNED.match(place.line(row)):
            mend = f"{found[1]}: {found[2]}"
            return f"line {row + 1}: a colon stands between a key and its value: {mend}"
    return ""


def _undashed(place: _Place) -> str:
    """Return the mend of a list that is meant to be an object, or the other way."""
    row, above = place.before
    if "'-' indicator" not in place.problem or not _is_item(above) or _is_item(place.here):
        return ""
    lines = f"line {row + 1} begins with a dash, and line {place.row + 1} does not"
    return f"{lines}: in a list each item has one, in an object no key has"


_MENDS: Final = (_bracketed, _braced, _colon, _closed, _assigned, _glued, _indented, _undashed)
