"""No webhook widens who is reached, whatever stands in its body and in its headers."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler.core.braze.request import request
from handler.core.models import Delivery, Plan, Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.load import load
from relay.simulated_braze.catalogue import Target
from relay.simulated_braze.contract.body import refusal
from relay.simulated_braze.contract.endpoints import endpoint
from relay.simulated_braze.simulation import taken
from relay.simulated_braze.store import Store, Trigger
from relay.simulated_braze.switches import Switches
from tests.contract.reach_rules import FILE, FIXED, reached
from tests.examples import examples

SOURCE = load("shop", json.dumps(FILE), "shop.yaml", "dev")
IDENTIFIERS = {"external_user_id", "user_alias", "email"}
PROPERTIES = {"trigger_properties", "context", "canvas_entry_properties"}
BRAZES = st.sampled_from(
    [
        *("recipients", "recipient", "broadcast", "audience", "campaign_id", "canvas_id", "AND"),
        *("external_user_id", "user_alias", "email", "send_to_existing_only", "attributes"),
        *("trigger_properties", "context", "external_id", "braze_id", "segment_id", "api_key"),
        *("external_user_ids", "prioritization", "attachments", "external_send_id", "send_id"),
        *("id", "items", "notes", "vars", "headers", "type", "body", "x"),
    ]
)
BYSTANDER = {"external_user_id": "bystander"}
TEXT = st.text("abz09 -_@.$é{}", max_size=6)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 2**40),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXT,
    st.sampled_from(["${body}", "true", "null", "bystander", "shop-1", "a@b.io", "paid"]),
    st.just({"recipients": [BYSTANDER], "broadcast": True, **BYSTANDER}),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(BRAZES, inner, max_size=3),
    max_leaves=6,
)
# Who is named is never the one who stands by: it is asked that nobody else is reached.
NAMES = st.sampled_from([1, 42, "u-1", "ü", "0", "", " ", None]) | st.integers(1, 99)
BODIES = st.builds(
    lambda named, more: {**more, **named},
    st.fixed_dictionaries(
        {"id": NAMES},
        optional={
            "other": NAMES,
            "email": st.sampled_from(["a@b.io", "A@b.io", "nobody", None]),
            "order": st.sampled_from([["identified"], ["unidentified", "most_recently_updated"]])
            | VALUES,
            "old": st.booleans() | VALUES,
            "notes": st.dictionaries(TEXT, VALUES, max_size=2) | VALUES,
            "items": st.lists(NAMES, max_size=4) | VALUES,
        },
    ),
    st.dictionaries(BRAZES, VALUES, max_size=4),
)
HEADERS = st.fixed_dictionaries(
    {"x-shopify-topic": st.sampled_from(["orders/create", "bystander"])},
    optional={
        "x-shopify-shop-domain": TEXT | st.just("bystander"),
        "x-shopify-webhook-id": TEXT,
        "campaign_id": TEXT,
    },
)
thorough = settings(
    max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck)
)


def planned(body: Any, headers: dict[str, str]) -> Plan:
    raw = json.dumps(body).encode()
    return plan(Verified(Webhook("shop", "POST", headers, "", raw, 1_763_672_400)), SOURCE)


def by_rule(made: Plan) -> dict[str, list[Delivery]]:
    return {
        name: found
        for name in FIXED
        if (found := [it for it in made.deliveries if it.rule == name])
    }


def named(recipient: dict[str, Any]) -> dict[str, Any]:
    return {key: it for key, it in recipient.items() if key in IDENTIFIERS}


def check_request(delivery: Delivery, who: dict[str, Any] | None) -> None:
    path, fixed = FIXED[delivery.rule]
    sent: dict[str, Any] = dict(request(delivery))
    assert (delivery.path, delivery.workspace) == (path, "default")
    properties = {key: sent.pop(key) for key in PROPERTIES & sent.keys()}
    assert all(isinstance(it, dict) for it in properties.values())
    assert len(sent.pop("attachments", [])) == (1 if delivery.rule == "address" else 0)
    recipients = sent.pop("recipients", None)
    if delivery.rule == "transactional":
        assert sent.pop("external_send_id") == delivery.id
        recipients = [sent.pop("recipient")]
    assert sent == fixed
    if who is None:
        assert recipients is None
        return
    (recipient,) = recipients
    assert named(recipient) == who
    others = {"send_to_existing_only", "prioritization", "attributes"}
    assert recipient.keys() <= who.keys() | others | PROPERTIES
    assert not IDENTIFIERS - {"email"} & recipient.get("attributes", {}).keys()


@thorough
@given(body=BODIES, headers=HEADERS)
def test_ids_broadcast_audience_and_recipients_are_the_rules_own(
    body: Any, headers: dict[str, str]
) -> None:
    for name, deliveries in by_rule(planned(body, headers)).items():
        expected = reached(name, body)
        assert len(deliveries) == len(expected)
        for delivery, who in zip(deliveries, expected, strict=True):
            check_request(delivery, who)


def store() -> Store:
    """Return profiles of which one is in the audience, and one is never to be reached."""
    made = Store()
    cause = {"dispatch_id": None, "time": 0.0, "cause": "test"}
    alias = {"alias_name": "bystander", "alias_label": "shop"}
    made.profiles.put("bystander", {"email": "by@stander.io", "user_aliases": [alias]}, cause)
    made.profiles.put("paying", {"plan": "paid"}, cause)
    return made


def received(delivery: Delivery, into: Store) -> None:
    """Let the simulated Braze check a request and do what it says."""
    at = endpoint(delivery.path)
    assert at
    body: dict[str, Any] = dict(request(delivery))
    assert refusal(at, body, Switches()) is None
    known, errors = taken(at, body, Switches())
    assert errors == []
    stamp = {"dispatch_id": "d", "time": 1_763_672_400.0}
    target = {"campaign_id": "c", **known}
    into.apply(Trigger(delivery.path, Target(), target, stamp), Switches())


@thorough
@given(body=BODIES, headers=HEADERS)
def test_whatever_is_sent_braze_takes_and_nobody_else_is_reached_or_changed(
    body: Any, headers: dict[str, str]
) -> None:
    for name, deliveries in by_rule(planned(body, headers)).items():
        if "bystander" in json.dumps(reached(name, body)):
            continue  # the sender itself names them, in what it has signed
        space = store()
        before = json.dumps(space.profiles.current["bystander"])
        for delivery in deliveries:
            received(delivery, space)
        assert json.dumps(space.profiles.current["bystander"]) == before
        assert len(space.profiles.shown("bystander")["history"]) == 1
        told = [it["external_id"] for it in space.sends]
        assert not {"bystander", "paying"} & {*told}
        users = [it.get("users") for it in space.sends]
        assert users == ([["paying"]] if name == "sale" else [None] * len(deliveries))


def test_every_rule_of_these_sends_something() -> None:
    body = {
        "id": 7,
        "other": 8,
        "email": "a@b.io",
        "order": ["identified"],
        "old": False,
        "notes": {"plan": "paid"},
        "items": [1, 2, 3],
        "recipients": [BYSTANDER],
    }
    made = planned(body, {"x-shopify-topic": "orders/create"})
    assert {name: len(it) for name, it in by_rule(made).items()} == {
        "known": 1,
        "two": 2,
        "alias": 1,
        "address": 1,
        "each": 3,
        "transactional": 1,
        "sale": 1,
    }
    space = store()
    for delivery in made.deliveries:
        received(delivery, space)
    reasons = {it["because"] for it in space.sends if it["external_id"] == "7"}
    assert None in reasons
