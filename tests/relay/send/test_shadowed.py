"""A sample is posted to try a deployment only where that can send nothing, and bury nothing."""

import pytest
from pydantic import JsonValue

from handler.core.errors import RulesError
from handler.core.rules.load import load
from handler.core.secret_values import Secret
from relay.send.shadowed import Served, Shadowed, shadowed
from relay.webhooks.samples import Sample

NOW = 1_767_268_800
RULES = """
verify: {preset: standard_webhooks, secret: shop}
rules:
  - name: quiet
    type: order
    shadow: true
    expires_after: 1h
    send:
      campaign_id: 417220e4-5a2a-b634-7f7d-9ec891532369
      recipients: [{external_user_id: "${body.data.id}"}]
"""
LIVE = """
  - name: live
    type: order
    when: body.data.paid == `true`
    send:
      campaign_id: 417220e4-5a2a-b634-7f7d-9ec891532369
      recipients: [{external_user_id: "${body.data.id}"}]
"""
SECRET = "d2hzZWMtb2YtdGhlLXNob3AtMTIzNA=="


def served(rules: str, secret: str = SECRET) -> Served:
    secrets = Secret("secrets", "1", {"shop": secret} if secret else {})
    source = load("shop", rules, "shop.yaml", "dev")
    return Served("https://x.example/webhooks", {"shop": source}, secrets, 400)


def sample(source: str = "shop", **data: JsonValue) -> Sample:
    at = data.pop("timestamp", "@now")
    return Sample("one", source, {}, {"type": "order", "timestamp": at, "data": {"id": 1, **data}})


def test_a_sample_that_only_rules_in_shadow_match_is_signed_for_its_url() -> None:
    found = shadowed(sample(), served(RULES), NOW)
    assert isinstance(found, Shadowed)
    assert list(found.rules.values()) == ["shop/quiet"]
    assert found.request.url == "https://x.example/webhooks/shop"
    assert found.request.headers["webhook-signature"].startswith("v1,")


@pytest.mark.parametrize(
    "given, rules, why",
    [
        (sample(paid=True), RULES + LIVE, "shop/live would send it"),
        (sample(), RULES.replace("type: order", "type: other"), "no rule matches it"),
        (
            sample(timestamp="2025-01-01T00:00:00Z"),
            RULES,
            "shop/quiet would be a dead letter (expired",
        ),
        (sample("else"), RULES, "the stack serves no else"),
    ],
)
def test_what_would_be_more_than_a_line_of_the_log_is_told_and_not_posted(
    given: Sample, rules: str, why: str
) -> None:
    said = shadowed(given, served(rules), NOW)
    assert isinstance(said, str)
    assert said.startswith(why)


def test_a_sample_of_a_source_without_its_secret_or_rules_is_not_posted() -> None:
    assert shadowed(sample(), served(RULES, ""), NOW) == "the stack has no signing secret shop"
    broken = Served("", {"shop": RulesError([])}, Secret("s", "1", {}), 400)
    assert shadowed(sample(), broken, NOW) == "the stack serves no shop"
    said = shadowed(sample(), served(RULES, "not-base64!-and-it-is-a-secret"), NOW)
    assert isinstance(said, str)
    assert "not-base64" not in said
