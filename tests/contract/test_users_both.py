"""Both sides on bodies about one user: what the relay takes, the simulated Braze takes whole."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.contract.bodies import Body
from tests.contract.user_bodies import SUBSCRIBED, TRACKED
from tests.contract.user_breaches import BREACHES, OURS_ALONE, THEIRS_ALONE
from tests.contract.user_sides import refused, told
from tests.examples import examples
from tests.relay.simulated_braze.recommended import EVENTS, FIELDS, PRODUCT, REQUIRED, WRONG

quick = settings(max_examples=examples(30), deadline=None, suppress_health_check=list(HealthCheck))
# What the relay makes Braze's of, before it sends it.
MENDED: list[tuple[str, Any]] = [("currency", "eur"), ("quantity", 2.0)]
VALUES = [
    (name, field, value)
    for name, field in FIELDS
    for value in WRONG[field][0]
    if (field, value) not in MENDED
]


@quick
@given(body=TRACKED)
def test_every_body_of_track_that_keeps_brazes_rules_is_taken_by_both(body: Body) -> None:
    assert told(body) == ""
    assert refused(body) is None


@quick
@given(body=SUBSCRIBED)
def test_every_body_of_subscribe_that_keeps_brazes_rules_is_taken_by_both(body: Body) -> None:
    assert told(body) == ""
    assert refused(body) is None


@pytest.mark.parametrize("name", BREACHES)
def test_what_breaks_a_rule_is_named_by_the_relay(name: str) -> None:
    breach = BREACHES[name]
    said = told(deepcopy(breach.body))
    assert breach.words in said if name not in THEIRS_ALONE else said == ""


@pytest.mark.parametrize("name", BREACHES)
def test_what_breaks_a_rule_is_refused_or_dropped_by_the_simulated_braze(name: str) -> None:
    assert bool(refused(BREACHES[name].body)) == (name not in OURS_ALONE)


def test_what_one_side_alone_refuses_is_one_of_the_breaches() -> None:
    assert BREACHES.keys() >= OURS_ALONE.keys() | THEIRS_ALONE.keys()


def event(name: str, properties: Body) -> Body:
    who = {"external_id": "u", "_update_existing_only": True}
    whole = {"name": f"ecommerce.{name}", "time": "2026-11-20T21:00:00Z", "properties": properties}
    return {"events": [{**who, **whole}]}


@pytest.mark.parametrize("name, field", REQUIRED)
def test_a_property_that_an_ecommerce_event_needs_is_missed_by_both(name: str, field: str) -> None:
    body = event(name, {key: one for key, one in EVENTS[name][0].items() if key != field})
    assert f"{field} is missing" in told(body)
    assert f"'{field}' is required" in str(refused(body))


def test_a_property_of_another_type_is_refused_by_both() -> None:
    for name, field, value in VALUES:
        body = event(name, {**EVENTS[name][0], field: value})
        assert told(body) != "", (name, field, value)
        assert f"'{field}' must be" in str(refused(body)), (name, field, value)


@pytest.mark.parametrize("field", PRODUCT)
def test_a_product_of_an_order_has_its_rules_on_both_sides(field: str) -> None:
    def holding(product: Body) -> Body:
        return event("order_placed", {**EVENTS["order_placed"][0], "products": [product]})

    without = holding({key: one for key, one in PRODUCT.items() if key != field})
    assert f"{field} is missing" in told(without)
    assert "is required" in str(refused(without))
    for value in WRONG[field][0]:
        wrong = holding({**PRODUCT, field: value})
        assert f"{field} takes" in told(wrong) or (field, value) in MENDED
        assert f".{field}' must be" in str(refused(wrong))
    more = holding({**PRODUCT, "sku": "s"})
    assert "metadata" in told(more)
    assert "metadata" in str(refused(more))
