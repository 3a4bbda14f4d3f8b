"""Checks signatures, over the raw bytes and before anything is parsed.

Signatures and what they sign are compared as bytes, in constant time, after strict decoding.
The rules are those of the Standard Webhooks specification 1.0.0, extended to other senders.
"""

import binascii
import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from typing import Final

from handler.core.errors import Unverified, UnverifiedReason
from handler.core.models import Webhook
from handler.core.verification.schemes import (
    HmacScheme,
    Scheme,
    Signature,
    SignedScheme,
    TemplatePart,
    Timestamp,
    template,
)

MAX_SIGNATURES: Final = 16
_PLAIN_URL: Final = re.compile(
    r"(https?://)(?:[^/]{1,256}@)?([A-Za-z0-9.-]{1,253}(?::\d{1,5})?(?:/[!-~]{0,256})?)"
)
# The escapes that HubSpot decodes: of : / ? @ ! $ ' ( ) * , ; ("Validating requests").
_ESCAPE: Final = re.compile("%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)
_OF_URLS: Final = re.compile("[-_]")
_OF_PLAIN: Final = re.compile("[+/]")
_MAX_DIGITS: Final = 14  # of a timestamp: milliseconds until the year 5138


def check_signature(webhook: Webhook, scheme: SignedScheme, keys: Sequence[bytes]) -> None:
    """Raise Unverified unless one of the webhook's signatures fits one of the keys.

    The age is checked after the signature, so that `stale` in a log always means a genuine webhook.
    """
    signatures, stamp = _shown(webhook, scheme)
    digests = [
        _digest(_signed(webhook, scheme, stamp, url, key), scheme, key)
        for key in keys
        for url in _spellings(webhook, scheme)
    ]
    if not any(hmac.compare_digest(ours, theirs) for ours in digests for theirs in signatures):
        raise Unverified("wrong_signature")
    _check_age(stamp, scheme.timestamp, webhook.received_at)


def check_form(webhook: Webhook, scheme: SignedScheme) -> None:
    """Raise Unverified where no key could verify the webhook: it is malformed, or out of time."""
    signatures, stamp = _shown(webhook, scheme)
    size = hashlib.new(scheme.algorithm).digest_size
    if all(len(signature) != size for signature in signatures):
        raise Unverified("malformed_signature")
    _check_age(stamp, scheme.timestamp, webhook.received_at)
    for _ in _signed(webhook, scheme, stamp, "", b""):
        pass  # a piece that is missing raises


def _shown(webhook: Webhook, scheme: SignedScheme) -> tuple[list[bytes], str]:
    """Return a webhook's signatures, decoded, and its timestamp."""
    header = _header(webhook, scheme.signature.header, "no_signature")
    signatures = _decoded(_candidates(header, scheme.signature), scheme)
    return signatures, _stamp(webhook, header, scheme)


def _digest(signed: Iterable[bytes], scheme: SignedScheme, key: bytes) -> bytes:
    message = b"".join(signed)
    if isinstance(scheme, HmacScheme):
        return hmac.digest(key, message, scheme.algorithm)
    return hashlib.new(scheme.algorithm, message, usedforsecurity=True).digest()


def _header(webhook: Webhook, name: str, otherwise: UnverifiedReason) -> str:
    value = webhook.headers.get(name, "")
    if not value.strip():
        raise Unverified(otherwise)
    return value


def _pairs(header: str, signature: Signature, key: str) -> list[str]:
    items = (item.strip(" \t").partition("=") for item in header.split(signature.splits_at))
    return [value for name, _, value in items if name == key]


def _candidates(header: str, signature: Signature) -> list[str]:
    prefix = signature.prefix or ""
    if signature.format == "pairs":
        found = _pairs(header, signature, signature.key or "")
    else:
        items = header.split(signature.splits_at) if signature.format == "list" else [header]
        found = [item.removeprefix(prefix) for item in items if item.startswith(prefix)]
    # API Gateway joins headers of one name with commas, and no encoding has a comma.
    if any("," in candidate for candidate in found):
        raise Unverified("duplicate_header")
    if len(found) > MAX_SIGNATURES:
        raise Unverified("too_many_signatures")
    return found


def _decoded(candidates: Iterable[str], scheme: SignedScheme) -> list[bytes]:
    decode = _hex if scheme.encoding == "hex" else _base64
    signatures = [signature for signature in map(decode, candidates) if signature]
    if not signatures:
        raise Unverified("malformed_signature")
    return signatures


def _hex(text: str) -> bytes | None:
    try:
        return binascii.unhexlify(text)  # unlike bytes.fromhex, takes no blanks
    except ValueError:
        return None


def _base64(text: str) -> bytes | None:
    try:
        plain = plain_base64(text)
        decoded = b64decode(plain, validate=True)
    except ValueError:
        return None
    # Spare bits in the last character would let four texts mean one signature.
    return decoded if b64encode(decoded).decode("ascii") == plain else None


def plain_base64(text: str) -> str:
    """Return base64 in its plain alphabet and padded (RFC 4648, 3.2 and 5: both vary by sender).

    Raise ValueError where a text mixes the two alphabets.
    """
    if _OF_URLS.search(text):
        if _OF_PLAIN.search(text):
            raise ValueError("two alphabets")
        text = text.replace("-", "+").replace("_", "/")
    return text if text.endswith("=") else text + "=" * (-len(text) % 4)


def _stamp(webhook: Webhook, header: str, scheme: SignedScheme) -> str:
    place = scheme.timestamp
    if place is None:
        return ""
    if place.header is not None:
        stamp = _header(webhook, place.header, "no_timestamp")
    else:
        stamps = _pairs(header, scheme.signature, place.key or "")
        if len(stamps) > 1:
            raise Unverified("duplicate_header")
        stamp = stamps[0] if stamps else ""
    if not stamp:
        raise Unverified("no_timestamp")
    # int() would also take blanks, signs, underscores and the digits of other scripts.
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= _MAX_DIGITS):
        raise Unverified("malformed_timestamp")
    return stamp


def _check_age(stamp: str, place: Timestamp | None, received_at: int) -> None:
    if place is None or place.tolerance is None:
        return
    unit = 1000 if place.unit == "ms" else 1
    age = received_at * unit - int(stamp)
    if age > place.tolerance * unit:
        raise Unverified("stale")
    if -age > place.tolerance * unit:
        raise Unverified("from_the_future")


def _signed(
    webhook: Webhook, scheme: SignedScheme, stamp: str, url: str, key: bytes
) -> Iterable[bytes]:
    stated = {"timestamp": _bytes(stamp), "url": _bytes(url)}
    whole = {"body": webhook.body, "secret": key, **stated}
    for part in template(scheme.signed):
        yield whole[part.kind] if part.kind in whole else _bytes(_piece(part, webhook, scheme))


def _piece(part: TemplatePart, webhook: Webhook, scheme: SignedScheme) -> str:
    if part.kind == "id":
        return _id(webhook, scheme)
    if part.kind == "header":
        return _header(webhook, part.text, "no_header")
    return webhook.method if part.kind == "method" else part.text


def _url(webhook: Webhook, scheme: SignedScheme) -> str:
    """Return the URL as the sender knows it, with its query string verbatim."""
    query = f"?{webhook.query}" if webhook.query else ""
    return f"{scheme.public_url or webhook.url}{query}"


def _spellings(webhook: Webhook, scheme: SignedScheme) -> list[str]:
    """Return the URL as it was called and, where the sender decodes some of it, as it is signed."""
    url = _url(webhook, scheme)
    decoded = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), url) if scheme.decode_url else url
    return list(dict.fromkeys([url, decoded]))


def shown_url(webhook: Webhook, scheme: Scheme) -> str:
    """Return the URL that is signed, fit for a log: no user, no password, no query string.

    Empty where no URL is signed, or where the called URL is malformed.
    """
    if not isinstance(scheme, SignedScheme) or TemplatePart("url") not in template(scheme.signed):
        return ""
    url, _, query = _url(webhook, scheme).partition("?")
    found = _PLAIN_URL.fullmatch(url)
    return f"{found[1]}{found[2]}{'?...' if query else ''}" if found else ""


def _id(webhook: Webhook, scheme: SignedScheme) -> str:
    value = _header(webhook, scheme.id_header or "", "no_id")
    # An id with the template's own separators could move the border between id and body.
    parts = template(scheme.signed)
    marks = {mark for part in parts if part.kind == "text" for mark in part.text}
    if any(mark in value for mark in marks if not mark.isalnum()):
        raise Unverified("ambiguous_id")
    return value


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # no header value may raise
