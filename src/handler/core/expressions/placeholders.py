"""Placeholders of other languages, which would be sent as they stand: JSONPath, ERB, `{x}`."""

import re
from collections.abc import Iterator
from typing import Final

ROOTS: Final = (
    "headers",
    "body",
    "vars",
    "item",
    "tables",
)  # a bare `id` is most often the body's
_STEP: Final = r"(?:\.[A-Za-z_][\w-]*|\[\d*\]|\[(?:'[^']+'|\"[^\"]+\")\])"
_PATH: Final = rf"[A-Za-z_][\w-]*{_STEP}*"
_SPELLINGS: Final = (
    rf"\$(?P<json>{_STEP}+)",  # JSONPath
    rf"[#%@]?\{{\s*(?P<braces>{_PATH})\s*\}}",  # Ruby, Python, most form builders
    rf"<%[=-]?\s*(?P<erb>{_PATH})\s*-?%>",  # ERB, EJS
    rf"\[\[\s*(?P<square>{_PATH})\s*\]\]",
    rf"[@%<=:]?(?P<sign>(?:{'|'.join(ROOTS)}){_STEP}+)[%>]?",
)
_NODE: Final = r"(?:\$(?:json|node)\.|\$\.|\d+(?:\.|__)|this\.|@root\.)?"
_N8N: Final = rf"=\{{\{{\s*{_NODE}(?P<n8n>{_PATH})\s*\}}\}}"
_LIQUID: Final = rf"\{{\{{\{{?\s*{_NODE}(?P<liquid>{_PATH})\s*\}}?\}}\}}"
_BARE: Final = rf"(?P<bare>{_PATH})"
_ANY: Final = re.compile("|".join((*_SPELLINGS, _N8N, _LIQUID, _BARE)), re.ASCII)
_WITHIN: Final = re.compile(
    rf"\$\.[A-Za-z_][\w.]*|(?<!\{{)[#%@]?\{{{_PATH}\}}(?!\}})|<%[=-]?[^%]*%>", re.ASCII
)
_STRAY: Final = re.compile(rf"{_WITHIN.pattern}|\{{\{{.*?\}}\}}+", re.ASCII)
_QUOTED: Final = re.compile(r"\[(?:'([^']+)'|\"([^\"]+)\")\]")


def placeholder(text: str) -> str | None:
    """Return the expression that a text means which is one placeholder and no more, or None.

    Braze's own `{{ x }}` is none: Braze fills it in.
    """
    found = _ANY.fullmatch(text.strip())
    return _meant(found) if found and found.lastgroup not in ("liquid", "bare") else None


def meant(text: str) -> str | None:
    """Return the expression that a text means where plain text makes no sense, or None."""
    found = _ANY.fullmatch(text.strip())
    return _meant(found) if found else None


def placeholders(text: str) -> Iterator[str]:
    """Yield the placeholders within a text."""
    yield from (found[0] for found in _WITHIN.finditer(text))


def unfilled(text: str) -> Iterator[tuple[str, str]]:
    """Yield the placeholders within a text, Liquid's too, each with the expression it means."""
    for found in _STRAY.findall(text):
        yield found, meant(found) or "${body.x}"


def filled(text: str) -> str | None:
    """Return a text with expressions for the placeholders within it; None where it has none."""
    written = _STRAY.sub(lambda found: meant(found[0]) or "${body.x}", text)
    return written if written != text else None


def _meant(found: re.Match[str]) -> str:
    """Return `${...}` for a path: one that begins with no root of the event is in its body."""
    path = next(one for one in found.groups() if one).removeprefix(".")
    path = _QUOTED.sub(lambda step: f".{step[1] or step[2]}", path).removeprefix(".")
    root = re.split(r"[.\[]", path, maxsplit=1)[0]
    return f"${{{path}}}" if root in ROOTS else f"${{body.{path}}}"
