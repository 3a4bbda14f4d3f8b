"""Signs sample webhooks as their senders do, by the scheme that the source is verified with."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from handler.core.verification.schemes import (
    BasicScheme,
    HmacScheme,
    Part,
    Scheme,
    SignedScheme,
    TokenScheme,
    template,
)

_DECODE: Final[Mapping[str, Callable[[str], bytes]]] = {
    "utf8": str.encode,
    "base64": lambda text: base64.b64decode(text + "=" * (-len(text) % 4)),
    "hex": bytes.fromhex,
}


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A webhook to be posted: `query` has no `?`; names of headers are in lower case."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    query: str = ""


def sign(letter: SignedRequest, scheme: Scheme, secret: str, now: int) -> SignedRequest:
    """Return the letter with what proves its sender in headers or query string.

    `now` is in seconds since the epoch. An id is made of the body where none is given, so that
    the same sample keeps its id.
    """
    headers = {name.lower(): value for name, value in letter.headers.items()}
    letter = replace(letter, headers=headers)
    if isinstance(scheme, SignedScheme):
        return replace(letter, headers=_signed(letter, scheme, secret, now))
    if isinstance(scheme, BasicScheme):
        shown = f"Basic {base64.b64encode(secret.encode()).decode()}"
        return replace(letter, headers={**headers, "authorization": shown})
    return _with_token(letter, scheme, secret)


def _with_token(letter: SignedRequest, scheme: TokenScheme, secret: str) -> SignedRequest:
    if scheme.where == "query":
        shown = f"{quote(scheme.name or '', safe='')}={quote(secret, safe='')}"
        return replace(letter, query="&".join(filter(None, [letter.query, shown])))
    shown = f"Bearer {secret}" if scheme.where == "bearer" else secret
    return replace(letter, headers={**letter.headers, scheme.credential: shown})


def _signed(letter: SignedRequest, scheme: SignedScheme, secret: str, now: int) -> dict[str, str]:
    headers = dict(letter.headers)
    if scheme.id_header:
        digest = hmac.digest(b"sample", letter.body, "sha256").hex()
        headers.setdefault(scheme.id_header, f"msg_{digest[:24]}")
    stamp = str(now * 1000 if scheme.timestamp and scheme.timestamp.unit == "ms" else now)
    if scheme.timestamp and scheme.timestamp.header:
        headers[scheme.timestamp.header] = stamp
    for part in template(scheme.signed):
        if part.kind == "header":  # most often a time
            headers.setdefault(part.text, stamp)
    letter = replace(letter, headers=headers)
    key = _key(scheme, secret)
    message = b"".join(
        _piece(part, scheme, letter, (stamp, key)) for part in template(scheme.signed)
    )
    if isinstance(scheme, HmacScheme):
        made = hmac.digest(key, message, scheme.algorithm)
    else:
        made = hashlib.new(scheme.algorithm, message).digest()
    text = made.hex() if scheme.encoding == "hex" else base64.b64encode(made).decode("ascii")
    return headers | {scheme.signature.header: _placed(scheme, text, stamp)}


def _piece(
    part: Part, scheme: SignedScheme, letter: SignedRequest, given: tuple[str, bytes]
) -> bytes:
    stamp, key = given
    if part.kind in ("body", "secret"):
        return letter.body if part.kind == "body" else key
    query = f"?{letter.query}" if letter.query else ""
    texts = {
        "timestamp": stamp,
        "id": letter.headers.get(scheme.id_header or "", ""),
        "method": "POST",
        "url": f"{scheme.public_url or letter.url}{query}",
        "header": letter.headers.get(part.text, ""),
    }
    return texts.get(part.kind, part.text).encode()


def _key(scheme: SignedScheme, secret: str) -> bytes:
    if not isinstance(scheme, HmacScheme):
        return secret.encode()
    prefix = next((known for known in scheme.secret_prefixes if secret.startswith(known)), "")
    return _DECODE[scheme.secret_encoding](secret.removeprefix(prefix))


def _placed(scheme: SignedScheme, text: str, stamp: str) -> str:
    place = scheme.signature
    if place.format != "pairs":
        return f"{place.prefix or ''}{text}"
    items = [f"{place.key}={text}"]
    if scheme.timestamp and scheme.timestamp.key:
        items.insert(0, f"{scheme.timestamp.key}={stamp}")
    return place.splits_at.join(items)
