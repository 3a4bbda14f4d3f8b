"""Sources of every preset and scheme, and genuine requests of each to start from."""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any, Final

from bench.fuzz.requests import HOST, Request
from handler.core.rules.load import load
from handler.core.rules.source import Source
from handler.core.verification.presets.catalogue import PRESETS
from handler.core.verification.schemes import BasicScheme, SignedScheme
from relay.webhooks.signer import SignedRequest, sign

# What must never be seen in a log: it stands in every body, or in every secret that is text.
MARKS: Final = ("jane.doe@", "s3cret")

_RULES: Final = """\
rules:
  - name: any
    type: "*"
    send:
      campaign_id: c
      recipients: [{external_user_id: "${id}", trigger_properties: {all: "${body}"}}]
"""
_EVENT: Final = "event: {type: body.type, type_signed: true, id: body.id}\n"
# What the presets leave out: the other schemes, formats, encodings and algorithms.
_BY_HAND: Final[Mapping[str, dict[str, Any]]] = {
    "slack": {
        "encoding": "hex",
        "signature": {"header": "X-Slack-Signature", "format": "prefix", "prefix": "v0="},
        "signed": "v0:{timestamp}:{body}",
        "timestamp": {"header": "X-Slack-Request-Timestamp"},
    },
    "listed": {
        "algorithm": "sha512",
        "encoding": "base64",
        "signature": {"header": "X-Signatures", "format": "list", "separator": ";"},
        "signed": "{method} {id}.{body}",
        "id_header": "X-Id",
        "secret_encoding": "hex",
    },
    "hashed": {
        "scheme": "hash",
        "encoding": "hex",
        "signature": {"header": "X-Digest"},
        "signed": "{secret}{body}",
    },
    "in_query": {"scheme": "token", "where": "query", "name": "key"},
    "in_header": {"scheme": "token", "where": "header", "name": "X-Api-Key"},
}
_TOPICS: Final = {
    "shopify": {"x-shopify-topic": "orders/create"},
    "woocommerce": {"x-wc-webhook-topic": "order.created"},
    "recharge": {"x-recharge-topic": "order/created"},
    "github": {"x-github-event": "push"},
}
_ORDER: Final = {
    **dict.fromkeys(("type", "event", "topic", "scope", "event_type"), "order.created"),
    **dict.fromkeys(("eventType", "subscriptionType"), "order.created"),
    "id": 820982911946154508,
    "created_at": "2026-01-01T00:00:00Z",
    "email": "jane.doe@example.org",
    "data": {"id": 7, "events": [{"eventType": "a", "uuid": "b"}]},
    "meta": {"event_name": "order_created"},
}
_BODY: Final = json.dumps(_ORDER).encode()
_BODIES: Final = (
    json.dumps([_ORDER]).encode(),
    json.dumps({"topic": "a", "data": [_ORDER]}, ensure_ascii=False, indent=1).encode(),
    b'{"type":"a","type":"b"}',
    b'{"type":"\xff"}',
    b"1763672400.5",  # could be split anew where ids, times and bodies are joined by dots
    b"",
)
_AGES: Final = (100, -100, 10_000, -10_000, 1_000_000)  # in seconds; the last is old for Recharge


@dataclass(frozen=True, slots=True)
class Secrets:
    """A source's signing secrets: two that are in force, and one that is not any more."""

    current: str
    previous: str
    retired: str


@dataclass(frozen=True, slots=True)
class Good:
    """A request that its sender really made, with the body that it signed."""

    request: Request
    is_in_force: bool  # by its secret; it may still be too old


@cache
def sources() -> Mapping[str, Source]:
    """Return a source for every preset, and those by hand."""
    blocks = {name: (json.dumps({"preset": name}), "") for name in PRESETS}
    blocks |= {name: (json.dumps(block), _EVENT) for name, block in _BY_HAND.items()}
    return {
        name: load(name, f"verify: {verify}\n{event}{_RULES}", f"{name}.yaml", "dev")
        for name, (verify, event) in blocks.items()
    }


def secrets_of(source: Source) -> Secrets:
    """Return the secrets of a source; the same at every call."""
    return Secrets(*(_secret(source, which) for which in ("current", "previous", "retired")))


def _secret(source: Source, which: str) -> str:
    encoding = getattr(source.scheme, "secret_encoding", "utf8")
    digest = sha256(f"{source.name} {which}".encode())
    if encoding == "base64":
        return f"whsec_{b64encode(digest.digest()).decode('ascii')}"
    if encoding == "hex":
        return digest.hexdigest()
    user = "user:" if isinstance(source.scheme, BasicScheme) else ""
    return f"{user}s3cret-{digest.hexdigest()[:24]}"


def good_requests(source: Source, now: int) -> Iterator[Good]:
    """Yield requests that the sender signed: with each secret, of each body, now and at others."""
    secrets = secrets_of(source)
    for body in (_BODY, *_BODIES):
        yield Good(signed(source, secrets.current, body, now), is_in_force=True)
    yield Good(signed(source, secrets.previous, _BODY, now), is_in_force=True)
    yield Good(signed(source, secrets.retired, _BODY, now), is_in_force=False)
    if isinstance(source.scheme, SignedScheme):
        for age in _AGES:
            yield Good(signed(source, secrets.current, _BODY, now - age), is_in_force=True)


def signed(source: Source, secret: str, body: bytes, at: int) -> Request:
    """Return the request that a source's sender makes of a body."""
    path = f"/webhooks/{source.name}"
    headers = {
        "content-type": "application/json",
        "host": HOST,
        "x-forwarded-proto": "https",
        **_TOPICS.get(source.name, {}),
    }
    letter = sign(SignedRequest(f"https://{HOST}{path}", headers, body), source.scheme, secret, at)
    return Request(source.name, letter.headers, body, query=letter.query, path=path)
