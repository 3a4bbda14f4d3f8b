"""Redacts Braze's texts about a request: no value of it, and no address, is left in them."""

import json
import re
from collections.abc import Iterator
from html import escape, unescape
from typing import Final
from urllib.parse import quote

from handler.core.braze.request import utf8
from handler.core.json_types import JsonValue

LONGEST: Final = 256  # characters of a detail: it is read in a list
_MARK: Final = "..."
# Longer texts are cut before the search, so that a huge answer cannot take seconds.
_SEARCHED: Final = 2_000
# Shorter strings are replaced only as whole words: `a` must not be taken out of every other word.
_LONG: Final = 4
# Braze's own names for the parts of a request say nothing of a person, and much of a mistake.
_BRAZES_NAMES: Final = frozenset(
    {
        *("campaign_id", "canvas_id", "send_id", "recipients", "broadcast", "audience"),
        *("trigger_properties", "context", "canvas_entry_properties", "attachments"),
        *("external_user_id", "user_alias", "alias_name", "alias_label", "email"),
        *("prioritization", "send_to_existing_only", "attributes"),
        *("events", "subscription_groups", "external_id", "braze_id", "phone", "name", "time"),
        *("properties", "app_id", "_update_existing_only", "email_subscribe", "push_subscribe"),
        *("subscription_group_id", "subscription_state", "external_ids", "emails", "phones"),
        *("use_double_opt_in_logic", "order_id", "cart_id", "checkout_id", "total_value"),
        *("subtotal_value", "tax", "shipping", "total_discounts", "discounts", "currency"),
        *("products", "product_id", "product_name", "variant_id", "quantity", "price"),
        *("image_url", "product_url", "source", "metadata", "action", "cancel_reason", "type"),
    }
)
_WORD: Final = re.compile(r"\w{3,}")
# The number of a telephone, an order or a card, with any spacing: Braze may quote it in another.
_NUMBER: Final = re.compile(r"[0-9](?:[ \t().,/+-]{0,3}[0-9]){5,}")
# Of an address that was not sent Braze knows from a profile.
_ADDRESS: Final = re.compile(r"[^\s\"'<>(),;:=@%]+(?:@|%(?:25)*40)[^\s\"'<>(),;]+")
_DIGITS: Final = 6
_ESCAPE: Final = re.compile(r"\\+u([0-9A-Fa-f]{4})")
_BYTES: Final = re.compile(r"(?:\\+x[0-9A-Fa-f]{2})+")
_MOJIBAKE: Final = re.compile(r"[\x80-\xff]{2,}")  # UTF-8 that was read as Latin-1
_MARKS: Final = re.compile(r"\.{3}(?:[\s,;:'\"]*\.{3})+")
_NOT_PRINTABLE: Final = re.compile(r"[^ -~]")


def redact(text: str, request: JsonValue) -> str:
    """Return `text` with `...` for addresses and each string of `request`: 256 ASCII characters.

    Keys (but for Braze's own names), values and numbers as text are searched for in any case, also
    escaped as in JSON, HTML and URLs; then their words, and any word of four characters and more
    that occurs within them, for Braze may quote a part only. Escapes of characters and bytes are
    read first. Numbers of six digits and more are compared by their digits.
    """
    strings = {string for string in _strings(request) if string.strip()}
    text = _without_numbers(_unescaped(text[:_SEARCHED]), strings)
    folded = text.casefold()
    forms = {form for string in strings for form in _forms(string) if form.casefold() in folded}
    for form in sorted(forms, key=len, reverse=True):
        text = _pattern(form).sub(_MARK, text)
    everything = "\n".join(strings).casefold()
    words = frozenset(_WORD.findall(everything))

    def mark(found: re.Match[str]) -> str:
        word = found[0].casefold()
        sent = word in words or (len(word) >= _LONG and word in everything)
        return _MARK if sent else found[0]

    text = _ADDRESS.sub(_MARK, _WORD.sub(mark, text))
    return _MARKS.sub(_MARK, _NOT_PRINTABLE.sub("?", text))[:LONGEST]


def _unescaped(text: str) -> str:
    read = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), unescape(text))
    read = _BYTES.sub(lambda found: _of_utf8(bytes.fromhex(re.sub(r"\\+x", "", found[0]))), read)
    read = _MOJIBAKE.sub(lambda found: _of_utf8(found[0].encode("latin-1")), read)
    return utf8(read).decode()


def _of_utf8(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _without_numbers(text: str, strings: set[str]) -> str:
    sent = {_digits(found) for string in strings for found in _NUMBER.findall(string)}

    def mark(found: re.Match[str]) -> str:
        digits = _digits(found[0])
        same = any(digits in number or number in digits for number in sent)
        return _MARK if same else found[0]

    return _NUMBER.sub(mark, text)


def _digits(number: str) -> str:
    """Return a number's digits, without the zeros before it where there are enough of others."""
    digits = re.sub(r"[^0-9]", "", number)
    short = digits.lstrip("0")
    return short if len(short) >= _DIGITS else digits


def _strings(value: JsonValue) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in _BRAZES_NAMES:
                yield key
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
    elif isinstance(value, str):
        yield value
    elif value is not None and not isinstance(value, bool):
        yield json.dumps(value)


def _forms(string: str) -> set[str]:
    return {
        string,
        string.strip(),
        json.dumps(string, ensure_ascii=False)[1:-1],
        escape(string),
        quote(string, safe=""),
    }


def _pattern(form: str) -> re.Pattern[str]:
    literal = re.escape(form)
    if len(form) < _LONG:
        literal = rf"(?<!\w){literal}(?!\w)"
    return re.compile(literal, re.IGNORECASE)
