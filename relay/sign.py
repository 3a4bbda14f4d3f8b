"""Signs sample webhooks as their senders do, by the scheme that the source is verified with."""

import base64
import hmac
from collections.abc import Callable, Mapping

from handler.core.schemes import HmacScheme, Part, template


def sign(
    scheme: HmacScheme, secret: str, headers: Mapping[str, str], body: bytes, now: int
) -> dict[str, str]:
    """Return the headers, with id, timestamp and signature added where the scheme wants them.

    `now` is in seconds since the epoch. An id is made of the body where none is given, so that
    the same sample keeps its id.
    """
    signed = {name.lower(): value for name, value in headers.items()}
    if scheme.id_header:
        digest = hmac.digest(b"sample", body, "sha256").hex()
        signed.setdefault(scheme.id_header, f"msg_{digest[:24]}")
    stamp = str(now * 1000 if scheme.timestamp and scheme.timestamp.unit == "ms" else now)
    if scheme.timestamp and scheme.timestamp.header:
        signed[scheme.timestamp.header] = stamp
    message = b"".join(
        _piece(part, scheme, signed, body, stamp) for part in template(scheme.signed)
    )
    digest_bytes = hmac.digest(_key(scheme, secret), message, scheme.algorithm)
    text = (
        digest_bytes.hex()
        if scheme.encoding == "hex"
        else base64.b64encode(digest_bytes).decode("ascii")
    )
    return signed | {scheme.signature.header: _placed(scheme, text, stamp)}


def _piece(
    part: Part, scheme: HmacScheme, headers: Mapping[str, str], body: bytes, stamp: str
) -> bytes:
    texts = {
        "text": part.text,
        "timestamp": stamp,
        "id": headers.get(scheme.id_header or "", ""),
        "method": "POST",
        "header": headers.get(part.text, ""),
    }
    return body if part.kind == "body" else texts[part.kind].encode()


def _key(scheme: HmacScheme, secret: str) -> bytes:
    prefix = next((known for known in scheme.secret_prefixes if secret.startswith(known)), "")
    text = secret.removeprefix(prefix)
    decode: dict[str, Callable[[str], bytes]] = {
        "utf8": str.encode,
        "base64": lambda encoded: base64.b64decode(encoded + "=" * (-len(encoded) % 4)),
        "hex": bytes.fromhex,
    }
    return decode[scheme.secret_encoding](text)


def _placed(scheme: HmacScheme, text: str, stamp: str) -> str:
    place = scheme.signature
    if place.format != "pairs":
        return f"{place.prefix or ''}{text}"
    items = [f"{place.key}={text}"]
    if scheme.timestamp and scheme.timestamp.key:
        items.insert(0, f"{scheme.timestamp.key}={stamp}")
    return place.splits_at.join(items)
