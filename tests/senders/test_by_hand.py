"""Senders without a preset: by_hand/<sender>.yaml, each verified by code that is not ours."""

import base64
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from slack_sdk.signature import SignatureVerifier
from standardwebhooks import Webhook

from handler.core.message import unpack
from handler.core.rules.source import Source
from relay.webhooks import signer
from tests.senders.posting import Post
from tests.senders.signing import CALLED, in_base64, mac
from tests.senders.taking import EMPTY, answer, enqueued, shop

FILES = Path(__file__).parent / "by_hand"
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
ISO = "2026-03-01T14:30:00+00:00"
AT = int(datetime.fromisoformat(ISO).timestamp())


def slack(body: str, secret: str) -> Post:
    stamp = str(int(time.time()))
    signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
    return Post({"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": str(signature)})


def hookdeck(body: str, secret: str) -> Post:
    headers = {"X-Hookdeck-Signature": in_base64()(secret, body, ""), "x-hookdeck-verified": "true"}
    return Post(headers)


def recharge(body: str, secret: str) -> Post:
    made = hashlib.sha256((secret + body).encode()).hexdigest()
    return Post({"X-Recharge-Hmac-Sha256": made, "X-Recharge-Topic": "charge/paid"})


def polar(body: str, secret: str) -> Post:
    now = datetime.now(UTC)
    encoded = base64.b64encode(secret.encode()).decode()  # as Polar's own library hands it over
    signature = Webhook(encoded).sign("msg_1", now, body)
    stamp = str(int(now.timestamp()))
    beside = {"webhook-id": "msg_1", "webhook-timestamp": stamp}
    return Post({**beside, "webhook-signature": signature})


def sanity(body: str, secret: str) -> Post:
    stamp = str(time.time_ns() // 1_000_000)
    digest = mac(secret.encode(), f"{stamp}.{body}".encode())
    made = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return Post({"sanity-webhook-signature": f"t={stamp},v1={made}"})


def shopify_events(body: str, secret: str) -> Post:
    return Post({"Shopify-Hmac-Sha256": in_base64()(secret, body, ""), "Shopify-Topic": "Customer"})


def in_header(_body: str, secret: str) -> Post:
    return Post({"X-Relay-Token": secret})


def as_bearer(_body: str, secret: str) -> Post:
    return Post({"Authorization": f"Bearer {secret}"})


def in_url(_body: str, secret: str) -> Post:
    return Post({}, query=f"a=1&token={secret}")


@dataclass(frozen=True, slots=True)
class Sender:
    """`event` is what the body becomes; an id of None is the body's digest."""

    sign: Callable[[str, str], Post]
    body: dict[str, Any]
    event: tuple[str, str | None, int | None]
    proves_body: bool = field(default=False, kw_only=True)

    def post(self, secret: str = SECRET) -> Post:
        body = json.dumps(self.body)
        return replace(self.sign(body, secret), body=body.encode())


SIGNUP = {"event": "signup", "id": "s-1", "email": "a@example.com"}
ROW = {"schema": "public", "table": "orders", "record": {"id": 2**53 + 1, "created_at": ISO}}
SENDERS: Final = {
    "slack": Sender(
        slack,
        {
            "type": "event_callback",
            "event_id": "Ev08",
            "event_time": AT,
            "event": {"type": "team_join", "user": {"id": "U1"}},
        },
        ("team_join", "Ev08", AT),
        proves_body=True,
    ),
    "hookdeck": Sender(
        hookdeck,
        {"id": "evt_1", "type": "customer.created", "created": AT},
        ("customer.created", "evt_1", AT),
        proves_body=True,
    ),
    "recharge_legacy": Sender(
        recharge, {"charge": {"id": 1}}, ("charge/paid", None, None), proves_body=True
    ),
    "polar": Sender(
        polar,
        {"type": "order.paid", "timestamp": ISO, "data": {"id": "o-1"}},
        ("order.paid", "msg_1", AT),
        proves_body=True,
    ),
    "sanity": Sender(
        sanity,
        {"_id": "drop-1", "_rev": "r2", "type": "drop.create"},
        ("drop.create", "drop-1@r2", None),
        proves_body=True,
    ),
    "shopify_events": Sender(
        shopify_events,
        {
            "topic": "Customer",
            "action": "create",
            "query_variables": {"customerId": "gid://shopify/Customer/7"},
            "data": {"customer": {"email": "a@example.com"}},
        },
        ("Customer create", "gid://shopify/Customer/7", None),
        proves_body=True,
    ),
    "zapier": Sender(in_header, SIGNUP, ("signup", "s-1", None)),
    "make": Sender(in_header, {"id": 7}, ("signup", "7", None)),
    "url_token": Sender(in_url, {"type": "signup"}, ("signup", None, None)),
    "supabase_database": Sender(
        as_bearer,
        {"type": "INSERT", **ROW, "old_record": None},
        ("INSERT orders", "orders-9007199254740993", AT),
    ),
}
EVERY_SENDER = pytest.mark.parametrize("name", SENDERS)


def source(name: str) -> Source:
    return shop((FILES / f"{name}.yaml").read_text(encoding="utf-8"))


def event_of(name: str, post: Post) -> dict[str, Any]:
    status, _, aws = answer(post, source(name), SECRET)
    assert status == 200
    (delivery,) = enqueued(aws)
    event: dict[str, Any] = unpack(delivery["event"])
    return event


def test_every_file_is_tried() -> None:
    assert {file.stem for file in FILES.iterdir()} == set(SENDERS)


@EVERY_SENDER
def test_a_good_webhook_becomes_its_event(name: str) -> None:
    post = SENDERS[name].post()
    event = event_of(name, post)
    kind, identity, at = SENDERS[name].event
    identity = identity or hashlib.sha256(post.body).hexdigest()
    assert (event["type"], event["id"], event["occurred_at"]) == (kind, identity, at)
    assert SECRET not in json.dumps(event)


@EVERY_SENDER
def test_what_the_sender_has_not_signed_is_refused(name: str) -> None:
    post = SENDERS[name].post()
    bare = replace(post, headers={}, query="")
    for wrong in (SENDERS[name].post("another-secret"), bare):
        status, _, aws = answer(wrong, source(name), SECRET)
        assert (status, aws.queues) == (401, EMPTY)
    for unusable in ("", "short"):
        assert answer(post, source(name), unusable)[0] == 503


@EVERY_SENDER
def test_what_relay_send_signs_is_accepted(name: str) -> None:
    sample = signer.SignedRequest(
        CALLED, {"X-Recharge-Topic": "charge/paid"}, SENDERS[name].post().body
    )
    made = signer.sign(sample, source(name).scheme, SECRET, int(time.time()))
    event_of(name, Post(made.headers, made.body, made.query))


@EVERY_SENDER
def test_another_body_is_refused_where_the_body_is_signed(name: str) -> None:
    post = replace(SENDERS[name].post(), body=b'{"type": "x", "event": "x", "table": "x"}')
    status = answer(post, source(name), SECRET)[0]
    assert status == (401 if SENDERS[name].proves_body else 200)


def test_slacks_question_is_answered_once_it_is_signed() -> None:
    asked = replace(SENDERS["slack"], body={"type": "url_verification", "challenge": "3eZbrw1a"})
    status, body, aws = answer(asked.post(), source("slack"), SECRET)
    assert (status, body, aws.queues) == (200, "3eZbrw1a", EMPTY)
    assert answer(asked.post("another-secret"), source("slack"), SECRET)[0] == 401


def test_a_url_with_a_token_answers_who_looks_whether_it_is_there() -> None:
    assert answer(Post({}, b"", method="GET"), source("url_token"))[:2] == (200, "")


def test_a_token_that_stands_twice_in_a_url_is_refused() -> None:
    post = SENDERS["url_token"].post()
    twice = replace(post, query=f"{post.query}&token={SECRET}")
    assert answer(twice, source("url_token"), SECRET)[0] == 401


def test_a_changed_row_has_the_digest_of_its_body() -> None:
    changed = replace(SENDERS["supabase_database"], body={"type": "UPDATE", **ROW}).post()
    event = event_of("supabase_database", changed)
    digest = hashlib.sha256(changed.body).hexdigest()
    assert (event["type"], event["id"], event["occurred_at"]) == ("UPDATE orders", digest, None)


def test_what_can_be_appended_to_a_plain_hash_is_no_json() -> None:
    # SHA-256 of secret and body can be continued without the secret, behind the padding's 0x80.
    body = b'{"charge": {"id": 1}}' + b"\x80" + bytes(40) + b'{"charge": {"id": 2}}'
    made = hashlib.sha256(SECRET.encode() + body).hexdigest()
    post = Post(
        {"X-Recharge-Hmac-Sha256": made, "X-Recharge-Topic": "charge/paid"}, body, is_base64=True
    )
    status, _, aws = answer(post, source("recharge_legacy"), SECRET)
    assert (status, aws.queues) == (400, EMPTY)


@pytest.mark.parametrize(
    "body", ["type=subscribe&fired_at=2026-03-01+14%3A30%3A00", "MessageSid=SM1&From=%2B1"]
)
def test_a_form_as_mailchimp_and_twilio_post_it_is_refused_even_with_the_token(body: str) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    post = Post(headers, body.encode(), f"token={SECRET}", is_base64=True)
    assert answer(post, source("url_token"), SECRET)[0] == 415
    allowed = (
        f"{(FILES / 'url_token.yaml').read_text()}\ncontent_types: [{headers['content-type']}]"
    )
    assert answer(post, shop(allowed), SECRET)[0] == 400
