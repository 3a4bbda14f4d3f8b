"""The template of what a sender signs: `{timestamp}.{body}` and the like."""

import re
from functools import lru_cache
from typing import Final, Literal, NamedTuple

PartKind = Literal["text", "body", "timestamp", "id", "method", "url", "secret", "header"]

_PLACEHOLDERS: Final[dict[str, PartKind]] = {
    "{body}": "body",
    "{timestamp}": "timestamp",
    "{id}": "id",
    "{method}": "method",
    "{url}": "url",
    "{secret}": "secret",
}
_HEADER: Final = re.compile(r"\{header:([!#$%&'*+.^_`|~0-9A-Za-z-]+)\}")
_KNOWN: Final = ", ".join([*_PLACEHOLDERS, "{header:Name}"])


class Part(NamedTuple):
    """One piece of a `signed` template; `text` is the literal, or the header's name."""

    kind: PartKind
    text: str = ""


@lru_cache
def template(signed: str) -> tuple[Part, ...]:
    """Return the parts of a `signed` template; raise ValueError if a placeholder is unknown."""
    pieces = re.split(r"(\{[^{}]*\})", signed)
    return tuple(_part(piece) for piece in pieces if piece)


def _part(piece: str) -> Part:
    if piece in _PLACEHOLDERS:
        return Part(_PLACEHOLDERS[piece])
    if header := _HEADER.fullmatch(piece):
        return Part("header", header[1].lower())
    if "{" in piece or "}" in piece:
        raise ValueError(f"signed: {piece} is none of {_KNOWN}")
    return Part("text", piece)
