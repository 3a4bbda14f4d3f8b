"""Handshakes, beside the webhooks: answered where enabled, and nothing is sent for them."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from handler.core.rules.source import Source
from handler.core.verification.handshake import greet
from tests.handler.aws.test_metrics import written
from tests.senders.posting import Letter, Post, source
from tests.senders.taking import EMPTY, answer, shop, taking
from tests.senders.vendors import LITERAL, VENDORS

FORM = {"content-type": "application/x-www-form-urlencoded"}
TOKEN = """\
verify: {scheme: token, where: header, name: X-Token}
event: {type: body.type, type_signed: true}"""
OKTA = Post({"x-okta-verification-challenge": "a-b_c.1"}, b"", method="GET")
CHALLENGE = Post({}, b"", "challenge=abc-123", "GET")
PING = Post(FORM, b"webhook_id=12", is_base64=True)
ALL = "[get, challenge, okta, woocommerce, github, url_verification]"


def asking(handshakes: str) -> Source:
    return shop(f"{TOKEN}\nhandshakes: {handshakes}")


def echo(post: Post, source: Source) -> tuple[int, dict[str, str], str]:
    """Return the answer of a relay that has no secret: a handshake needs none."""
    made, aws = taking(source)
    answered = made.answer(post.event())
    assert aws.queues == EMPTY
    return answered["statusCode"], answered["headers"], answered["body"]


def test_okta_is_answered_what_it_asks() -> None:
    status, headers, body = echo(OKTA, source("okta"))
    assert (status, json.loads(body)) == (200, {"verification": "a-b_c.1"})
    assert headers == {"content-type": "application/json", "x-content-type-options": "nosniff"}


def test_a_challenge_is_answered_as_plain_text() -> None:
    status, headers, body = echo(CHALLENGE, asking("[challenge]"))
    assert (status, body) == (200, "abc-123")
    assert headers == {"content-type": "text/plain", "x-content-type-options": "nosniff"}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_plain_request_is_answered_where_that_is_enabled(method: str) -> None:
    assert echo(Post({}, b"", method=method), asking("[get]")) == (200, {}, "")


def test_the_ping_of_woocommerce_is_answered_200_and_nothing_else() -> None:
    assert echo(PING, source("woocommerce")) == (200, {}, "")


@pytest.mark.parametrize(
    "post",
    [
        replace(PING, body=b"webhook_id=12&x=1"),
        replace(PING, body=b"webhook_id="),
        replace(PING, body=b"webhook_id=1x"),
        replace(PING, body=b'{"id": 12}'),
        replace(PING, body=b""),
        PING.plus(X_WC_Webhook_Topic="order.created"),
        replace(PING, headers={}),
    ],
)
def test_what_only_looks_like_the_ping_of_woocommerce_is_refused(post: Post) -> None:
    status, _, aws = answer(post, source("woocommerce"), LITERAL)
    assert status in (401, 415)
    assert aws.queues == EMPTY


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_no_preset_answers_another_method_than_post(method: str) -> None:
    post = Post({}, b"", "challenge=x", method)
    for preset, vendor in VENDORS.items():
        status, _, aws = answer(post, source(preset), vendor.secret)
        assert (status, aws.queues) == (405, EMPTY), preset


@pytest.mark.parametrize("preset", [name for name in VENDORS if name != "okta"])
def test_oktas_question_is_answered_to_okta_alone(preset: str) -> None:
    assert answer(OKTA, source(preset))[0] == 405


@pytest.mark.parametrize("preset", [name for name in VENDORS if name != "woocommerce"])
def test_woocommerces_ping_is_answered_to_woocommerce_alone(preset: str) -> None:
    assert answer(PING, source(preset), VENDORS[preset].secret)[0] == 415


@pytest.mark.parametrize(
    "post", [OKTA, CHALLENGE, Post({}, b"", method="GET"), Post({}, b"", method="HEAD")]
)
@pytest.mark.parametrize("handshakes", ["[]", "[github, url_verification, woocommerce]"])
def test_where_no_such_handshake_is_enabled_it_is_405(post: Post, handshakes: str) -> None:
    assert answer(post, asking(handshakes), LITERAL)[0] == 405


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH"])
def test_with_every_handshake_enabled_other_methods_are_405(method: str) -> None:
    post = replace(OKTA, query="challenge=x", method=method)
    assert answer(post, asking(ALL), LITERAL)[0] == 405


@pytest.mark.parametrize("text", ["a" * 257, "a b", "é", "a\nb", "a\x00", ""])
def test_what_is_long_or_not_plain_is_not_echoed(text: str) -> None:
    okta = Post({"x-okta-verification-challenge": text}, b"", method="GET")
    query = "".join(f"%{byte:02x}" for byte in text.encode())
    challenge = Post({}, b"", f"challenge={query}", "GET")
    assert answer(okta, asking("[okta]"))[0] == 405
    assert answer(challenge, asking("[challenge]"))[0] == 405


@pytest.mark.parametrize("text", ["a" * 256, "<script>alert(1)</script>"])
def test_what_is_echoed_is_no_html_for_any_browser(text: str) -> None:
    status, headers, body = echo(Post({}, b"", f"challenge={text}", "GET"), asking("[challenge]"))
    assert (status, body) == (200, text)
    assert (headers["content-type"], headers["x-content-type-options"]) == ("text/plain", "nosniff")


def github(event: str, secret: str = LITERAL) -> Post:
    body = '{"zen": "Keep it logically awesome.", "hook_id": 1}'
    return Letter(VENDORS["github"], body, secret=secret).post().plus(X_GitHub_Event=event)


def test_a_signed_ping_of_github_is_answered_and_is_no_event() -> None:
    assert answer(github("ping"), source("github"), LITERAL)[:2] == (200, "")
    assert answer(github("ping"), source("github"), LITERAL)[2].queues == EMPTY
    assert answer(github("push"), source("github"), LITERAL)[2].queues != EMPTY


@pytest.mark.parametrize("preset", [name for name in VENDORS if name != "github"])
def test_a_header_of_github_makes_no_ping_of_another_senders_webhook(preset: str) -> None:
    vendor = VENDORS[preset]
    post = Letter(vendor, at=int(time.time())).post().plus(X_GitHub_Event="ping")
    status, _, aws = answer(post, source(preset), vendor.secret)
    assert status == 200
    assert aws.queues != EMPTY


def test_an_unsigned_ping_of_github_is_refused() -> None:
    assert answer(github("ping", "another-secret"), source("github"), LITERAL)[0] == 401


def url_verification(challenge: Any, token: str = LITERAL) -> Post:
    body = {"type": "url_verification", "challenge": challenge}
    return Post({"X-Token": token}, json.dumps(body).encode())


def test_a_signed_url_verification_is_answered_and_is_no_event() -> None:
    made, aws = taking(asking("[url_verification]"), LITERAL)
    answered = made.answer(url_verification("3eZbrw1aBm2rZgRNFdxV").event())
    assert answered["body"] == "3eZbrw1aBm2rZgRNFdxV"
    assert answered["headers"]["content-type"] == "text/plain"
    assert aws.queues == EMPTY


@pytest.mark.parametrize("challenge", ["a" * 257, "a b", "", None, 7, ["x"]])
def test_an_odd_url_verification_is_echoed_to_nobody(challenge: Any) -> None:
    post = url_verification(challenge)
    status, body, _ = answer(post, asking("[url_verification]"), LITERAL)
    assert (status, json.loads(body)["events"]) == (200, 1)


def test_an_unsigned_url_verification_is_refused() -> None:
    post = url_verification("x", "another-secret")
    assert answer(post, asking("[url_verification]"), LITERAL)[0] == 401


def test_handshakes_that_are_not_enabled_leave_a_webhook_a_webhook() -> None:
    assert answer(url_verification("x"), asking("[]"), LITERAL)[2].queues != EMPTY
    assert greet(PING.webhook(), ()) is None


@pytest.mark.parametrize(
    "post, handshakes", [(OKTA, "[okta]"), (PING, "[woocommerce]"), (url_verification("x"), ALL)]
)
def test_a_handshake_is_counted_as_a_ping(
    post: Post, handshakes: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert answer(post, asking(handshakes), LITERAL)[0] == 200
    (sums,) = [it for names, it in written(capsys.readouterr().out).items() if "shop" in names]
    assert sums == {"WebhooksReceived": 1, "WebhooksPings": 1}
