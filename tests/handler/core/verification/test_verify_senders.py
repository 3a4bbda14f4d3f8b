"""The one generic scheme against senders' published vectors and their documented recipes."""

import hmac
from base64 import b64encode
from typing import Any

import pytest

from handler.core.errors import Unverified
from handler.core.models import Verified, Webhook
from handler.core.verification.schemes import HmacScheme
from handler.core.verification.verify import verify
from tests.handler.core.rules_files import hmac_scheme

NOW = 1_700_000_000
BODY = b'{"order": {"id": 7}}'
SECRET = "It's a Secret to Everybody"


def hexed(signed: str, algorithm: str = "sha256") -> str:
    return hmac.new(SECRET.encode(), signed.encode(), algorithm).hexdigest()


def b64(signed: str, algorithm: str = "sha256") -> str:
    return b64encode(hmac.new(SECRET.encode(), signed.encode(), algorithm).digest()).decode()


TEXT = BODY.decode()
SENDERS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "github": (
        {
            "encoding": "hex",
            "signature": {"header": "X-Hub-Signature-256", "format": "prefix", "prefix": "sha256="},
        },
        {"x-hub-signature-256": f"sha256={hexed(TEXT)}"},
    ),
    "klaviyo": (
        {
            "encoding": "hex",
            "signature": {"header": "Klaviyo-Signature"},
            "signed": "{body}{timestamp}",
            "timestamp": {"header": "Klaviyo-Timestamp", "tolerance": None},
        },
        {"klaviyo-signature": hexed(f"{TEXT}{NOW}"), "klaviyo-timestamp": str(NOW)},
    ),
    "paddle": (
        {
            "encoding": "hex",
            "signature": {
                "header": "Paddle-Signature",
                "format": "pairs",
                "separator": ";",
                "key": "h1",
            },
            "signed": "{timestamp}:{body}",
            "timestamp": {"key": "ts"},
        },
        {"paddle-signature": f"ts={NOW};h1={'0' * 64};h1={hexed(f'{NOW}:{TEXT}')}"},
    ),
    "segment": (
        {"algorithm": "sha1", "encoding": "hex", "signature": {"header": "X-Signature"}},
        {"x-signature": hexed(TEXT, "sha1").upper()},
    ),
    "slack": (
        {
            "encoding": "hex",
            "signature": {"header": "X-Slack-Signature", "format": "prefix", "prefix": "v0="},
            "signed": "v0:{timestamp}:{body}",
            "timestamp": {"header": "X-Slack-Request-Timestamp"},
        },
        {
            "x-slack-signature": f"v0={hexed(f'v0:{NOW}:{TEXT}')}",
            "x-slack-request-timestamp": str(NOW),
        },
    ),
    "square": (
        {
            "encoding": "base64",
            "signature": {"header": "x-square-hmacsha256-signature"},
            "signed": "https://example.com/webhooks/square{body}",
        },
        {"x-square-hmacsha256-signature": b64(f"https://example.com/webhooks/square{TEXT}")},
    ),
    "twitch": (
        {
            "encoding": "hex",
            "signature": {
                "header": "Twitch-Eventsub-Message-Signature",
                "format": "prefix",
                "prefix": "sha256=",
            },
            "signed": "{id}{header:Twitch-Eventsub-Message-Timestamp}{body}",
            "id_header": "Twitch-Eventsub-Message-Id",
        },
        {
            "twitch-eventsub-message-signature": f"sha256={hexed(f'a.b2026-01-01T00:00Z{TEXT}')}",
            "twitch-eventsub-message-id": "a.b",
            "twitch-eventsub-message-timestamp": "2026-01-01T00:00Z",
        },
    ),
    "typeform": (
        {
            "encoding": "base64",
            "signature": {"header": "Typeform-Signature", "format": "prefix", "prefix": "sha256="},
        },
        {"typeform-signature": f"sha256={b64(TEXT)}"},
    ),
    "workos": (
        {
            "encoding": "hex",
            "signature": {"header": "WorkOS-Signature", "format": "pairs", "key": "v1"},
            "signed": "{timestamp}.{body}",
            "timestamp": {"key": "t", "unit": "ms", "tolerance": 180},
        },
        {"workos-signature": f"t={NOW}123, v1={hexed(f'{NOW}123.{TEXT}')}"},
    ),
    "sha512": (
        {
            "algorithm": "sha512",
            "encoding": "base64",
            "signature": {"header": "x", "format": "list", "separator": ";"},
            "signed": "{method} {body}",
        },
        {"x": f"AAAA;{b64(f'POST {TEXT}', 'sha512')}"},
    ),
}


def webhook(headers: dict[str, str], body: bytes = BODY, at: int = NOW) -> Webhook:
    return Webhook("shop", "POST", headers, "", body, at)


def accepts(received: Webhook, scheme: HmacScheme, secrets: list[str]) -> bool:
    return verify(received, scheme, secrets) == Verified(received)


@pytest.mark.parametrize("name", SENDERS)
def test_the_generic_scheme_expresses_the_sender(name: str) -> None:
    block, headers = SENDERS[name]
    scheme = hmac_scheme(block)

    assert accepts(webhook(headers), scheme, [SECRET])


@pytest.mark.parametrize("name", SENDERS)
def test_no_sender_is_believed_with_another_body_or_a_header_less(
    name: str,
) -> None:
    block, headers = SENDERS[name]
    scheme = hmac_scheme(block)

    with pytest.raises(Unverified, match="wrong_signature"):
        verify(webhook(headers, BODY + b"\n"), scheme, [SECRET])
    for left_out in headers:
        rest = {header: value for header, value in headers.items() if header != left_out}
        with pytest.raises(Unverified, match="no_"):
            verify(webhook(rest), scheme, [SECRET])


def test_the_published_github_vector_verifies() -> None:
    signature = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    scheme = hmac_scheme(SENDERS["github"][0])

    assert accepts(
        webhook({"x-hub-signature-256": f"sha256={signature}"}, b"Hello, World!"), scheme, [SECRET]
    )


def test_the_published_hubspot_vector_verifies() -> None:
    scheme = hmac_scheme(
        {
            "encoding": "base64",
            "signature": {"header": "X-HubSpot-Signature-v3"},
            "signed": "{method}https://www.example.com/webhook_uri{body}{timestamp}",
            "timestamp": {"header": "X-HubSpot-Request-Timestamp", "unit": "ms"},
        }
    )
    headers = {
        "x-hubspot-signature-v3": "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=",
        "x-hubspot-request-timestamp": "1693657560000",
    }
    received = webhook(headers, b"{'example_field':'example_value'}", 1_693_657_560)

    assert accepts(received, scheme, ["yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"])


def test_a_hexadecimal_secret_is_decoded() -> None:
    scheme = hmac_scheme(
        {"encoding": "hex", "signature": {"header": "x"}, "secret_encoding": "hex"}
    )
    good = hmac.new(bytes.fromhex("00ff" * 16), BODY, "sha256").hexdigest()

    assert accepts(webhook({"x": good}), scheme, ["00FF" * 16])
