import hmac
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Literal

import pytest

from handler.core.errors import Unavailable, Unverified
from handler.core.models import Verified, Webhook
from handler.core.verification.schemes import HmacScheme
from handler.core.verification.signature import MAX_SIGNATURES
from handler.core.verification.verify import verify
from tests.handler.core.rules_files import scheme_of

NOW = 1_614_265_330
BODY = b'{"test": 2432232314}'
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
GOOD = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
PUBLISHED = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": str(NOW),
    "webhook-signature": GOOD,
}
STANDARD = scheme_of("standard_webhooks")
SHOPIFY = scheme_of("shopify")


def webhook(headers: Mapping[str, str], body: bytes = BODY) -> Webhook:
    return Webhook("shop", "POST", headers, "", body, NOW)


def accepts(
    headers: Mapping[str, str],
    scheme: HmacScheme = STANDARD,
    secrets: Sequence[str] = (SECRET,),
    body: bytes = BODY,
) -> bool:
    received = webhook(headers, body)
    return verify(received, scheme, secrets) == Verified(received)


def refusal(
    headers: Mapping[str, str],
    scheme: HmacScheme = STANDARD,
    body: bytes = BODY,
) -> str:
    with pytest.raises(Unverified) as error:
        verify(webhook(headers, body), scheme, [SECRET])
    return error.value.reason


def shopify_signature(body: bytes, secret: str = SECRET) -> str:
    return b64encode(hmac.new(secret.encode(), body, "sha256").digest()).decode()


def test_the_published_standard_webhooks_vector_verifies() -> None:
    assert accepts(PUBLISHED)


def test_the_published_near_miss_does_not() -> None:
    near = PUBLISHED | {"webhook-signature": GOOD.replace("1OE=", "1OA=")}

    assert refusal(near) == "wrong_signature"


@pytest.mark.parametrize("prefix", ["", "whsec_", "v1,whsec_"])
@pytest.mark.parametrize("padding", ["", "="])
def test_a_secret_is_base64_after_its_prefix_padded_or_not(prefix: str, padding: str) -> None:
    key = b"01234567890"
    signed = f"msg_1.{NOW}.".encode() + BODY
    headers = PUBLISHED | {
        "webhook-id": "msg_1",
        "webhook-signature": "v1," + b64encode(hmac.digest(key, signed, "sha256")).decode(),
    }
    secret = prefix + b64encode(key).decode().rstrip("=") + padding

    assert accepts(headers, secrets=[secret])


@pytest.mark.parametrize("body", [b"", b"\xff\x00", b'{"a": 1}\r\n', "ä/\\/".encode()])
def test_the_raw_bytes_are_verified_whatever_they_are(body: bytes) -> None:
    headers = {"x-shopify-hmac-sha256": shopify_signature(body)}

    assert accepts(headers, SHOPIFY, body=body)
    assert refusal(headers, SHOPIFY, body + b" ") == "wrong_signature"


@pytest.mark.parametrize("position", [0, 1, 2])
def test_any_secret_may_fit_while_secrets_rotate(position: int) -> None:
    secrets = ["another-secret-1", "another-secret-2"]
    secrets.insert(position, SECRET)

    assert accepts({"x-shopify-hmac-sha256": shopify_signature(BODY)}, SHOPIFY, secrets)


@pytest.mark.parametrize(
    "others",
    [
        "v1,",
        "v1",
        "v1,*",
        "v1,AAAA",
        "v2,AAAA",
        "v1a,hnO3f9T8Ytu9HwrXslvumlUp",
        "é",
        "\ud800",
        ",",
        " ",
    ],
)
def test_a_bad_candidate_is_skipped_wherever_it_stands(others: str) -> None:
    for signatures in (f"{others} {GOOD}", f"{GOOD} {others}"):
        assert accepts(PUBLISHED | {"webhook-signature": signatures})


@pytest.mark.parametrize(
    "signature, reason",
    [
        ("", "no_signature"),
        (" \t", "no_signature"),
        ("v1,", "malformed_signature"),
        ("v1", "malformed_signature"),
        (GOOD.replace("v1", "V1"), "malformed_signature"),
        (GOOD.replace("v1", "v2"), "malformed_signature"),
        (GOOD + "=", "malformed_signature"),
        (GOOD.rstrip("=")[:-1], "malformed_signature"),
        (GOOD.replace("1OE=", "1OF"), "malformed_signature"),
        (GOOD.replace("1OE=", "1OF="), "malformed_signature"),  # the same bytes, spare bits set
        (GOOD.replace("g0", "g 0"), "malformed_signature"),
        (GOOD.replace("g0", "g\n0"), "malformed_signature"),
        (GOOD.replace("+", "-"), "malformed_signature"),
        (GOOD.replace("/", "_"), "malformed_signature"),
        ("v1,\uff470hM", "malformed_signature"),
        ("v1,\ud800", "malformed_signature"),
        (f"{GOOD},{GOOD}", "duplicate_header"),
        (f"{GOOD}, {GOOD}", "duplicate_header"),
        (" ".join([GOOD] * (MAX_SIGNATURES + 1)), "too_many_signatures"),
    ],
)
def test_a_signature_is_decoded_strictly(signature: str, reason: str) -> None:
    assert refusal(PUBLISHED | {"webhook-signature": signature}) == reason


@pytest.mark.parametrize("padding", ["=", ""])
@pytest.mark.parametrize("alphabet", ["+/", "-_"])
def test_a_signature_is_base64_in_either_alphabet_padded_or_not(
    alphabet: str, padding: str
) -> None:
    text = GOOD.translate(str.maketrans("+/", alphabet)).rstrip("=") + padding
    assert accepts(PUBLISHED | {"webhook-signature": text})
    wrong = text.replace("g0", "g1")
    assert refusal(PUBLISHED | {"webhook-signature": wrong}) == "wrong_signature"


def test_a_secret_is_base64_in_either_alphabet() -> None:
    key = bytes(range(248, 256)) * 3
    signed = f"msg_1.{NOW}.".encode() + BODY
    made = b64encode(hmac.digest(key, signed, "sha256")).decode()
    headers = PUBLISHED | {"webhook-id": "msg_1", "webhook-signature": f"v1,{made}"}
    plain = b64encode(key).decode()
    assert {*"+/"} & {*plain}
    for secret in (plain, plain.translate(str.maketrans("+/", "-_"))):
        assert accepts(headers, secrets=[f"whsec_{secret}"])


def test_sixteen_candidates_are_looked_at() -> None:
    many = " ".join(["v1,AAAA"] * (MAX_SIGNATURES - 1) + [GOOD])

    assert accepts(PUBLISHED | {"webhook-signature": many})


def test_a_plain_signature_header_that_came_twice_is_refused() -> None:
    good = shopify_signature(BODY)

    assert refusal({"x-shopify-hmac-sha256": f"{good},{good}"}, SHOPIFY) == "duplicate_header"


@pytest.mark.parametrize(
    "encoding, secrets",
    [
        ("utf8", []),
        ("utf8", [""]),
        ("utf8", [" " * 40]),
        ("utf8", ["2short"]),
        ("utf8", ["\ud800" * 10]),
        ("utf8", [SECRET, ""]),
        ("base64", ["whsec_"]),
        ("base64", ["whsec_c2hvcnQ="]),
        ("base64", ["whsec_not base64!!!!"]),
        ("base64", ["é" * 20]),
        ("hex", ["xy" * 20]),
        ("hex", ["abc" * 9]),
    ],
)
def test_a_secret_that_cannot_be_used_is_our_failure_and_never_a_bypass(
    encoding: Literal["hex", "base64"], secrets: list[str]
) -> None:
    scheme = SHOPIFY._replace(secret_encoding=encoding, secret_prefixes=("whsec_",))
    forged = {"x-shopify-hmac-sha256": shopify_signature(BODY, "")}

    with pytest.raises(Unavailable, match="shop") as error:
        verify(webhook(forged), scheme, secrets)

    assert not any(secret.strip() in str(error.value) for secret in secrets if secret.strip())
    assert error.value.__context__ is None


def test_a_refusal_shows_neither_secret_nor_signature() -> None:
    with pytest.raises(Unverified) as error:
        verify(webhook(PUBLISHED, b"{}"), STANDARD, [SECRET])

    assert error.value.args == ("wrong_signature",)
    assert error.value.__context__ is None
