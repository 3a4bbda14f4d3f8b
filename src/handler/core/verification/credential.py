"""Checks a secret that a webhook shows: a token, or user and password."""

import hmac
from base64 import b64decode
from collections.abc import Sequence
from urllib.parse import unquote_to_bytes

from handler.core.errors import Unverified
from handler.core.models import Webhook
from handler.core.verification.schemes import BasicScheme, TokenScheme


def check_credential(
    webhook: Webhook, scheme: TokenScheme | BasicScheme, keys: Sequence[bytes]
) -> None:
    """Raise Unverified unless the webhook shows one of the keys, whole."""
    shown = shown_credential(webhook, scheme)
    if not any(hmac.compare_digest(key, shown) for key in keys):
        raise Unverified("wrong_credential")


def shown_credential(webhook: Webhook, scheme: TokenScheme | BasicScheme) -> bytes:
    """Return the credential that a webhook shows; raise Unverified where there is no usable one."""
    if isinstance(scheme, BasicScheme):
        return _decoded(_authorization(webhook, "basic"))
    if scheme.where == "bearer":
        return _bytes(_authorization(webhook, "bearer"))
    if scheme.where == "query":
        return _parameter(webhook.query, (scheme.name or "").encode())
    return _bytes(_given(webhook.headers.get(scheme.credential, "")))


def _given(value: str) -> str:
    if not value.strip():
        raise Unverified("no_credential")
    return value


def _authorization(webhook: Webhook, scheme: str) -> str:
    """Return what follows the name of the scheme, which has no case (RFC 9110, 11.1)."""
    name, _, credential = _given(webhook.headers.get("authorization", "")).partition(" ")
    if name.lower() != scheme:
        raise Unverified("malformed_credential")
    return _given(credential.strip(" "))


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise Unverified("malformed_credential") from None


def _parameter(query: str, name: bytes) -> bytes:
    """Return the only value of a parameter of a raw query string."""
    pairs = (item.partition("=") for item in query.split("&"))
    found = [value for key, _, value in pairs if _unquoted(key) == name]
    if len(found) > 1:
        raise Unverified("duplicate_credential")
    return _unquoted(_given(found[0] if found else ""))


def _unquoted(text: str) -> bytes:
    return unquote_to_bytes(_bytes(text.replace("+", " ")))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # no value may raise
