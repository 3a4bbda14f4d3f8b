from base64 import b64encode
from datetime import UTC, datetime

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st

from handler.core.errors import Unavailable, Unverified
from handler.core.models import Verified, Webhook
from handler.core.verification.verify import verify
from tests.handler.core.rules_files import hmac_scheme, scheme_of

NOW = 1_700_000_000
BODY = b'{"order": {"id": 7}}'
STANDARD = scheme_of("standard_webhooks")
KEY = "whsec_" + b64encode(bytes(range(32))).decode()
HEADER_TEXT = st.text(st.characters(), max_size=80)
ALMOST = st.lists(
    st.sampled_from([f"t={NOW}", f"{NOW}", *"v1=,; .é\ud800", "v1,", "v1=", "AAAA", "00" * 32])
).map("".join)
PAIRS = hmac_scheme(
    {
        "encoding": "hex",
        "signature": {"header": "x-signature", "format": "pairs", "key": "v1"},
        "signed": "{timestamp}.{header:x-shop}.{body}",
        "timestamp": {"key": "t"},
    }
)
SCHEMES = {"pairs": PAIRS} | {name: scheme_of(name) for name in ("shopify", "standard_webhooks")}


def webhook(headers: dict[str, str], body: bytes = BODY, at: int = NOW) -> Webhook:
    return Webhook("shop", "POST", headers, "", body, at)


def signed_headers(body: str, message_id: str = "msg_1") -> dict[str, str]:
    at = datetime.fromtimestamp(NOW, UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(NOW),
        "webhook-signature": standardwebhooks.Webhook(KEY).sign(message_id, at, body),
    }


@given(st.text(), st.text("abcXYZ019_-", min_size=1))
def test_whatever_the_standard_library_of_the_scheme_signs_verifies(
    body: str, message_id: str
) -> None:
    received = webhook(signed_headers(body, message_id), body.encode())

    assert verify(received, STANDARD, [KEY]) == Verified(received)


@given(st.sampled_from(sorted(signed_headers(""))), HEADER_TEXT)
def test_no_other_header_value_verifies_or_raises_anything_else(name: str, value: str) -> None:
    good = signed_headers(BODY.decode())
    if good[name] in value.split(" "):  # a list may hold the good signature among others
        return

    with pytest.raises(Unverified):
        verify(webhook(good | {name: value}), STANDARD, [KEY])


@given(st.integers(0, 43), st.characters(exclude_characters=" "))
def test_no_signature_with_one_other_character_verifies(position: int, character: str) -> None:
    good = signed_headers(BODY.decode())
    text = good["webhook-signature"].removeprefix("v1,")
    changed = text[:position] + character + text[position + 1 :]
    if changed == text:
        return

    with pytest.raises(Unverified):
        verify(webhook(good | {"webhook-signature": f"v1,{changed}"}), STANDARD, [KEY])


@given(st.binary())
def test_no_other_body_verifies(body: bytes) -> None:
    if body == BODY:
        return

    with pytest.raises(Unverified, match="wrong_signature"):
        verify(webhook(signed_headers(BODY.decode()), body), STANDARD, [KEY])


@given(
    st.sampled_from(sorted(SCHEMES)),
    st.lists(HEADER_TEXT | ALMOST, min_size=4, max_size=4),
    st.lists(st.text(st.characters()) | st.just(KEY)),
    st.integers(),
)
def test_no_input_raises_anything_but_unverified_and_unavailable(
    name: str, values: list[str], secrets: list[str], at: int
) -> None:
    scheme = SCHEMES[name]
    names = sorted({scheme.signature.header} | scheme.signed_headers)
    junk = dict(zip(names, values, strict=False))

    with pytest.raises((Unverified, Unavailable)):
        verify(webhook(junk, at=at), scheme, secrets)
