"""Proves who sent a webhook, over its raw bytes and before anything is parsed.

Signatures and what they sign are compared as bytes, in constant time, after strict decoding.
The rules are those of the Standard Webhooks specification 1.0.0, widened to the other senders.
"""

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from typing import Final, Literal

from handler.core.errors import Unavailable, Unverified
from handler.core.models import Verified, Webhook
from handler.core.schemes import HmacScheme, Part, Signature, Timestamp, template

Reason = Literal[
    "no_signature",
    "malformed_signature",
    "wrong_signature",
    "too_many_signatures",
    "duplicate_header",
    "no_timestamp",
    "malformed_timestamp",
    "stale",
    "from_the_future",
    "no_id",
    "ambiguous_id",
    "no_header",
]

MAX_SIGNATURES: Final = 16
MIN_SECRET_BYTES: Final = 8
_MAX_DIGITS: Final = 14  # of a timestamp: milliseconds until the year 5138


def verify(webhook: Webhook, scheme: HmacScheme, secrets: Sequence[str]) -> Verified:
    """Return the webhook as verified if any of its signatures fits any of the secrets.

    Raises Unverified (its `reason` is a Reason) when the webhook does not prove its sender,
    and Unavailable when one of the secrets cannot be used; neither shows a secret or what
    would have been right. An age is judged only once the signature is good, so that `stale`
    in a log always speaks of a genuine webhook.
    """
    keys = _keys(webhook.source, scheme, secrets)
    header = _header(webhook, scheme.signature.header, "no_signature")
    signatures = _decoded(_candidates(header, scheme.signature), scheme)
    stamp = _stamp(webhook, header, scheme)
    message = b"".join(_signed(webhook, scheme, stamp))
    digests = [hmac.digest(key, message, scheme.algorithm) for key in keys]
    if not any(hmac.compare_digest(ours, theirs) for ours in digests for theirs in signatures):
        raise _unverified("wrong_signature")
    if scheme.timestamp:
        _check_age(int(stamp), scheme.timestamp, webhook.received_at)
    return Verified(webhook)


def _unverified(reason: Reason) -> Unverified:
    return Unverified(reason)


def _header(webhook: Webhook, name: str, otherwise: Reason) -> str:
    value = webhook.headers.get(name, "")
    if not value.strip():
        raise _unverified(otherwise)
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
        raise _unverified("duplicate_header")
    if len(found) > MAX_SIGNATURES:
        raise _unverified("too_many_signatures")
    return found


def _decoded(candidates: Iterable[str], scheme: HmacScheme) -> list[bytes]:
    decode = _hex if scheme.encoding == "hex" else _base64
    signatures = [signature for signature in map(decode, candidates) if signature]
    if not signatures:
        raise _unverified("malformed_signature")
    return signatures


def _hex(text: str) -> bytes | None:
    try:
        return binascii.unhexlify(text)  # unlike bytes.fromhex, takes no blanks
    except ValueError:
        return None


def _base64(text: str) -> bytes | None:
    try:
        decoded = b64decode(text, validate=True)
    except ValueError:
        return None
    # Spare bits in the last character would let four texts mean one signature.
    return decoded if b64encode(decoded).decode("ascii") == text else None


def _stamp(webhook: Webhook, header: str, scheme: HmacScheme) -> str:
    place = scheme.timestamp
    if place is None:
        return ""
    if place.header is not None:
        stamp = _header(webhook, place.header, "no_timestamp")
    else:
        stamps = _pairs(header, scheme.signature, place.key or "")
        if len(stamps) > 1:
            raise _unverified("duplicate_header")
        stamp = stamps[0] if stamps else ""
    if not stamp:
        raise _unverified("no_timestamp")
    # int() would also take blanks, signs, underscores and the digits of other scripts.
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= _MAX_DIGITS):
        raise _unverified("malformed_timestamp")
    return stamp


def _check_age(stamp: int, place: Timestamp, received_at: int) -> None:
    if place.tolerance is None:
        return
    unit = 1000 if place.unit == "ms" else 1
    age = received_at * unit - stamp
    if age > place.tolerance * unit:
        raise _unverified("stale")
    if -age > place.tolerance * unit:
        raise _unverified("from_the_future")


def _signed(webhook: Webhook, scheme: HmacScheme, stamp: str) -> Iterable[bytes]:
    parts = template(scheme.signed)
    for part in parts:
        if part.kind == "body":
            yield webhook.body
        elif part.kind == "timestamp":
            yield _bytes(stamp)
        elif part.kind == "id":
            yield _bytes(_id(webhook, scheme, parts))
        elif part.kind == "method":
            yield _bytes(webhook.method)
        elif part.kind == "header":
            yield _bytes(_header(webhook, part.text, "no_header"))
        else:
            yield _bytes(part.text)


def _id(webhook: Webhook, scheme: HmacScheme, parts: Iterable[Part]) -> str:
    value = _header(webhook, scheme.id_header or "", "no_id")
    # An id that holds the template's own dots could take over a part of the body, or give it one.
    marks = {mark for part in parts if part.kind == "text" for mark in part.text}
    if any(mark in value for mark in marks if not mark.isalnum()):
        raise _unverified("ambiguous_id")
    return value


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # no header value may raise


def _keys(source: str, scheme: HmacScheme, secrets: Sequence[str]) -> list[bytes]:
    if not secrets:
        raise Unavailable(f"source {source} has no signing secret")
    keys = []
    for number, secret in enumerate(secrets, start=1):
        key, which = _key(secret, scheme), f"signing secret {number} of source {source}"
        if key is None:
            raise Unavailable(f"{which} is not {scheme.secret_encoding}")
        if len(key) < MIN_SECRET_BYTES or key.isspace():
            raise Unavailable(f"{which} is blank or has fewer than {MIN_SECRET_BYTES} bytes")
        keys.append(key)
    return keys


def _key(secret: str, scheme: HmacScheme) -> bytes | None:
    prefix = next((known for known in scheme.secret_prefixes if secret.startswith(known)), "")
    text, encoding = secret.removeprefix(prefix), scheme.secret_encoding
    try:
        if encoding == "base64":
            return b64decode(text + "=" * (-len(text) % 4), validate=True)  # often unpadded
        return binascii.unhexlify(text) if encoding == "hex" else text.encode()
    except ValueError:
        return None
