"""Requests that are sent again: their bytes, their proof, and nothing that the way has added."""

import json
from pathlib import Path

import pytest

from handler.core.errors import Unverified
from handler.core.models import Webhook
from handler.core.rules.source import Source
from handler.core.verification.verify import verify
from relay.local.reload import Version
from relay.local.webhook_feed import Answered
from relay.page.journal import Journal
from relay.page.reading import Reading, read
from relay.page.webhooks.sending import NotSent, ServedSource, again, as_new
from relay.webhooks.samples import sources_in
from relay.webhooks.signer import SignedRequest

URL = "http://127.0.0.1:3000"
SECRET = "a-secret-of-plain"
OLD = "a-secret-of-yesterday"
RULES = """
verify: {scheme: token, where: query, name: key}
event: {type: body.type, type_signed: true, id: body.id}
rules:
  - name: looks
    type: ping
    once: ${body.id}
    send:
      campaign_id: 417220e4-5a2a-b634-7f7d-9ec891532368
      recipients: [{external_user_id: "${body.id}"}]
"""
# Bytes that no JSON writer would make again.
BODY = b'{"type":"ping" ,  "id": "evt_0001", "amount": 1.50}'


@pytest.fixture
def source(tmp_path: Path) -> Source:
    (tmp_path / "plain.yaml").write_text(RULES, encoding="utf-8")
    found = sources_in(tmp_path, "dev")["plain"]
    assert isinstance(found, Source)
    return found


def came(source: Source, method: str = "POST", body: bytes = BODY) -> Reading:
    headers = {
        "host": "relay.example",
        "x-forwarded-for": "192.0.2.1",
        "x-forwarded-proto": "https",
        "content-type": "application/json",
        "x-own": "kept",
    }
    query = f"shop=one&key={OLD}"
    line = Answered(method, "/webhooks/plain", headers, body, 401, "{}", query).line()
    return read(Journal().add(line, Version({}, {"plain": source})), {"plain": SECRET})


def is_proven(request: SignedRequest, source: Source) -> bool:
    webhook = Webhook("plain", "POST", request.headers, request.query, request.body, 0, request.url)
    try:
        verify(webhook, source.scheme, [SECRET])
    except Unverified:
        return False
    return True


def test_the_bytes_are_those_that_came_with_the_secret_of_today(source: Source) -> None:
    made = again(came(source), ServedSource.of(source, {"plain": SECRET}), URL)
    assert made.request.body == BODY
    assert made.request.url == f"{URL}/webhooks/plain"
    assert made.request.headers == {"content-type": "application/json", "x-own": "kept"}
    assert made.request.query.startswith("shop=one&")
    assert OLD not in made.request.query
    assert is_proven(made.request, source)
    assert SECRET not in " ".join(made.words)


@pytest.mark.parametrize("given", [{}, {"plain": ""}])
def test_without_a_secret_it_has_the_proof_that_it_came_with(
    source: Source, given: dict[str, str]
) -> None:
    made = again(came(source), ServedSource.of(source, given), URL)
    assert made.request.query == f"shop=one&key={OLD}"
    assert not is_proven(made.request, source)
    assert made.words == ("with the signature that it came with",)


def test_as_new_it_has_another_id_and_is_proven(source: Source) -> None:
    made = as_new(came(source), ServedSource.of(source, {"plain": SECRET}), URL)
    body = json.loads(made.request.body)
    assert body["id"].startswith("evt_")
    assert body["id"] != "evt_0001"
    assert body["amount"] == 1.5
    assert is_proven(made.request, source)
    assert made.words[0].startswith("new body.id: evt_0001 -> ")


def test_what_cannot_be_sent_says_why(source: Source) -> None:
    sender = ServedSource.of(source, {"plain": SECRET})
    for reading, own, why in (
        (came(source, "GET"), sender, "only a POST is sent"),
        (came(source, body=b"<html>"), sender, "its body is not JSON"),
        (came(source), ServedSource.of(None, {}), "it has none now"),
        (came(source), ServedSource.of(source, {}), "no signing secret"),
    ):
        with pytest.raises(NotSent, match=why):
            as_new(reading, own, URL)
