"""Invisible characters: those that are easily taken for a blank, or for nothing, by name."""

import re
from typing import Final

_NAMES: Final = {
    "\u00a0": "a no-break space",
    "\u00ad": "a soft hyphen",
    "\u2007": "a figure space",
    "\u200b": "a zero-width space",
    "\u200d": "a zero-width joiner",
    "\u202f": "a narrow no-break space",
    "\u2060": "a word joiner",
    "\u3000": "an ideographic space",
    "\ufeff": "a byte order mark",
}
INVISIBLE: Final = re.compile(
    "[\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]"
)


def blank_name(character: str) -> str | None:
    """Return the name of a character that looks like a blank or like nothing; None of others."""
    if not INVISIBLE.fullmatch(character):
        return None
    return f"{_NAMES.get(character, 'an invisible character')} (U+{ord(character):04X})"
