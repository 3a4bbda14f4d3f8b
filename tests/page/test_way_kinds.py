"""The requests of a rule that tracks or subscribes, line by line: each field has its origin."""

from typing import Any

from handler.core.rules.load import load
from relay.page.bench.request_lines import request
from relay.page.way.request_json import requests_of
from relay.rules.explain.explanation import explained
from relay.rules.webhooks import Given
from relay.webhooks.samples import Sample

RULES = """
verify: {preset: shopify}
rules:
  - name: count
    type: orders/paid
    once: ${body.id}
    on_unknown: hold
    track:
      attributes:
        - {external_id: "${body.user}", _update_existing_only: false, city: "${body.city}"}
      events:
        - external_id: ${body.user}
          _update_existing_only: false
          name: ordered
          time: ${body.at}
          properties: {order: "${body.id}", note: "${body.note}"}
"""
BODY: dict[str, Any] = {"id": "7", "user": "u7", "city": "Ulm", "at": "2026-11-30T23:00:00Z"}
CONSENT = """
verify: {preset: shopify}
event: {version: body.at}
rules:
  - name: news
    type: orders/paid
    subscribe:
      subscription_groups:
        - subscription_group_id: 3b1c6f0e-2a57-4d98-b6e4-7f8091a2b3c4
          subscription_state: subscribed
          external_ids: ["${body.user}"]
"""
ORIGINS = {
    "count": {
        "attributes[0].external_id": "body.user",
        "attributes[0].city": "body.city",
        "events[0].external_id": "body.user",
        "events[0].time": "body.at",
        "events[0].properties.order": "body.id",
    },
    "news": {"subscription_groups[0].external_ids[0]": "body.user"},
}


def explanation(text: str) -> Any:
    source = load("shop", text, "shop.yaml", "dev")
    sample = Sample("order", "shop", {"x-shopify-topic": "orders/paid"}, BODY)
    return explained(Given(sample), source)


def test_each_field_of_the_ways_request_says_what_it_was_made_of() -> None:
    for text in (RULES, CONSENT):
        (found,) = requests_of(explanation(text))
        whys = [line.why for line in found.lines if line.why]
        for name, made_of in ORIGINS[found.rule].items():
            assert any(why[0].startswith(name) and made_of in " ".join(why) for why in whys), name
        assert all("null" in " ".join(one) for one in found.left_out)


def test_each_field_of_the_benchs_request_stands_at_its_line() -> None:
    for text in (RULES, CONSENT):
        (event,) = explanation(text)["events"]
        ((made,),) = [rule["requests"] for rule in event["rules"]]
        shown = request(made)
        assert ORIGINS[event["rules"][0]["rule"]].keys() <= {one.name for one in shown.lines}
        assert shown.path in ("/users/track", "/v2/subscription/status/set")
