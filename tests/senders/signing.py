"""Signatures by code that shares nothing with the relay's own: vendors' libraries, or RFC 2104."""

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

import stripe
from hubspot.utils.signature import Signature
from standardwebhooks import Webhook

# secret, body, the time as the sender writes it -> the signature without what stands around it
Signer = Callable[[str, str, str], str]

CALLED = "https://hooks.example.com/webhooks/shop"
MESSAGE = "msg_2b1Q"
BLOCK = 64  # bytes, of SHA-1 and SHA-256 alike


def mac(key: bytes, message: bytes, name: str = "sha256") -> bytes:
    """RFC 2104, section 2, step by step."""
    short = hashlib.new(name, key).digest() if len(key) > BLOCK else key
    padded = short.ljust(BLOCK, b"\0")
    inner = hashlib.new(name, bytes(byte ^ 0x36 for byte in padded) + message).digest()
    return hashlib.new(name, bytes(byte ^ 0x5C for byte in padded) + inner).digest()


def in_hex(signed: str = "{body}", algorithm: str = "sha256") -> Signer:
    def sign(secret: str, body: str, stamp: str) -> str:
        message = signed.replace("{stamp}", stamp).replace("{body}", body)
        return mac(secret.encode(), message.encode(), algorithm).hex()

    return sign


def in_base64(before: str = "") -> Signer:
    def sign(secret: str, body: str, _stamp: str) -> str:
        return base64.b64encode(mac(secret.encode(), f"{before}{body}".encode())).decode()

    return sign


def by_stripe(secret: str, body: str, stamp: str) -> str:
    header: str = stripe.WebhookSignature.generate_signature_header(body, secret, stamp)
    return header.partition("v1=")[2]


def by_paddle(secret: str, body: str, stamp: str) -> str:
    # All that is collected would pay for the whole of Paddle's package: 0.5 s.
    from paddle_billing.Notifications.PaddleSignature import PaddleSignature  # noqa: PLC0415

    made: str = PaddleSignature.calculate_hmac(secret, f"{stamp}:{body}".encode()).hexdigest()
    return made


def by_hubspot(secret: str, body: str, stamp: str) -> str:
    made: str = Signature.get_signature(secret, body, "v3", CALLED, "POST", stamp)
    return made


def by_standard_webhooks(secret: str, body: str, stamp: str) -> str:
    sent = datetime.fromtimestamp(int(stamp), UTC)
    made: str = Webhook(secret.removeprefix("v1,")).sign(MESSAGE, sent, body)
    return made.removeprefix("v1,")


def by_bigcommerce(secret: str, body: str, stamp: str) -> str:
    # As its documentation's sample does: the library decodes what is encoded for it.
    return by_standard_webhooks(base64.b64encode(secret.encode()).decode(), body, stamp)


def shown(secret: str, _body: str, _stamp: str) -> str:
    return secret


def shown_in_base64(secret: str, _body: str, _stamp: str) -> str:
    return base64.b64encode(secret.encode()).decode()
