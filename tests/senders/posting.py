"""Webhooks on their way: as API Gateway hands them over, and what is said of them."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from handler.aws.api_gateway import webhook_of
from handler.core.errors import Unverified
from handler.core.models import Verified, Webhook
from handler.core.rules.source import Source
from handler.core.verification.schemes import Scheme
from handler.core.verification.verify import verify
from tests.handler.core.rules_files import source_of
from tests.senders.vendors import VENDORS, Vendor

NOW = 1_780_000_000
# What json.loads and json.dumps would not give back: an escaped slash, spaces, a letter, CRLF.
BODY = '{"type": "order.paid",  "url": "https:\\/\\/example.com", "name": "Zoë"}\r\n'

source = cache(source_of)


@dataclass(frozen=True, slots=True)
class Post:
    headers: Mapping[str, str]
    body: bytes = BODY.encode()
    query: str = ""
    method: str = "POST"
    is_base64: bool = False
    source: str = "shop"

    def event(self) -> dict[str, Any]:
        """API Gateway, "AWS Lambda proxy integrations for HTTP APIs", payload format 2.0."""
        encoded = base64.b64encode(self.body).decode()
        path = f"/webhooks/{self.source}"
        return {
            "version": "2.0",
            "routeKey": "ANY /webhooks/{source+}",
            "rawPath": path,
            "rawQueryString": self.query,
            "headers": {
                "host": "hooks.example.com",
                "x-forwarded-proto": "https",
                "x-forwarded-for": "192.0.2.1",
                "content-type": "application/json",
                "user-agent": "sender/1",
                **self.headers,
            },
            "requestContext": {
                "http": {"method": self.method, "path": path, "protocol": "HTTP/1.1"},
                "stage": "$default",
            },
            "pathParameters": {"source": self.source},
            "body": encoded if self.is_base64 else self.body.decode(),
            "isBase64Encoded": self.is_base64,
        }

    def webhook(self) -> Webhook:
        return webhook_of(self.event(), NOW)

    def plus(self, **headers: str) -> "Post":
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **named})


@dataclass(frozen=True, slots=True)
class Letter:
    """What one vendor signs, by default a good webhook; `signatures` replaces its signature."""

    vendor: Vendor
    body: str = BODY
    at: int = NOW
    secret: str = ""
    signatures: Sequence[str] = field(default=())

    @property
    def signature(self) -> str:
        key = self.secret or self.vendor.secret
        return self.vendor.sign(key, self.body, self.vendor.stamp(self.at))

    def post(self) -> Post:
        stamp = self.vendor.stamp(self.at)
        beside = {name: text.replace("STAMP", stamp) for name, text in self.vendor.beside.items()}
        value = self.vendor.frame.text(self.signatures or [self.signature], stamp)
        return Post({**beside, self.vendor.header: value}, self.body.encode())


def good(preset: str, body: str = BODY) -> Post:
    return Letter(VENDORS[preset], body).post()


def verdict(post: Post, scheme: Scheme, secrets: Sequence[str]) -> str:
    """Return `accepted`, or the reason why not."""
    webhook = post.webhook()
    try:
        assert verify(webhook, scheme, secrets) == Verified(webhook)
    except Unverified as refused:
        return refused.reason
    return "accepted"


def judged(preset: str, post: Post, secrets: Sequence[str] = ()) -> str:
    """Return the verdict of a preset on a webhook."""
    taken: Source = source(preset)
    return verdict(post, taken.scheme, secrets or [VENDORS[preset].secret])
