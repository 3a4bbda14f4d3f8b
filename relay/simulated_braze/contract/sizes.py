"""Sizes of a request's parts in bytes, as they were received. Pure: no sockets, no clock.

A limit in bytes is one of what was received: the same JSON, written again, may have another size.
"""

from collections.abc import Generator, Iterator, Mapping
from json import JSONDecoder
from typing import Final

from relay.simulated_braze.contract.endpoints import PROPERTIES

MAX_PROPERTIES: Final = 50 * 1024  # bytes

Path = tuple[str | int, ...]
_Sizes = Generator[tuple[Path, int], None, int]

_DEPTH: Final = 4  # recipients, an index, attributes, a name
_DECODER: Final = JSONDecoder(parse_int=str)  # a number of any length
_BLANKS: Final = " \t\n\r"


def sizes(raw: bytes) -> Mapping[Path, int]:
    """Return the bytes of each value of a JSON text by its path, down to a single attribute's."""
    text = raw.decode()
    return dict(_value(text, _skip(text, 0), ()))


def oversize(found: Mapping[Path, int]) -> Iterator[str]:
    """Yield a refusal for each object of properties over 50 KB."""
    for path, size in found.items():
        match path:
            case (name,) | ("recipient", name):
                place = ""
            case ("recipients", index, name):
                place = f"recipients[{index}]: "
            case _:
                continue
        if name in PROPERTIES and size > MAX_PROPERTIES:
            yield f"{place}{name} is over 50 KB"


# What follows relies on the text being JSON: it has been parsed before.


def _value(text: str, at: int, path: Path) -> _Sizes:
    if text[at] in "[{" and len(path) < _DEPTH:
        end = yield from _members(text, at, path)
    else:
        _, end = _DECODER.raw_decode(text, at)
    yield path, len(text[at:end].encode())
    return end


def _members(text: str, at: int, path: Path) -> _Sizes:
    named, step = text[at] == "{", 0
    at = _skip(text, at + 1)
    while text[at] not in "]}":
        key: str | int = step
        if named:
            key, colon = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, colon) + 1)
        end = yield from _value(text, at, (*path, key))
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at] == "," else at
        step += 1
    return at + 1


def _skip(text: str, at: int) -> int:
    """Return where the next part begins, after blanks."""
    while text[at : at + 1] in _BLANKS and at < len(text):
        at += 1
    return at
