"""A secret that cannot be used is our fault: 503, and never a way in."""

import base64
import hashlib
import time
from dataclasses import replace
from typing import Any

import pytest

from handler.core.rules.source import Source
from tests.senders.posting import BODY, Letter, Post, source
from tests.senders.signing import mac
from tests.senders.taking import EMPTY, answer, shop, taking
from tests.senders.vendors import BASE64, LITERAL, VENDORS

EVERY_PRESET = pytest.mark.parametrize("preset", VENDORS)
UNUSABLE: dict[str, Any] = {
    "blank": " " * 12,
    "empty": "",
    "short": "a:b",
    "number": 1234567890,
    "null": None,
    "object": {"secret": LITERAL},
    "true": True,
    "no secret": [],
}
HAND = "event: {type: body.type, type_signed: true}"


def sent(preset: str, secret: str = "") -> Post:
    return Letter(VENDORS[preset], at=int(time.time()), secret=secret).post()


@EVERY_PRESET
def test_what_is_good_is_taken_and_what_is_unsigned_or_a_form_is_not(preset: str) -> None:
    secret, good = VENDORS[preset].secret, sent(preset)
    form = good.plus(content_type="application/x-www-form-urlencoded")
    status, _, aws = answer(good, source(preset), secret)
    assert status == 200
    assert aws.queues != EMPTY
    for wanted, post in ((415, replace(form, is_base64=True)), (401, replace(good, headers={}))):
        status, _, aws = answer(post, source(preset), secret)
        assert (status, aws.queues) == (wanted, EMPTY)


@EVERY_PRESET
def test_an_unusable_secret_is_503_whatever_is_posted(preset: str) -> None:
    good = sent(preset)
    for name, secret in UNUSABLE.items():
        for post in (good, replace(good, headers={})):
            for given in (secret, [secret], [VENDORS[preset].secret, secret]):
                status, _, aws = answer(post, source(preset), given)
                assert (status, aws.queues) == (503, EMPTY), name


@EVERY_PRESET
def test_without_a_secret_it_is_503(preset: str) -> None:
    status, _, aws = answer(sent(preset), source(preset))
    assert (status, aws.queues) == (503, EMPTY)


@EVERY_PRESET
def test_a_list_of_two_takes_both_and_a_retired_one_is_refused(preset: str) -> None:
    vendor = VENDORS[preset]
    for secret, given, status in (
        (vendor.secret, [vendor.other, vendor.secret], 200),
        (vendor.other, [vendor.other, vendor.secret], 200),
        (vendor.secret, [vendor.other], 401),
    ):
        assert answer(sent(preset, secret), source(preset), given)[0] == status


@EVERY_PRESET
def test_a_secret_is_found_two_seconds_after_a_stranger_had_them_all_read(preset: str) -> None:
    vendor = VENDORS[preset]
    made, aws = taking(source(preset), vendor.secret)
    assert made.answer(sent(preset).event())["statusCode"] == 200
    aws.now += 100
    assert made.answer(sent(preset, vendor.other).event())["statusCode"] == 401
    aws.secrets["shop"] = [vendor.other, vendor.secret]
    aws.now += 1.9
    assert made.answer(sent(preset, vendor.other).event())["statusCode"] == 401
    aws.now += 0.1
    assert made.answer(sent(preset, vendor.other).event())["statusCode"] == 200
    assert aws.reads == 3


@EVERY_PRESET
def test_what_is_malformed_or_out_of_time_has_no_secret_read(preset: str) -> None:
    vendor, now = VENDORS[preset], int(time.time())
    bad = [replace(sent(preset), headers={}), Letter(vendor, at=now, signatures=["%"]).post()]
    if vendor.tolerance:
        late = [now - vendor.tolerance - 60, now + vendor.tolerance + 60]
        bad += [Letter(vendor, at=at, secret=vendor.other).post() for at in late]
    if vendor.frame.kind in ("token", "bearer"):
        bad = bad[:1]  # whatever is shown could be a token
    made, aws = taking(source(preset), vendor.secret)
    assert made.answer(sent(preset).event())["statusCode"] == 200
    for post in bad:
        aws.now += 10
        assert made.answer(post.event())["statusCode"] == 401
    assert aws.reads == 1


@pytest.mark.parametrize(
    "verify",
    [
        "{scheme: hash, encoding: hex, signature: {header: X-Sign}, signed: '{secret}{body}'}",
        "{scheme: token, where: query, name: token}",
        "{scheme: token, where: header, name: X-Token}",
        "{scheme: basic}",
    ],
)
def test_a_scheme_written_by_hand_has_its_rotated_secret_found_in_two_seconds_too(
    verify: str,
) -> None:
    made, aws = taking(shop(f"verify: {verify}\n{HAND}"), "first:secret")
    headers = {
        "X-Sign": hashlib.sha256(f"second:secret{BODY}".encode()).hexdigest(),
        "X-Token": "second:secret",
        "Authorization": f"Basic {base64.b64encode(b'second:secret').decode()}",
    }
    post = Post(headers, query="token=second:secret")
    for _ in range(2):
        assert made.answer(post.event())["statusCode"] == 401
        aws.now += 2
    aws.secrets["shop"] = "second:secret"
    assert made.answer(post.event())["statusCode"] == 200
    assert aws.reads == 3


@pytest.mark.parametrize("preset", ["clerk", "svix", "supabase", "standard_webhooks"])
@pytest.mark.parametrize(
    "secret", ["whsec_", "v1,whsec_", "whsec_%%%%%%%%%%%%", "whsec_YQ==", "whsec_ü", "whsec_a"]
)
def test_a_secret_that_is_no_base64_is_503(preset: str, secret: str) -> None:
    assert answer(sent(preset), source(preset), secret)[0] == 503


@pytest.mark.parametrize("secret", [BASE64, BASE64.removeprefix("whsec_"), f"v1,{BASE64}"])
def test_a_base64_secret_is_the_same_with_and_without_its_prefix(secret: str) -> None:
    assert answer(sent("svix"), source("svix"), secret)[0] == 200


@pytest.mark.parametrize("secret", ["relaypassword", "relay pass", "relay;password"])
def test_a_basic_secret_without_a_colon_is_503(secret: str) -> None:
    shown = base64.b64encode(secret.encode()).decode()
    post = Post({"Authorization": f"Basic {shown}"}, BODY.encode())
    assert answer(post, source("chargebee"), secret)[0] == 503


@pytest.mark.parametrize("secret", ["not hexadecimal", "abc", "0011", "zz" * 16])
def test_a_secret_that_is_no_hex_is_503(secret: str) -> None:
    verify = "verify: {encoding: hex, signature: {header: X-Sign}, secret_encoding: hex}"
    given: Source = shop(f"{verify}\n{HAND}")
    good = mac(bytes.fromhex("00ff" * 16), BODY.encode()).hex()
    assert answer(Post({"X-Sign": good}), given, "00FF" * 16)[0] == 200
    assert answer(Post({"X-Sign": good}), given, secret)[0] == 503


@pytest.mark.parametrize(
    "verify",
    [
        "{scheme: hash, encoding: hex, signature: {header: X-Sign}, signed: '{secret}{body}'}",
        "{scheme: token, where: query, name: token}",
        "{scheme: token, where: bearer}",
        "{scheme: token, where: header, name: X-Token}",
    ],
)
@pytest.mark.parametrize("secret", ["", " " * 9, "seven77", None])
def test_a_scheme_written_by_hand_takes_no_unusable_secret_either(
    verify: str, secret: str | None
) -> None:
    text = secret or ""
    headers = {
        "X-Sign": hashlib.sha256(f"{text}{BODY}".encode()).hexdigest(),
        "X-Token": text,
        "Authorization": f"Bearer {text}",
    }
    post = Post(headers, query=f"token={text}")
    assert answer(post, shop(f"verify: {verify}\n{HAND}"), secret)[0] == 503
