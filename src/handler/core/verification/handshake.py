"""Handshakes: the requests that senders make before, or beside, their webhooks, and their answers.

Only the handshakes that a source's sender is known to make are answered. An answer is their only
effect: no URL of a webhook is ever fetched, and the echoed text is short, plain and no HTML.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import parse_qs

from handler.core.models import Verified, Webhook

Handshake = Literal["get", "challenge", "okta", "woocommerce", "github", "url_verification"]

_ECHO: Final = re.compile(r"[!-~]{1,256}")
_WOOCOMMERCE: Final = re.compile(rb"webhook_id=[0-9]{1,20}")
_FORM: Final = "application/x-www-form-urlencoded"
_NOSNIFF: Final = {"x-content-type-options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Reply:
    """The body of a 200, and its content type where it has one."""

    body: str = ""
    content_type: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the answer."""
        return {"content-type": self.content_type, **_NOSNIFF} if self.content_type else {}


def greet(webhook: Webhook, handshakes: Collection[Handshake]) -> Reply | None:
    """Return the answer to an unsigned handshake; None for any other request.

    okta: Okta, "Event hooks", one-time verification request. challenge: Adobe I/O, "Introduction
    to webhooks". woocommerce: the ping of a webhook that is switched on, which must get 200.
    """
    if webhook.method == "POST":
        is_ping = "woocommerce" in handshakes and _is_woocommerce(webhook)
        return Reply() if is_ping else None
    if webhook.method == "GET" and "okta" in handshakes:
        echo = _plain(webhook.headers.get("x-okta-verification-challenge"))
        if echo:
            return Reply(json.dumps({"verification": echo}), "application/json")
    if webhook.method == "GET" and "challenge" in handshakes:
        echo = _plain(next(iter(_challenges(webhook.query)), None))
        if echo:
            return Reply(echo, "text/plain")
    return Reply() if webhook.method in ("GET", "HEAD") and "get" in handshakes else None


def greet_signed(verified: Verified, handshakes: Collection[Handshake]) -> Reply | None:
    """Return the answer to a signed handshake; None for a real webhook.

    github: the `ping` event (GitHub, "Webhook events and payloads"). url_verification: Slack,
    "url_verification event", whose challenge is sent back.
    """
    webhook = verified.webhook
    if "github" in handshakes and webhook.headers.get("x-github-event") == "ping":
        return Reply()
    if "url_verification" in handshakes:
        echo = _plain(_url_verification(webhook.body))
        return Reply(echo, "text/plain") if echo else None
    return None


def _is_woocommerce(webhook: Webhook) -> bool:
    media = webhook.headers.get("content-type", "").partition(";")[0].strip().lower()
    has_topic = "x-wc-webhook-topic" in webhook.headers
    return media == _FORM and not has_topic and bool(_WOOCOMMERCE.fullmatch(webhook.body))


def _challenges(query: str) -> list[str]:
    try:
        return parse_qs(query, max_num_fields=16).get("challenge", [])
    except ValueError:
        return []


def _url_verification(body: bytes) -> object:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    is_asked = isinstance(found, dict) and found.get("type") == "url_verification"
    return found.get("challenge") if is_asked else None


def _plain(text: object) -> str:
    return text if isinstance(text, str) and _ECHO.fullmatch(text) else ""
