"""Published vectors, vendors' own verifiers, and what `relay send` signs, against each other."""

import time
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
import stripe
from hubspot.utils.signature import Signature
from square.utils.webhooks_helper import verify_signature
from standardwebhooks import Webhook

from handler.core.verification.verify import verify
from relay.webhooks import signer
from tests.senders.posting import BODY, NOW, Post, judged, source, verdict
from tests.senders.rows import ACCEPTED
from tests.senders.signing import CALLED
from tests.senders.vendors import VENDORS

STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STANDARD = {
    "id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "timestamp": "1614265330",
    "signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
NEAR_MISS = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA="


@pytest.mark.parametrize(
    "preset, prefix",
    [
        ("standard_webhooks", "webhook"),
        ("supabase", "webhook"),
        ("svix", "svix"),
        ("clerk", "svix"),
    ],
)
@pytest.mark.parametrize("before", ["", "v1,whsec_"])
def test_the_vector_of_standard_webhooks(preset: str, prefix: str, before: str) -> None:
    secret = before + STANDARD_SECRET.removeprefix("whsec_") if before else STANDARD_SECRET
    headers = {f"{prefix}-{name}": value for name, value in STANDARD.items()}
    post = Post(headers, b'{"test": 2432232314}')
    verify(replace(post.webhook(), received_at=1614265330), source(preset).scheme, [secret])
    near = replace(post, headers=headers | {f"{prefix}-signature": NEAR_MISS})
    assert judged(preset, near, [secret]) == "wrong_signature"


def test_the_vector_of_github() -> None:
    digest = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    post = Post({"X-Hub-Signature-256": f"sha256={digest}"}, b"Hello, World!")
    assert judged("github", post, ["It's a Secret to Everybody"]) == ACCEPTED


def test_the_vector_of_hubspot() -> None:
    headers = {
        "X-HubSpot-Signature-v3": "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=",
        "X-HubSpot-Request-Timestamp": "1693657560000",
    }
    webhook = replace(
        Post(headers, b"{'example_field':'example_value'}").webhook(),
        url="https://www.example.com/webhook_uri",
        received_at=1_693_657_560,
    )
    verify(webhook, source("hubspot").scheme, ["yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"])


def sent(preset: str, now: int, query: str = "") -> Post:
    """Return what `relay send` would post."""
    letter = signer.SignedRequest(
        CALLED, {"Content-Type": "application/json"}, BODY.encode(), query
    )
    made = signer.sign(letter, source(preset).scheme, VENDORS[preset].secret, now)
    assert (made.body, urlsplit(made.url).query) == (letter.body, "")
    return Post(made.headers, made.body, made.query)


@pytest.mark.parametrize("query", ["", "a=1&b=%2F"])
@pytest.mark.parametrize("preset", VENDORS)
def test_what_relay_send_signs_is_accepted(preset: str, query: str) -> None:
    vendor = VENDORS[preset]
    assert judged(preset, sent(preset, NOW, query)) == ACCEPTED
    refused = verdict(sent(preset, NOW, query), source(preset).scheme, [vendor.other])
    assert refused in ("wrong_signature", "wrong_credential")


def by_stripe(post: Post, secret: str) -> bool:
    header = post.headers["stripe-signature"]
    return bool(stripe.WebhookSignature.verify_header(post.body, header, secret, 300))


def by_paddle(post: Post, secret: str) -> bool:
    # As in `signing.py`: only this test pays for the package.
    from paddle_billing.Notifications.PaddleSignature import PaddleSignature  # noqa: PLC0415
    from paddle_billing.Notifications.Secret import Secret  # noqa: PLC0415

    header = post.headers["paddle-signature"]
    return bool(PaddleSignature().verify(header, post.body.decode(), [Secret(secret)]))


def by_square(post: Post, secret: str) -> bool:
    given = verify_signature(
        request_body=post.body.decode(),
        signature_header=post.headers["x-square-hmacsha256-signature"],
        signature_key=secret,
        notification_url=CALLED,
    )
    return bool(given)


def by_hubspot(post: Post, secret: str) -> bool:
    return bool(
        Signature.is_valid(
            signature=post.headers["x-hubspot-signature-v3"],
            client_secret=secret,
            request_body=post.body.decode(),
            http_uri=CALLED,
            signature_version="v3",
            timestamp=post.headers["x-hubspot-request-timestamp"],
        )
    )


def by_standard_webhooks(post: Post, secret: str) -> bool:
    headers = {name.replace("svix-", "webhook-"): it for name, it in post.headers.items()}
    return bool(Webhook(secret.removeprefix("v1,")).verify(post.body, headers))


VERIFIERS: dict[str, Callable[[Post, str], bool]] = {
    "stripe": by_stripe,
    "paddle": by_paddle,
    "square": by_square,
    "hubspot": by_hubspot,
    "clerk": by_standard_webhooks,
    "svix": by_standard_webhooks,
    "supabase": by_standard_webhooks,
    "standard_webhooks": by_standard_webhooks,
}


@pytest.mark.parametrize("preset", VERIFIERS)
def test_what_relay_send_signs_is_accepted_by_the_vendors_library(preset: str) -> None:
    post = sent(preset, int(time.time()))
    assert VERIFIERS[preset](post, VENDORS[preset].secret)
