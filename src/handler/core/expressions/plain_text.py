"""Plain text of what strangers type: one line without markup, Liquid, links or hidden characters.

A first name can hold an advertisement, or characters that a template turns into one. The tables of
characters are closed, so that every version of Python makes the same of a text.
"""

import re
from typing import Final
from unicodedata import normalize

from handler.core.expressions.blanks import IGNORED, is_blank

# Characters that nobody can read: halves of others, private ones, and those that are none.
_UNREADABLE: Final = r"\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff\U000f0000-\U0010ffff"
# Scripts whose letters a joiner (U+200C, U+200D) joins or parts: from Arabic to Tibetan, Burmese,
# Khmer and Mongolian, with their later blocks. In others it only hides something.
_JOINED: Final = (
    r"\u0600-\u109f\u1780-\u17b3\u17b6-\u180a\u1810-\u18af\ua840-\ua87f\ua8e0-\ua8ff\ua980-\ua9df"
    r"\uaa60-\uaa7f\uabc0-\uabff\ufb50-\ufdcf\ufe70-\ufefc\U00010a00-\U00011fff\U0001e900-\U0001e95f"
)
_PICTURES: Final = r"\u2190-\u2bff\U0001f000-\U0001faff"
_JOINER: Final = (
    rf"(?<=[{_JOINED}])[\u200c\u200d](?=[{_JOINED}])"
    rf"|(?<=[{_PICTURES}\ufe0f])\u200d(?=[{_PICTURES}])"
)
# They choose a form of the character before: of a Japanese name's, of a picture.
_SELECTOR: Final = rf"(?<=[^{IGNORED}])[\u180b-\u180d\ufe00-\ufe0f\U000e0100-\U000e01ef]"
_INVISIBLE: Final = re.compile(rf"(?!{_JOINER}|{_SELECTOR})[{IGNORED}{_UNREADABLE}]")
_AT_THE_END: Final = " \u200c\u200d"
_TAG: Final = re.compile(r"<[^<>]*>")
_BRACES: Final = re.compile(r"\$?\{[^{}]*\}")
_DEPTH: Final = 3  # of braces ({{ ${x} }}), and of escapes within escapes (&amp;amp;lt;)
_BRACKETS: Final = str.maketrans("<>{}", "    ")
# RFC 3490, 3.1, and the two whose compatible form is a dot: browsers take all for dots.
_DOTS: Final = ".\u3002\uff0e\uff61\u2024\ufe52"
_AS_DOT: Final = str.maketrans(dict.fromkeys(_DOTS, "."))
# A letter is written as what is no other character of ASCII: that compiles in a fifth of the time.
_DOT: Final = re.compile(rf"[{_DOTS}](?=[^\x00-@\[-`{{-\x7f{_DOTS}])")


def plain(text: str, longest: int) -> str | None:
    """Return one line of a text, cut to a number of characters; None where nothing is left."""
    words = _INVISIBLE.sub(" ", _without_markup(_unescaped(text))).split()
    # Mail clients make a link of `shop.example`; with a blank after the dot they do not.
    line = " ".join(_DOT.sub(r"\g<0> ", word) for word in words if not _is_link(word))
    cut = line[:longest].rstrip(_AT_THE_END)
    return None if is_blank(cut) else cut


def _unescaped(text: str) -> str:
    """Return a text with HTML's entities read: none is left that a message would read."""
    if "&" not in text:
        return text
    from html import unescape  # noqa: PLC0415 - 1 ms of each cold start, for few texts

    try:
        for _ in range(_DEPTH):
            read = unescape(text)
            if read == text:
                return text
            text = read
        return text if unescape(text) == text else text.replace("&", " ")
    except ValueError:  # the number of a character has more digits than Python reads
        return text.replace("&", " ")


def _without_markup(text: str) -> str:
    """Return a text without tags, and without Liquid and other templates in braces."""
    text = _TAG.sub(" ", text)
    for _ in range(_DEPTH):
        text = _BRACES.sub(" ", text)
    return text.translate(_BRACKETS)


def _is_link(word: str) -> bool:
    folded = normalize("NFKC", word.translate(_AS_DOT)).lower()
    return "://" in folded or "www." in folded
