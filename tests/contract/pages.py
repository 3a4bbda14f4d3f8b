"""Finds the examples on saved pages of Braze's documentation, in Markdown, HTML or plain text."""

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

_COMMAND = re.compile(r"\bcurl (?:[^'{]|'[^'{]*')*--data(?:-raw)? '(?P<body>\{[^']*)'")
_START = re.compile(r"^\{(?![%{])", re.MULTILINE)  # and not Liquid
_TAG = re.compile(r"</?[a-z][^>]*>", re.IGNORECASE)
_TEXT = r'"(?:[^"\\]|\\.)*"'
_COMMENT = re.compile(rf"({_TEXT})|//[^\n]*|^\s*\.\.\.\s*$", re.MULTILINE)
_LAST_COMMA = re.compile(rf"({_TEXT})|,(?=\s*[\]}}])")
_BRACE = re.compile(rf"{_TEXT}|[{{}}]")
# How the pages describe a key that is no example: "name": (required, string) see there
_DESCRIBED = re.compile(r'"(\w+)": \((?:required|optional)')


class Example(NamedTuple):
    """One JSON object of a page; `command` is the curl command it stands in, if any."""

    place: str
    body: dict[str, Any]
    command: str | None


def texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and text of each page."""
    for path in sorted(it for it in folder.rglob("*") if it.is_file()):
        text = path.read_text(encoding="utf-8")
        is_html = "<html" in text[:2_000].lower()
        yield path.name, html.unescape(_TAG.sub("", text)) if is_html else text


def examples(name: str, text: str) -> Iterator[Example]:
    """Yield what is JSON on a page, once its comments are taken away."""
    commands = {it.start("body"): it[0] for it in _COMMAND.finditer(text)}
    starts = {it.start() for it in _START.finditer(text)} | commands.keys()
    end = 0
    for start in sorted(starts):
        if start < end:
            continue  # it is a part of the one before
        found = _object(text, start)
        end = start + len(found)
        body = _json(found)
        if body is not None:
            line = text.count("\n", 0, start) + 1
            yield Example(f"{name}:{line}", body, commands.get(start))


def described(text: str) -> set[str]:
    """Return the keys that a page describes."""
    return set(_DESCRIBED.findall(text))


def _object(text: str, start: int) -> str:
    depth = 0
    for brace in _BRACE.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(brace[0], 0)
        if depth == 0:
            return text[start : brace.end()]
    return ""


def _json(text: str) -> dict[str, Any] | None:
    bare = _LAST_COMMA.sub(r"\1", _COMMENT.sub(r"\1", text))
    try:
        found = json.loads(bare)
    except ValueError:
        return None  # a description
    return found if isinstance(found, dict) else None
