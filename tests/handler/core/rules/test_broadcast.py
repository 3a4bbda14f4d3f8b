"""A broadcast reaches who stands in the rules file: no webhook has a say in it."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from handler.core.braze.endpoints import SENDS, Endpoint
from handler.core.braze.request import audience_of, request
from handler.core.delivery.batching import coalesce
from handler.core.errors import RulesError, UnreadableMessage
from handler.core.models import Delivery, Plan, Verified, Webhook
from handler.core.planning.delivery_id import delivery_id
from handler.core.planning.plan import plan
from handler.core.rules.load import load
from handler.core.workspace import Reach
from tests.handler.core.rules_files import changed, findings

IT = "      broadcast: true\n"
PLAN = {"custom_attribute_name": "plan", "comparison": "equals", "value": "pro"}
AUDIENCE = {"AND": [{"custom_attribute": PLAN}]}
RULES = f"""\
verify: {{encoding: hex, signature: {{header: x-sign}}}}
event: {{type: body.type, type_signed: true, id: body.id}}
rules:
  - name: sale
    type: "*"
    allow_broadcast: true
    send:
      campaign_id: c-1
      broadcast: true
      audience: {json.dumps(AUDIENCE)}
      trigger_properties: {{shop: Tea, title: "${{body.title}}", all: "${{body}}"}}
"""
BODY = {"type": "sale.begun", "id": "s-1", "title": "Tea for all"}
FIXED = {"campaign_id": "c-1", "broadcast": True, "audience": AUDIENCE}


def planned(body: Any, text: str = RULES) -> Plan:
    webhook = Webhook("shop", "POST", {"x-sign": "s"}, "", json.dumps(body).encode(), 1)
    return plan(Verified(webhook), load("shop", text, "shop.yaml", "dev"))


def one(body: Any, text: str = RULES) -> Delivery:
    (delivery,) = planned(body, text).deliveries
    return delivery


def test_a_broadcast_is_one_request_without_recipients_and_always_held_when_unknown() -> None:
    made = one(BODY)
    properties = {"shop": "Tea", "title": "Tea for all", "all": BODY}
    assert request(made) == {**FIXED, "trigger_properties": properties}
    assert (made.recipient, made.on_unknown) == (None, "hold")


def test_a_broadcast_happens_once_of_an_event_however_often_it_is_heard_of() -> None:
    key = json.dumps(["sale.begun", "s-1"])
    assert one(BODY).id == one(BODY | {"title": "Other"}).id == delivery_id("shop", "sale", key, "")
    text = changed("    send:", "    once: ${body.title}\n    send:", RULES)
    assert one(BODY, text).id == delivery_id("shop", "sale", "Tea for all", "")


def test_what_is_required_of_a_broadcast_and_missing_makes_a_dead_letter() -> None:
    text = f"{RULES}    required: trigger_properties.title\n"
    assert one(BODY, text).recipient is None
    (parked,) = planned(BODY | {"title": " "}, text).parked
    assert parked.detail == "trigger_properties.title: it is required, and missing"


def test_properties_that_braze_would_refuse_are_not_broadcast() -> None:
    (parked,) = planned(BODY | {"title": "x" * 52_000}).parked
    assert parked.detail.startswith("trigger_properties: it is larger than")


@pytest.mark.parametrize(
    "old, new, finding",
    [
        ("    allow_broadcast: true\n", "",
         ("8:7: broadcast: true reaches the whole audience of the campaign or Canvas; if that is"
          " meant, say allow_broadcast: true beside send")),
        (IT, IT + "      recipients: [{external_user_id: '${body.id}'}]\n",
         "10:7: a broadcast reaches an audience, and takes no recipients"),
        (IT, f"{IT}      attachments: []\n",
         "10:7: a broadcast reaches an audience, and takes no attachments"),
        ("    send:", "    for_each: body.all\n    send:",
         "7:5: a broadcast is made once of an event, and not of each element"),
        (IT, "      broadcast: 'true'\n",
         "9:7: broadcast takes true or false"),
        (IT, "      broadcast: 1\n",
         "9:7: broadcast takes true or false"),
        (IT, "",
         ("7:5: recipients takes a list of 1 to 50 recipients; to reach everybody in the audience"
          " say broadcast: false beside it")),
        (f"{IT}      audience: {json.dumps(AUDIENCE)}\n", "      broadcast: false\n",
         "7:5: recipients takes a list of 1 to 50 recipients"),
        (IT, "      broadcast: false\n      recipients: []\n",
         "10:7: recipients takes a list of 1 to 50 recipients"),
        ("    allow_broadcast: true\n", "    broadcast: true\n",
         "6:5: unknown key broadcast; did you mean allow_broadcast? (it belongs under send)"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_broadcast_is_named(old: str, new: str, finding: str) -> None:
    assert finding in findings(changed(old, new, RULES))


PART = changed(IT, "      broadcast: false\n", RULES)


def test_an_audience_without_recipients_is_as_a_broadcast_to_a_part() -> None:
    made = one(BODY, PART)
    properties = {"shop": "Tea", "title": "Tea for all", "all": BODY}
    assert request(made) == {**FIXED, "broadcast": False, "trigger_properties": properties}
    assert (made.recipient, made.on_unknown) == (None, "hold")
    assert coalesce([made, replace(made, id="other")]) == [[0], [1]]
    assert audience_of(made)


@pytest.mark.parametrize(
    "old, new, finding",
    [
        ("    allow_broadcast: true\n", "",
         ("8:7: an audience without recipients reaches everybody whom its filters find; if that is"
          " meant, say allow_broadcast: true beside send")),
        ("    send:", "    for_each: body.all\n    send:",
         "7:5: a broadcast is made once of an event, and not of each element"),
    ],
)  # fmt: skip
def test_an_audience_without_recipients_needs_what_a_broadcast_needs(
    old: str, new: str, finding: str
) -> None:
    assert finding in findings(changed(old, new, PART))
    with pytest.raises(RulesError, match="9:7: this deployment takes no broadcasts: set its"):
        load("shop", PART, "shop.yaml", "dev", Reach(broadcasts=False))


def test_a_deployment_that_takes_no_broadcasts_loads_no_rule_that_makes_one() -> None:
    without = Reach(broadcasts=False)
    with pytest.raises(RulesError, match="9:7: this deployment takes no broadcasts: set its"):
        load("shop", RULES, "shop.yaml", "dev", without)
    to_one = "      broadcast: false\n      recipients: [{external_user_id: '${body.id}'}]\n"
    assert load("shop", changed(IT, to_one, RULES), "f", "dev", without).rules


PLACES = [(it, key) for it in SENDS for key in it.keys if key not in it.properties]


@pytest.mark.parametrize("at, key", PLACES)
def test_of_a_broadcast_an_event_fills_the_properties_and_nothing_else(
    at: Endpoint, key: str
) -> None:
    send = {at.key: "c-1", "broadcast": True, key: "${body.title}"}
    rules = [{"name": "sale", "type": "a", "allow_broadcast": True, "send": send}]
    with pytest.raises(RulesError):
        load("shop", f"verify: {{preset: stripe}}\nrules: {json.dumps(rules)}", "f", "dev")


WORDS = st.sampled_from(["recipients", "broadcast", "audience", "campaign_id", "AND", "a"])
LEAVES = st.none() | st.booleans() | st.just("${body}")


def values(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves | LEAVES,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
        max_leaves=8,
    )


VALUES = values(st.integers() | st.text(max_size=5))
WRITTEN = values(st.integers(-9, 9) | st.text("ab ", max_size=5))  # what YAML reads as JSON


@given(body=st.dictionaries(WORDS | st.just("title"), VALUES), whole=st.booleans())
def test_no_webhook_changes_who_a_broadcast_reaches(body: dict[str, Any], whole: bool) -> None:  # noqa: FBT001 - drawn
    text = RULES
    if whole:
        i = text.index("trigger_properties")
        text = f"{text[:i]}trigger_properties: ${{body}}\n"
    for made in planned({"type": "t", "id": "s-1", **body}, text).deliveries:
        sent = request(made)
        assert {key: sent[key] for key in FIXED} == FIXED
        assert sent.keys() <= {*FIXED, "trigger_properties"}
        assert made.path == "/campaigns/trigger/send"
        assert made.workspace == "default"


@given(body=st.dictionaries(WORDS, VALUES), name=st.sampled_from(["${body}", "${body.audience}"]))
def test_no_webhook_makes_a_broadcast_of_a_rule_with_recipients(
    body: dict[str, Any], name: str
) -> None:
    recipient = json.dumps(
        {"external_user_id": "u-${id}", "attributes": name, "trigger_properties": name}
    )
    to_one = f"      broadcast: false\n      recipients: [{recipient}]\n"
    text = changed(IT, to_one, RULES)
    for made in planned({"type": "t", "id": "s-1", **body}, text).deliveries:
        sent = request(made)
        assert sent["broadcast"] is False
        assert isinstance(sent["recipients"], list)
        (who,) = (it["external_user_id"] for it in sent["recipients"] if isinstance(it, dict))
        assert str(who).startswith("u-")


def put(value: Any, leaf: int, text: str) -> Any:
    """Return a value with one of its leaves, counted from 0, replaced by a text."""
    count = iter(range(1000))

    def walk(part: Any) -> Any:
        if isinstance(part, dict) and part:
            return {key: walk(it) for key, it in part.items()}
        if isinstance(part, list) and part:
            return [walk(it) for it in part]
        return text if next(count) == leaf else part

    return walk(value)


@given(audience=WRITTEN, leaf=st.integers(0, 7), around=st.sampled_from(["", "a ", " "]))
def test_an_audience_that_holds_anything_of_a_webhook_never_loads(
    audience: Any, leaf: int, around: str
) -> None:
    made = put(audience, leaf, f"{around}${{body.title}}")
    assume("${body.title}" in json.dumps(made))
    text = changed(json.dumps(AUDIENCE), json.dumps(made), RULES)
    with pytest.raises(RulesError, match="no webhook may change"):
        load("shop", text, "shop.yaml", "dev")


@pytest.mark.parametrize(
    "send", [{}, {"broadcast": False}, {"broadcast": "true"}, {"audience": {}}]
)
def test_a_message_that_names_nobody_and_is_no_broadcast_is_never_sent(send: Any) -> None:
    with pytest.raises(UnreadableMessage, match="no recipient"):
        request(replace(one(BODY), send={"campaign_id": "c-1", **send}))
