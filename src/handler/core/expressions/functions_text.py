"""Functions of text: they turn what senders write into what a message should say."""

import re
import sys
from hashlib import sha256
from itertools import pairwise
from typing import Final
from unicodedata import combining

from handler.core.expressions.arguments import TEXT, takes
from handler.core.expressions.blanks import names_nothing
from handler.core.expressions.json_values import CHARACTERS_PER_STEP, Budget

_CHARACTERS_READ: Final = 8  # for a step, where each is read
_DOTTED: Final = "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}"
_DOTLESS: Final = "\N{LATIN SMALL LETTER DOTLESS I}"
# Numerals behind a name, to XXXIX. VI and XI are names as well, and of these there are more.
_ROMAN: Final = re.compile(
    r"(?!(?:VI|XI)\b)\(?(?=[IVX]{2})X{0,3}(?:IX|IV|V?I{0,3})[).,;]*", re.ASCII | re.IGNORECASE
)
_APOSTROPHES: Final = "'\N{RIGHT SINGLE QUOTATION MARK}"


class TextFunctions:
    """Functions of text, paid from one budget."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    @takes({"types": ["string", "null"], "variadic": True})
    def _func_concat(self, *parts: str | None) -> str | None:
        """Return texts in a row, null if one is null or empty: `concat('guest-', body.token)`."""
        texts = [part for part in parts if part]
        return "".join(texts) if len(texts) == len(parts) else None

    @takes(TEXT)
    def _func_lower(self, text: str | None) -> str | None:
        """Return text in lower case: `lower(body.email)`."""
        return None if text is None else text.lower()

    @takes(TEXT)
    def _func_upper(self, text: str | None) -> str | None:
        """Return text in capitals: `upper(body.currency)`."""
        return None if text is None else text.upper()

    @takes(TEXT)
    def _func_title(self, text: str | None) -> str | None:
        """Return names as they are written: `title(body.name)` of JANE O'NEIL is Jane O'Neil.

        A word that mixes capitals and small letters (McDonald) was written with care, and stays. A
        Roman numeral behind a name has capitals.
        """
        if text is None:
            return None
        self._budget.spend(len(text) // _CHARACTERS_READ)
        return _title(text)

    @takes(TEXT)
    def _func_trim(self, text: str | None) -> str | None:
        """Return text without blanks around it: `trim(body.first_name)`."""
        return None if text is None else text.strip()

    @takes(TEXT, TEXT, TEXT)
    def _func_replace(self, text: str | None, old: str | None, new: str | None) -> str | None:
        """Return text with another in place of one: `replace(body.sku, ' ', '')`."""
        if text is None or old is None or new is None:
            return None
        if not old:
            return text
        self._budget.spend(text.count(old) * len(new) // CHARACTERS_PER_STEP)
        return text.replace(old, new)

    @takes(TEXT, TEXT)
    def _func_split(self, text: str | None, separator: str | None) -> list[str] | None:
        """Return the parts of a text, trimmed, without blank ones: `split(body.tags, ',')`."""
        if text is None or separator is None:
            return None
        self._budget.spend(text.count(separator) if separator else 1)
        parts = text.split(separator) if separator else [text]
        return [part.strip() for part in parts if part.strip()]

    @takes(TEXT)
    def _func_unescape_html(self, text: str | None) -> str | None:
        """Return text with HTML's entities read: `unescape_html(body.name)` of A &amp; B is A & B.

        For senders that escape (WooCommerce); Braze's templates escape again where they must.
        """
        if text is None:
            return None
        self._budget.spend(text.count("&"))
        try:
            import html  # noqa: PLC0415 - 1 ms of each cold start, for the rules that call it

            return html.unescape(text)
        except ValueError:  # the number of a character has more digits than Python reads
            return text

    @takes(TEXT)
    def _func_sha256(self, text: str | None) -> str | None:
        """Return the SHA-256 of the UTF-8 text in hex: `sha256(lower(body.email))`.

        Null for a blank text or a missing id (see `blanks`): all such guests would be one person.
        """
        if text is None or names_nothing(text):
            return None
        return sha256(text.encode(errors="surrogatepass")).hexdigest()

    @takes(TEXT, {"types": ["number"]})
    def _func_plain(self, text: str | None, longest: float) -> str | None:
        """Return one line without markup, Liquid or links: ``plain(body.name, `40`)``.

        It is cut to n characters. For what strangers type and others will read.
        """
        if text is None:
            return None
        self._budget.spend(len(text) // _CHARACTERS_READ + text.count("&"))
        # Its tables of characters cost 4 ms of a cold start.
        from handler.core.expressions.plain_text import plain  # noqa: PLC0415 - as said

        return plain(text, int(max(0, min(longest, sys.maxsize))))


def _title(text: str) -> str:
    # Who has a dotted capital I writes Turkish, and writes the small dotless one without the dot.
    is_turkish = _DOTTED in text
    words = text.split(" ")
    return " ".join(
        word.upper() if at and _ROMAN.fullmatch(word) else _titled(word, is_turkish=is_turkish)
        for at, word in enumerate(words)
    )


def _titled(word: str, *, is_turkish: bool) -> str:
    letters = [char for char in word if char.isalpha()]
    if letters and letters[0].isupper() and any(map(str.islower, letters)):
        return word
    starts = [at for at in range(len(word)) if _starts(word, at)]
    bounds = [0, *starts, len(word)]
    parts = (word[start:end] for start, end in pairwise(bounds))
    return "".join(part[:1].title() + _small(part[1:], is_turkish=is_turkish) for part in parts)


def _small(text: str, *, is_turkish: bool) -> str:
    """Return letters in lower case: Python makes two characters of a dotted capital I."""
    return (text.replace("I", _DOTLESS).replace(_DOTTED, "i") if is_turkish else text).lower()


def _starts(word: str, at: int) -> bool:
    """Return whether a capital belongs here: jean-luc, o'neil and (jane), but not ann's or 3rd."""
    before = word[at - 1] if at else " "
    if not word[at].isalpha() or before.isalnum() or combining(before):
        return False
    return before not in _APOSTROPHES or word[at + 1 : at + 2].isalpha()
