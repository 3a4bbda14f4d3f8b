"""Lines of a file as they may be shown: without what could be a secret, and cut to a screen.

Loaded only for mistakes. What stands beside `verify` and `headers` is shown with more care than the
rest of a file: there a mistyped key is enough for a secret to stand in the place of its name.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from handler.core.configuration.secret_forms import is_secret, masked
from handler.core.errors import Finding

WIDTH: Final = 200  # characters of a line that are shown
_LENGTH: Final = 2000  # characters of a message; the longest mend writes out one expression
_CUT: Final = "..."
# With the colon that belongs there, with a `=` in its place, or, where a line begins so, with none.
_NAMES: Final = r"(?:verify|headers|public_url|secrets?|key)[\"']?"
_OPEN: Final = re.compile(rf"\b{_NAMES}\s*[:=]|^\s*(?:- +)*[\"']?{_NAMES}\s")
_KEY: Final = re.compile(r"^\s*(?:- +)*[\"']?[\w.-]+[\"']?(?:\s*[:=]|\s)")
_RUN: Final = re.compile(r"[0-9A-Za-z+/=]{16,}", re.ASCII)
_WORD: Final = re.compile(r"[^\s\"'\[\]{},:]+")
_HIDDEN: Final = tuple(
    re.compile(one)
    for one in (
        r"(?i)(?<=\bbearer )\s*[^\s\"',}\]]+|(?<=\bbasic )\s*[^\s\"',}\]]+",
        r"(?<=://)[^\s\"']*?[?#]([^\s\"']+)",
        r"[\"'](?:[\w-]+)\s*:\s+([^\"']+)",  # "X-Key: value" for the name alone
        r":\s+[\w-]+:\s+([^\s\"'{\[][^\"']*)",  # the same without quotes
        r"\bheaders[\"']?\s*:\s*\{[^{}\[\]]*?:\s*([^}]+)",
    )
)
_SHORT: Final = 5  # characters that a message may well hold for another reason


@lru_cache(maxsize=4)  # a line may have many remarks
def shown(text: str, row: int) -> str:
    """Return a line of a file, counted from 1, with everything masked that could be a secret."""
    lines = _lines(text)
    line, is_guarded = lines[min(max(row, 1), len(lines)) - 1]
    return _without(line, _pieces(line)) if is_guarded else masked(line)


def window(line: str, column: int) -> tuple[str, int]:
    """Return the part of a line around a column, and the column's place in it."""
    if len(line) <= WIDTH:
        return line, column
    start = max(0, min(column - 1 - WIDTH // 2, len(line) - WIDTH))
    before, after = _CUT if start else "", _CUT if start + WIDTH < len(line) else ""
    return f"{before}{line[start : start + WIDTH]}{after}", column - start + len(before)


def without_secrets(findings: Sequence[Finding], text: str) -> list[Finding]:
    """Return findings whose messages repeat nothing that `shown` would mask."""
    hidden = _hidden(text)
    return [replace(one, message=_told(one.message, hidden)) for one in findings]


def _told(message: str, hidden: frozenset[str]) -> str:
    return _without(message if len(message) <= _LENGTH else message[:_LENGTH] + _CUT, hidden)


@lru_cache(maxsize=1)  # all remarks on a file come in a row
def _hidden(text: str) -> frozenset[str]:
    guarded = (line for line, is_guarded in _lines(text) if is_guarded)
    return frozenset(piece for line in guarded for piece in _pieces(line))


@lru_cache(maxsize=1)
def _lines(text: str) -> tuple[tuple[str, bool], ...]:
    """Return each line with whether a secret may have been meant for it."""
    return tuple(_guarded([*text.splitlines(), ""]))


def _guarded(lines: Sequence[str]) -> Iterator[tuple[str, bool]]:
    within: int | None = None  # the depth of the guarded key above
    open_brackets = 0
    for line in lines:
        depth = len(line) - len(line.lstrip())
        is_text = bool(line.strip()) and not line.lstrip().startswith("#")
        if is_text and not open_brackets and within is not None and depth <= within:
            within = None
        is_own = bool(_OPEN.search(line))
        if is_own and within is None and _KEY.match(line):
            within = depth
        is_guarded = is_own or within is not None
        yield line, is_guarded
        opened = sum(line.count(one) for one in "{[") - sum(line.count(one) for one in "}]")
        open_brackets = max(0, open_brackets + opened) if is_guarded else 0


def _pieces(line: str) -> set[str]:
    """Return what could be a secret in a line beside `verify` or `headers`."""
    found = {one[one.lastindex or 0].strip() for each in _HIDDEN for one in each.finditer(line)}
    runs = {run for run in _RUN.findall(line) if is_secret(run) or _is_mixed(run)}
    words = {word for word in _WORD.findall(line) if is_secret(word.rstrip("_"))}
    kept = masked(line)
    given = {word for word in _WORD.findall(line) if word not in kept}
    return {piece for piece in found | runs | words | given if piece}


def _is_mixed(run: str) -> bool:
    return bool(re.search("[0-9]", run) and re.search("[A-Za-z]", run))


def _without(text: str, pieces: Collection[str]) -> str:
    for piece in sorted(pieces, key=len, reverse=True):
        if len(piece) > _SHORT:
            text = text.replace(piece, _CUT)
        else:
            text = re.sub(rf"(?<![\w.-]){re.escape(piece)}(?![\w.-])", _CUT, text)
    return masked(text)
