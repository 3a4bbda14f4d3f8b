"""Requests about users on the page: each field of their objects has its explanation."""

from typing import Any

import pytest

from relay.page.bench.request_lines import request
from relay.page.way.request_json import requests_of
from relay.rules.explain.explanation import explained
from relay.rules.webhooks import Given
from relay.webhooks.samples import Sample
from tests.handler.core.rules.kinds import ATTRIBUTES, BODY, BOTH, EVENTS, SUBSCRIBE, source

READ = {
    "attributes[0].external_id": "body.user",
    "attributes[0].first_name": "body.first",
    "events[0].external_id": "body.user",
    "events[0].time": "body.at",
    "events[0].properties.n": "body.n",
    "subscription_groups[0].subscription_state": "body.state",
    "subscription_groups[0].external_ids[0]": "body.user",
}
STATUS_SET = "/v2/subscription/status/set"
RULES: list[tuple[dict[str, Any], set[str]]] = [
    (ATTRIBUTES, {name for name in READ if name.startswith("attributes")}),
    (EVENTS, {name for name in READ if name.startswith("events")}),
    (BOTH, {name for name in READ if not name.startswith("subscription")}),
    (SUBSCRIBE, {name for name in READ if name.startswith("subscription")}),
]


def explanation(rule: dict[str, Any], body: dict[str, Any] = BODY) -> dict[str, Any]:
    return explained(Given(Sample("x", "shop", {}, body)), source(rule))


@pytest.mark.parametrize("rule, names", RULES)
def test_the_bench_explains_each_field_in_the_line_that_holds_it(
    rule: dict[str, Any], names: set[str]
) -> None:
    (made,) = explanation(rule)["events"][0]["rules"][0]["requests"]
    lines = {line.name: line for line in request(made).lines if line.name}
    assert names <= lines.keys()
    assert request(made).path == ("/users/track" if "track" in rule else STATUS_SET)
    for name in names:
        assert READ[name] in str(lines[name].words)
    assert [one.name for one in request(made).others if one.name != "once"] == []


@pytest.mark.parametrize("rule, names", RULES)
def test_the_way_of_a_webhook_explains_them_likewise(rule: dict[str, Any], names: set[str]) -> None:
    (step,) = requests_of(explanation(rule))
    whys = [" ".join(line.why) for line in step.lines]
    for name in names:
        assert any(why.startswith(f"{name} = ") and READ[name] in why for why in whys), name
    assert step.left_out == ()


def test_a_field_that_is_left_out_says_why_beside_the_request() -> None:
    body = {name: one for name, one in BODY.items() if name not in ("first", "n")}
    (step,) = requests_of(explanation(BOTH, body))
    assert [why for why, *_ in step.left_out] == [
        "attributes[0].first_name is left out: null",
        "events[0].properties.n is left out: null",
    ]
