"""The senders of all presets, described once more from their documentation alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from tests.senders import signing
from tests.senders.signing import MESSAGE, Signer

Kind = Literal["plain", "prefix", "pairs", "list", "token", "bearer", "basic"]
LITERAL = "whsec_dGhpcyBwcmVmaXggaXMgcGFydA=="
OTHER_LITERAL = "whsec_YW5vdGhlciBzZWNyZXQgb2YgdGhlcnM="
BASE64 = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_BASE64 = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


@dataclass(frozen=True, slots=True)
class Frame:
    """How signatures stand in their header: what is before them, around each, and between."""

    kind: Kind
    each: str = "{}"
    between: str = ","
    before: str = ""

    def text(self, signatures: Sequence[str], stamp: str = "") -> str:
        items = self.between.join(self.each.format(one) for one in signatures)
        return self.before.replace("STAMP", stamp) + items


@dataclass(frozen=True, slots=True)
class Vendor:
    header: str
    frame: Frame
    sign: Signer
    beside: Mapping[str, str] = field(default_factory=dict)  # headers; STAMP is the time
    tolerance: int | None = None  # seconds; None: no time is signed
    milliseconds: bool = False
    secret: str = LITERAL
    other: str = OTHER_LITERAL

    def stamp(self, at: int) -> str:
        return f"{at}{'000' if self.milliseconds else ''}"


PLAIN = Frame("plain")
HUB = Frame("prefix", "sha256={}")
T_V1 = Frame("pairs", "v1={}", ",", "t=STAMP,")


def standard(
    prefix: str, secret: str = BASE64, other: str = OTHER_BASE64, sign: Signer | None = None
) -> Vendor:
    return Vendor(
        f"{prefix}-signature",
        Frame("list", "v1,{}", " "),
        sign or signing.by_standard_webhooks,
        {f"{prefix}-id": MESSAGE, f"{prefix}-timestamp": "STAMP"},
        tolerance=300,
        secret=secret,
        other=other,
    )


VENDORS: Final[Mapping[str, Vendor]] = MappingProxyType(
    {
        "shopify": Vendor(
            "X-Shopify-Hmac-SHA256",
            PLAIN,
            signing.in_base64(),
            {"X-Shopify-Topic": "orders/create", "X-Shopify-Triggered-At": "2026-01-02T10:00:00Z"},
        ),
        "woocommerce": Vendor(
            "X-WC-Webhook-Signature",
            PLAIN,
            signing.in_base64(),
            {"X-WC-Webhook-Topic": "order.created"},
        ),
        "bigcommerce": standard("webhook", LITERAL, OTHER_LITERAL, signing.by_bigcommerce),
        "square": Vendor("x-square-hmacsha256-signature", PLAIN, signing.in_base64(signing.CALLED)),
        "recharge": Vendor(
            "X-Recharge-Webhook-Signature",
            T_V1,
            signing.in_hex("{stamp}.{body}"),
            {"X-Recharge-Topic": "order/created", "X-Recharge-Webhook-Timestamp": "STAMP"},
            tolerance=172_800,
        ),
        "stripe": Vendor("Stripe-Signature", T_V1, signing.by_stripe, tolerance=300),
        "paddle": Vendor(
            "Paddle-Signature",
            Frame("pairs", "h1={}", ";", "ts=STAMP;"),
            signing.by_paddle,
            tolerance=300,
        ),
        "lemonsqueezy": Vendor(
            "X-Signature", PLAIN, signing.in_hex(), {"X-Event-Name": "order_created"}
        ),
        "chargebee": Vendor(
            "Authorization",
            Frame("basic", "Basic {}"),
            signing.shown_in_base64,
            secret="relay:pass:word",
            other="relay:password",
        ),
        "clerk": standard("svix"),
        "workos": Vendor(
            "WorkOS-Signature",
            Frame("pairs", "v1={}", ", ", "t=STAMP, "),
            signing.in_hex("{stamp}.{body}"),
            tolerance=180,
            milliseconds=True,
        ),
        "supabase": standard("webhook", f"v1,{BASE64}", f"v1,{OTHER_BASE64}"),
        "auth0": Vendor("Authorization", Frame("bearer", "Bearer {}"), signing.shown),
        "okta": Vendor("Authorization", Frame("token"), signing.shown),
        "standard_webhooks": standard("webhook"),
        "svix": standard("svix"),
        "klaviyo": Vendor(
            "Klaviyo-Signature",
            PLAIN,
            signing.in_hex("{body}{stamp}"),
            {"Klaviyo-Timestamp": "STAMP", "Klaviyo-Webhook-Id": "01H"},
        ),
        "typeform": Vendor("Typeform-Signature", HUB, signing.in_base64()),
        "calendly": Vendor(
            "Calendly-Webhook-Signature", T_V1, signing.in_hex("{stamp}.{body}"), tolerance=300
        ),
        "segment": Vendor("X-Signature", PLAIN, signing.in_hex(algorithm="sha1")),
        "github": Vendor(
            "X-Hub-Signature-256", HUB, signing.in_hex(), {"X-GitHub-Event": "issues"}
        ),
        "hubspot": Vendor(
            "X-HubSpot-Signature-v3",
            PLAIN,
            signing.by_hubspot,
            {"X-HubSpot-Request-Timestamp": "STAMP", "X-HubSpot-Signature-Version": "v1"},
            tolerance=300,
            milliseconds=True,
        ),
    }
)
