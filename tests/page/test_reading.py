"""A webhook is read as people know it, by the rules that were served when it came."""

import json
from pathlib import Path
from typing import Any

import pytest

from handler.core.rules.source import Source
from relay.local.reload import Version
from relay.local.webhook_feed import Answered
from relay.page.journal import Journal
from relay.page.reading import HIDDEN, Reading, Readings, read
from relay.paths import EVENTS, PROJECT
from relay.webhooks.samples import Address, read_sample, sample_secrets, sources_in

RULES = PROJECT / "tests" / "rules"
SOURCES = sources_in(RULES, "dev")
TOKEN = """
verify: {scheme: token, where: header, name: X-Token}
event: {type: body.type, type_signed: true, id: body.id}
rules:
  - name: looks
    type: ping
    shadow: true
    once: ${body.id}
    send:
      campaign_id: 417220e4-5a2a-b634-7f7d-9ec891532368
      recipients: [{external_user_id: "${body.id}"}]
"""
TAKEN = '{"events": 1, "deliveries": 1}'


def reading(  # noqa: PLR0913 - the parts of a webhook
    path: str = "/webhooks/shopify",
    body: bytes = b"{}",
    headers: dict[str, str] | None = None,
    *,
    status: int = 200,
    answer: str = TAKEN,
    sources: Any = SOURCES,
    secrets: Any = None,
) -> Reading:
    given = {"host": "127.0.0.1:3000", "x-forwarded-proto": "http", **(headers or {})}
    answered = Answered("POST", path, given, body, status, answer)
    arrival = Journal().add(answered.line(), Version({}, sources))
    return read(arrival, secrets)


def of_sample(name: str, change: dict[str, Any] | None = None) -> Reading:
    sample = read_sample(EVENTS / f"{name}.json")
    body = json.dumps({**sample.body, **(change or {})}).encode()  # type: ignore[dict-item] # an object
    headers = {each.lower(): one for each, one in sample.headers.items()}
    return reading(f"/webhooks/{sample.source}", body, headers)


def test_an_order_has_its_type_its_own_name_and_its_deliveries() -> None:
    found = of_sample("shopify-order")
    assert (found.source, found.types, found.references) == ("shopify", "orders/create", "#1042")
    assert (found.verdict.words, found.verdict.kind) == ("1 delivery", "good")
    assert found.plan is not None
    assert found.plan.deliveries[0].rule == "order-confirmation"


def test_what_no_rule_wants_says_by_which_operand() -> None:
    found = of_sample("shopify-order-test")
    assert (found.verdict.words, found.verdict.kind) == ("no rule wanted it", "quiet")
    assert "order-confirmation: " in found.verdict.detail
    assert "body.test" in found.verdict.detail


def test_what_is_parked_says_why() -> None:
    found = of_sample("shopify-order-guest", {"email": None})
    assert (found.verdict.words, found.verdict.kind) == ("parked: unrenderable", "bad")
    assert found.verdict.detail.startswith("order-confirmation: ")


def test_a_wrong_signature_is_told_from_a_missing_one() -> None:
    missing = reading(status=401, answer='{"error": "unverified"}')
    wrong = reading(
        headers={"x-shopify-hmac-sha256": "AAAA"}, status=401, answer='{"error": "unverified"}'
    )
    assert missing.verdict.words == "refused 401: no signature"
    assert (wrong.verdict.words, wrong.verdict.kind) == ("refused 401: wrong signature", "bad")
    assert wrong.unverified == "wrong_signature"
    assert wrong.plan is None


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b'{"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"name": "#1"' + b" " * 1_000_000 + b"}",
        b'{"name": {"a": 1}}',
        b"[]",
    ],
    ids=["no JSON", "deep", "large", "no name", "no object"],
)
def test_a_refused_webhook_that_says_nothing_fit_is_known_by_its_source(body: bytes) -> None:
    headers = {"x-shopify-topic": "<img> " * 9}
    found = reading(body=body, headers=headers, status=401, answer='{"error": "unverified"}')
    assert found.references == ""
    assert found.verdict.words == "refused 401: no signature"


def test_the_secrets_of_the_stack_decide_where_it_has_its_own() -> None:
    sample = read_sample(EVENTS / "shopify-order.json")
    source = SOURCES["shopify"]
    assert isinstance(source, Source)
    secret = sample_secrets(SOURCES)["shopify"]
    signed = Address("http://127.0.0.1:3000/webhooks/shopify", source, secret).signed(
        sample.headers, sample.content(0), 0
    )
    arguments: dict[str, Any] = {"status": 401, "answer": '{"error": "unverified"}'}
    given = (signed.body, {**signed.headers})
    own = reading("/webhooks/shopify", *given, secrets={"shopify": "another-secret"}, **arguments)
    assert own.unverified == "wrong_signature"
    assert reading("/webhooks/shopify", *given, **arguments).unverified == ""


@pytest.mark.parametrize(
    "path, words",
    [
        ("/webhooks/shopfy", "refused 404: there is no source shopfy"),
        ("/elsewhere", "refused 404: the path is not /webhooks/SOURCE"),
        ("/webhooks/a/b", "refused 404: the path is not /webhooks/SOURCE"),
    ],
)
def test_a_path_that_is_no_source_says_so(path: str, words: str) -> None:
    found = reading(path, status=404, answer='{"error": "unknown source"}')
    assert (found.verdict.words, found.verdict.kind) == (words, "bad")


def test_a_body_that_is_no_json_says_so() -> None:
    found = reading(body=b"<html>", status=400, answer='{"error": "body is not JSON"}')
    assert found.verdict.words == "refused 400: body is not JSON"


def test_a_rules_file_with_a_mistake_says_where(tmp_path: Path) -> None:
    (tmp_path / "shopify.yaml").write_text("verify: {preset: shopfy}\n", encoding="utf-8")
    found = reading(
        status=503, answer='{"error": "unavailable"}', sources=sources_in(tmp_path, "dev")
    )
    assert found.verdict.words == "unavailable 503: its rules file has a mistake"
    assert "shopify.yaml:1:" in found.verdict.detail
    assert found.verdict.kind == "bad"


def test_a_stack_that_is_away_asks_the_sender_to_try_again() -> None:
    found = reading(status=503, answer='{"message": "Service Unavailable"}')
    assert found.verdict.words == "unavailable 503: the sender is to try again"


def test_a_rule_in_shadow_is_said_to_send_nothing(tmp_path: Path) -> None:
    (tmp_path / "plain.yaml").write_text(TOKEN, encoding="utf-8")
    found = reading(
        "/webhooks/plain", b'{"type": "ping", "id": "7"}', sources=sources_in(tmp_path, "dev")
    )
    assert (found.verdict.kind, found.verdict.detail) == ("quiet", "looks")
    assert found.verdict.words == "not sent: its rule is in shadow"


def test_the_secret_that_proves_a_sender_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "plain.yaml").write_text(TOKEN, encoding="utf-8")
    headers = {"x-token": "the-secret", "authorization": "Bearer x", "x-other": "seen"}
    found = reading("/webhooks/plain", b"{}", headers, sources=sources_in(tmp_path, "dev"))
    assert found.shown_headers["x-token"] == HIDDEN
    assert found.shown_headers["authorization"] == HIDDEN
    assert found.shown_headers["x-other"] == "seen"
    assert "the-secret" not in repr(found)


def test_readings_are_made_once_and_bounded() -> None:
    journal, readings = Journal(), Readings()
    line = Answered("POST", "/webhooks/shopify", {}, b"{}", 404, "{}").line()
    made = [journal.add(line, Version({}, SOURCES)) for _ in range(100)]
    first = readings.of(made[0], None)
    assert readings.of(made[0], None) is first
    for one in made[1:]:
        readings.of(one, None)
    assert readings.of(made[0], None) is not first
