"""Functions of text: they turn what senders write into what a message should say."""

from hashlib import sha256
from itertools import pairwise
from typing import Final
from unicodedata import combining

from handler.core.expressions.arguments import TEXT, takes
from handler.core.expressions.blanks import names_nothing
from handler.core.expressions.json_values import CHARACTERS_PER_STEP, Budget

_CHARACTERS_READ: Final = 8  # for a step, where each is read
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

        A word that mixes capitals and small letters (McDonald) was written with care, and stays.
        """
        if text is None:
            return None
        self._budget.spend(len(text) // _CHARACTERS_READ)
        return " ".join(map(_titled, text.split(" ")))

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
        """Return one line without links, cut to n characters: ``plain(body.name, `40`)``.

        For what strangers type and others will read: a first name can hold an advertisement.
        """
        if text is None:
            return None
        self._budget.spend(len(text) // 8)  # each character is read, and some are copied
        words = "".join(char if char.isprintable() else " " for char in text).split()
        line = " ".join(_unlinked(word) for word in words if not _is_link(word))
        return line[: int(max(0, min(longest, len(line))))].strip() or None


def _titled(word: str) -> str:
    letters = [char for char in word if char.isalpha()]
    if letters and letters[0].isupper() and any(map(str.islower, letters)):
        return word
    starts = [at for at in range(len(word)) if _starts(word, at)]
    bounds = [0, *starts, len(word)]
    parts = (word[start:end] for start, end in pairwise(bounds))
    return "".join(part[:1].title() + part[1:].lower() for part in parts)


def _starts(word: str, at: int) -> bool:
    """Return whether a capital belongs here: jean-luc, o'neil and (jane), but not ann's or 3rd."""
    before = word[at - 1] if at else " "
    if not word[at].isalpha() or before.isalnum() or combining(before):
        return False
    return before not in _APOSTROPHES or word[at + 1 : at + 2].isalpha()


def _is_link(word: str) -> bool:
    folded = word.lower()
    return "://" in folded or "www." in folded


def _unlinked(word: str) -> str:
    # Mail clients make a link of `shop.example`; with a blank after the dot they do not.
    return "".join(
        f"{char} " if char == "." and word[at + 1 : at + 2].isalpha() else char
        for at, char in enumerate(word)
    )
