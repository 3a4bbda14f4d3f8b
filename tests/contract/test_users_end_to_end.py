"""The whole way of profiles, events and consent: from a rules file to the simulated Braze."""

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings

from handler.core.braze.request import request
from handler.core.errors import RulesError
from tests.contract.bodies import Body
from tests.contract.user_bodies import SUBSCRIBED, TRACKED
from tests.contract.user_breaches import BREACHES
from tests.contract.user_sides import passed, refused
from tests.contract.way import sent
from tests.examples import examples
from tests.relay.simulated_braze.recommended import EVENTS, PRODUCT
from tests.relay.simulated_braze.simulated import Client

few = settings(max_examples=examples(15), deadline=None, suppress_health_check=list(HealthCheck))


def arrived(braze: Client, body: Body) -> list[dict[str, Any]]:
    """Send a body that an event brings; return what the simulated Braze has of its objects."""
    braze.call("DELETE", "")
    delivery, said = passed(body)
    assert said == ""
    assert delivery is not None
    assert delivery.recipient == body
    outcome = sent(braze, delivery, seconds=30).outcome
    assert (outcome.kind, outcome.warnings) == ("accepted", ())
    updates: list[dict[str, Any]] = braze.call("GET", "/updates")
    assert [one["object"] for one in updates] == [one for array in body.values() for one in array]
    return updates


USER = {"external_id": "u", "_update_existing_only": False}
SEARCH = {"name": "searched", "time": "2026-11-20T21:00:00Z", "properties": {"found": []}}
EMPTY: Body = {"events": [{**USER, **SEARCH}]}


@few
@given(body=TRACKED)
@example(body=EMPTY)
def test_what_keeps_brazes_rules_arrives_unchanged_when_an_event_brings_it(
    braze: Client, body: Body
) -> None:
    updates = arrived(braze, body)

    first = next(iter(body.values()))[0]
    makes = not first["_update_existing_only"] and "braze_id" not in first
    is_made = makes and not ("user_alias" in first and "attributes" not in body)
    assert {one["applied"] for one in updates} == {is_made}
    total = braze.call("GET", "/commerce")["total"]["events"]
    assert sum(total.values()) == (len(body["events"]) if is_made else 0)


def placed(**properties: Any) -> Body:
    who = {"external_id": "u", "_update_existing_only": False}
    whole = {**EVENTS["order_placed"][0], **properties}
    name, time = "ecommerce.order_placed", "2026-11-20T21:00:00Z"
    return {"events": [{**who, "name": name, "time": time, "properties": whole}]}


LONG = "x" * 256
# What an event brings that Braze would drop the order for, and what is sent in its place.
MENDED: list[tuple[Body, Body]] = [
    ({"currency": "eur"}, {"currency": "EUR"}),
    ({"products": [{**PRODUCT, "quantity": 2.0}]}, {"products": [PRODUCT]}),
    ({"metadata": {"note": LONG, "gift": True}}, {"metadata": {"gift": True}}),
    ({"metadata": {"a": {"b": ["2026-11-20"]}}}, {"metadata": {"a": {}}}),
    ({"metadata": {"order_status_url": 1}}, {"metadata": {}}),
    ({"metadata": []}, {}),
    ({"tax": "0.98"}, {}),
    ({"discounts": [{"code": LONG, "amount": 1}]}, {"discounts": [{"amount": 1}]}),
    (
        {"products": [{**PRODUCT, "product_url": LONG, "metadata": {"a": LONG}}]},
        {"products": [{**PRODUCT, "metadata": {}}]},
    ),
]


@pytest.mark.parametrize("given_, sent_", MENDED)
def test_an_order_is_counted_without_what_braze_would_drop_it_for(
    braze: Client, given_: Body, sent_: Body
) -> None:
    assert refused(placed(**given_)) is not None

    delivery, _ = passed(placed(**given_))

    assert delivery is not None
    assert delivery.recipient == placed(**sent_)
    assert sent(braze, delivery, seconds=30).outcome.warnings == ()
    total = braze.call("GET", "/commerce")["total"]
    assert (total["total_orders"], total["total_revenue"]) == (1, {"EUR": 19.9})


@pytest.mark.parametrize("name", BREACHES)
def test_nothing_leaves_that_braze_would_refuse_or_drop(name: str) -> None:
    try:
        delivery, said = passed(BREACHES[name].body)
    except RulesError:
        return  # refused at load
    assert said != ""
    if delivery is not None:
        body = request(delivery)
        assert body != BREACHES[name].body
        assert refused(body) is None


@few
@given(body=SUBSCRIBED)
def test_a_state_of_a_group_arrives_unchanged_when_an_event_brings_it(
    braze: Client, body: Body
) -> None:
    (first, *_) = body["subscription_groups"]
    kind = next(name for name in ("external_ids", "emails", "phones") if name in first)
    arrived(braze, body)

    kept = sum(not one.get("use_double_opt_in_logic") for one in body["subscription_groups"])
    orphans = braze.call("GET", "/orphans")
    expected = 0 if kind == "external_ids" else kept
    assert sum(map(len, orphans.values())) == expected
