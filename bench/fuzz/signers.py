"""Signed pieces of each sender's requests, written by hand from the senders' documents.

It shares nothing with the presets of the relay, so that a mistake in those is seen.
"""

import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote

_ESCAPES: Final = re.compile("%(?:3[AFB]|2[1478F9AC]|40)", re.IGNORECASE)
Facts = tuple[bytes | str, ...]


def bytes_of(text: str) -> bytes:
    """Return a text's bytes, whatever is in it."""
    return text.encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class Seen:
    """What arrived, with one reading of its body."""

    method: str
    headers: Mapping[str, str]
    url: str
    query: str
    body: bytes

    def header(self, name: str) -> str:
        """Return a header's value, or nothing."""
        return self.headers.get(name, "")


@dataclass(frozen=True, slots=True)
class Signer:
    """A sender's document: where the signature stands, and the pieces that are signed.

    With a tolerance (in seconds) the first piece is the time.
    """

    header: str
    facts: Callable[[Seen], Facts]
    tolerance: int | None = None
    per_second: int = 1


def _body(seen: Seen) -> Facts:
    return (seen.body,)


def _pair(header: str, key: str = "t", separator: str = ",") -> Callable[[Seen], Facts]:
    pattern = re.compile(rf"(?:^|{separator})[ \t]*{key}=([^{separator}]*)")

    def facts(seen: Seen) -> Facts:
        stamps = [it.strip(" \t") for it in pattern.findall(seen.header(header))]
        return (" and ".join(stamps), seen.body)

    return facts


def _standard(begin: str = "webhook") -> Signer:
    def facts(seen: Seen) -> Facts:
        return (seen.header(f"{begin}-timestamp"), seen.header(f"{begin}-id"), seen.body)

    return Signer(f"{begin}-signature", facts, 300)


# Square, HubSpot and Klaviyo join their pieces without a mark between them, so that only the
# joined text says what was signed.
def _square(seen: Seen) -> Facts:
    return (bytes_of(seen.url + seen.query) + seen.body,)


def _hubspot(seen: Seen) -> Facts:
    # Some escapes are decoded before it signs: two URLs that differ in these only are one.
    called = _ESCAPES.sub(lambda found: unquote(found[0]), seen.url + seen.query)
    before = bytes_of(seen.method + called)
    return (seen.header("x-hubspot-request-timestamp"), before + seen.body)


def _klaviyo(seen: Seen) -> Facts:
    return (seen.body + bytes_of(seen.header("klaviyo-timestamp")),)


def _slack(seen: Seen) -> Facts:
    return (seen.header("x-slack-request-timestamp"), seen.body)


def _listed(seen: Seen) -> Facts:
    return (seen.method, seen.header("x-id"), seen.body)


SIGNERS: Final[Mapping[str, Signer]] = {
    "shopify": Signer("x-shopify-hmac-sha256", _body),
    "woocommerce": Signer("x-wc-webhook-signature", _body),
    "bigcommerce": _standard(),
    "square": Signer("x-square-hmacsha256-signature", _square),
    "recharge": Signer(
        "x-recharge-webhook-signature", _pair("x-recharge-webhook-signature"), 172_800
    ),
    "stripe": Signer("stripe-signature", _pair("stripe-signature"), 300),
    "paddle": Signer("paddle-signature", _pair("paddle-signature", "ts", ";"), 300),
    "lemonsqueezy": Signer("x-signature", _body),
    "clerk": _standard("svix"),
    "workos": Signer("workos-signature", _pair("workos-signature"), 180, 1000),
    "supabase": _standard(),
    "standard_webhooks": _standard(),
    "svix": _standard("svix"),
    "klaviyo": Signer("klaviyo-signature", _klaviyo),
    "typeform": Signer("typeform-signature", _body),
    "calendly": Signer("calendly-webhook-signature", _pair("calendly-webhook-signature"), 300),
    "segment": Signer("x-signature", _body),
    "github": Signer("x-hub-signature-256", _body),
    "hubspot": Signer("x-hubspot-signature-v3", _hubspot, 300, 1000),
    "slack": Signer("x-slack-signature", _slack, 300),
    "listed": Signer("x-signatures", _listed),
    "hashed": Signer("x-digest", _body),
}


def _shown_as_bearer(seen: Seen) -> str:
    name, _, shown = seen.header("authorization").partition(" ")
    return shown.strip(" ") if name.lower() == "bearer" else ""


def _shown_as_basic(seen: Seen) -> str:
    name, _, shown = seen.header("authorization").partition(" ")
    try:
        return b64decode(shown).decode("latin-1") if name.lower() == "basic" else ""
    except ValueError:
        return ""


def _shown_in_query(seen: Seen) -> str:
    found = parse_qsl(seen.query.removeprefix("?"), keep_blank_values=True)
    return " and ".join(value for name, value in found if name == "key")


SHOWN: Final[Mapping[str, Callable[[Seen], str]]] = {
    "auth0": _shown_as_bearer,
    "okta": lambda seen: seen.header("authorization"),
    "chargebee": _shown_as_basic,
    "in_query": _shown_in_query,
    "in_header": lambda seen: seen.header("x-api-key"),
}
