"""Proves who sent a webhook: by its signature, or by the secret that it shows."""

import binascii
from base64 import b64decode
from collections.abc import Sequence
from typing import Final

from handler.core.errors import Unavailable, Unverified
from handler.core.models import Verified, Webhook
from handler.core.verification.credential import check_credential, shown_credential
from handler.core.verification.schemes import BasicScheme, HmacScheme, Scheme, SignedScheme
from handler.core.verification.signature import check_form, check_signature, plain_base64

MIN_SECRET_BYTES: Final = 8


def verify(webhook: Webhook, scheme: Scheme, secrets: Sequence[str]) -> Verified:
    """Return the webhook as verified if it proves its sender by any of the secrets.

    Raise Unverified (its `reason` is an UnverifiedReason) where it does not, and Unavailable where
    one of the secrets cannot be used; neither shows a secret or the expected value.
    """
    keys = _keys(webhook.source, scheme, secrets)
    if isinstance(scheme, SignedScheme):
        check_signature(webhook, scheme, keys)
    else:
        check_credential(webhook, scheme, keys)
    return Verified(webhook)


def is_provable(webhook: Webhook, scheme: Scheme) -> bool:
    """Return whether some secret could verify the webhook: its form and its time are right."""
    try:
        if isinstance(scheme, SignedScheme):
            check_form(webhook, scheme)
        else:
            shown_credential(webhook, scheme)
    except Unverified:
        return False
    return True


def _keys(source: str, scheme: Scheme, secrets: Sequence[str]) -> list[bytes]:
    if not secrets:
        raise Unavailable(f"source {source} has no signing secret")
    keys = []
    for number, secret in enumerate(secrets, start=1):
        key, which = _key(secret, scheme), f"signing secret {number} of source {source}"
        if isinstance(key, str):
            raise Unavailable(f"{which} is not {key}")
        if len(key) < MIN_SECRET_BYTES or key.isspace():
            raise Unavailable(f"{which} is blank or has fewer than {MIN_SECRET_BYTES} bytes")
        keys.append(key)
    return keys


def _key(secret: str, scheme: Scheme) -> bytes | str:
    """Return a secret's bytes, or what it should have been."""
    if isinstance(scheme, BasicScheme) and ":" not in secret:
        return "user:password"
    if not isinstance(scheme, HmacScheme):
        return secret.encode("utf-8", "surrogatepass")
    prefix = next((known for known in scheme.secret_prefixes if secret.startswith(known)), "")
    text, encoding = secret.removeprefix(prefix), scheme.secret_encoding
    try:
        if encoding == "base64":
            return b64decode(plain_base64(text), validate=True)
        return binascii.unhexlify(text) if encoding == "hex" else text.encode()
    except ValueError:
        return encoding
