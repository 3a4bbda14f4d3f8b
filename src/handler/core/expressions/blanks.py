"""Blank text: without a visible character, or another system's word for a missing value.

The tables are closed, so that every version of Python reads one text alike. Sources: Unicode,
PropList.txt (White_Space), DerivedCoreProperties.txt (Default_Ignorable_Code_Point, which holds
what is not assigned yet) and Blocks.txt (the five blocks of combining marks); with the control
characters, the interlinear annotations (U+FFF9 to U+FFFB) and the blank of Braille (U+2800).
"""

import re
from typing import Final

# A character class of regular expressions: nothing to see by itself.
IGNORED: Final = (
    r"\x00-\x20\x7f-\xa0\xad\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f"
    r"\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Combining marks without their letter. The marks of a single script lie in that script's block.
_MARKS: Final = r"\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_VISIBLE: Final = re.compile(rf"[^{IGNORED}{_MARKS}]")
# A missing id, as other systems write it into text. It is no customer's id. The last one is the nil
# UUID (RFC 9562, 5.9), which .NET writes where no id was set.
_NOTHING: Final = re.compile(
    rf"[{IGNORED}]*+(?:0|null|none|undefined|nan|nil|<nil>|<null>|\(null\)|\[object object\]"
    rf"|0{{8}}(?:-0{{4}}){{3}}-0{{12}})[{IGNORED}]*+",
    re.ASCII | re.IGNORECASE,
)


def is_blank(text: str) -> bool:
    """Return whether a text has no visible character."""
    return _VISIBLE.search(text) is None


def names_nothing(text: str) -> bool:
    """Return whether a text is blank, or a missing id that was written as text."""
    return is_blank(text) or _NOTHING.fullmatch(text) is not None
