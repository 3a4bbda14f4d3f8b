"""Signs sample webhooks as their senders do, by the scheme that verifies the source."""

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
    Scheme,
    SignedScheme,
    TemplatePart,
    TokenScheme,
    template,
)

_OF_URLS: Final = str.maketrans("-_", "+/")
_DECODE: Final[Mapping[str, Callable[[str], bytes]]] = {
    "utf8": str.encode,
    "base64": lambda text: base64.b64decode(text.translate(_OF_URLS) + "=" * (-len(text) % 4)),
    "hex": bytes.fromhex,
}


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A webhook to post: `query` has no `?`; names of headers are in lower case."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    query: str = ""


def sign(request: SignedRequest, scheme: Scheme, secret: str, now: int) -> SignedRequest:
    """Return the request with its sender's proof in headers or query string.

    `now` is in epoch seconds. Without an id one is made from the body, so that a sample keeps its
    id.
    """
    headers = {name.lower(): value for name, value in request.headers.items()}
    request = replace(request, headers=headers)
    if isinstance(scheme, SignedScheme):
        return replace(request, headers=_signed(request, scheme, secret, now))
    if isinstance(scheme, BasicScheme):
        shown = f"Basic {base64.b64encode(secret.encode()).decode()}"
        return replace(request, headers={**headers, "authorization": shown})
    return _with_token(request, scheme, secret)


def _with_token(request: SignedRequest, scheme: TokenScheme, secret: str) -> SignedRequest:
    if scheme.where == "query":
        shown = f"{quote(scheme.name or '', safe='')}={quote(secret, safe='')}"
        return replace(request, query="&".join(filter(None, [request.query, shown])))
    shown = f"Bearer {secret}" if scheme.where == "bearer" else secret
    return replace(request, headers={**request.headers, scheme.credential: shown})


def _signed(request: SignedRequest, scheme: SignedScheme, secret: str, now: int) -> dict[str, str]:
    headers = dict(request.headers)
    if scheme.id_header:
        digest = hmac.digest(b"sample", request.body, "sha256").hex()
        headers.setdefault(scheme.id_header, f"msg_{digest[:24]}")
    stamp = str(now * 1000 if scheme.timestamp and scheme.timestamp.unit == "ms" else now)
    if scheme.timestamp and scheme.timestamp.header:
        headers[scheme.timestamp.header] = stamp
    for part in template(scheme.signed):
        if part.kind == "header":  # most often a time
            headers.setdefault(part.text, stamp)
    request = replace(request, headers=headers)
    key = _key(scheme, secret)
    message = b"".join(
        _piece(part, scheme, request, (stamp, key)) for part in template(scheme.signed)
    )
    if isinstance(scheme, HmacScheme):
        made = hmac.digest(key, message, scheme.algorithm)
    else:
        made = hashlib.new(scheme.algorithm, message).digest()
    text = made.hex() if scheme.encoding == "hex" else base64.b64encode(made).decode("ascii")
    return headers | {scheme.signature.header: _placed(scheme, text, stamp)}


def _piece(
    part: TemplatePart, scheme: SignedScheme, request: SignedRequest, given: tuple[str, bytes]
) -> bytes:
    stamp, key = given
    if part.kind in ("body", "secret"):
        return request.body if part.kind == "body" else key
    query = f"?{request.query}" if request.query else ""
    texts = {
        "timestamp": stamp,
        "id": request.headers.get(scheme.id_header or "", ""),
        "method": "POST",
        "url": f"{scheme.public_url or request.url}{query}",
        "header": request.headers.get(part.text, ""),
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
