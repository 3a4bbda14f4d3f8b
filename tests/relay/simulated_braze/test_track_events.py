"""Events and purchases that /users/track of the simulated Braze takes, drops and remembers."""

import pytest

from tests.relay.simulated_braze.simulated import NOON, Client
from tests.relay.simulated_braze.tracked import SALE, VIEWED, Object, error, track


@pytest.mark.parametrize(
    "change, why",
    [
        ({"name": None}, "name has the wrong type"),
        ({"name": " "}, "'name' must have 1 to 255"),
        ({"name": "x" * 256}, "'name' must have 1 to 255"),
        ({"name": "$viewed"}, "no leading dollar sign"),
        ({"time": 1_700_000_000}, "time has the wrong type"),
        ({"time": "2026-11-20"}, "ISO 8601"),
        ({"time": "2026-02-30T21:00:00Z"}, "ISO 8601"),
        ({"time": "20/11/2026 21:00"}, "ISO 8601"),
        ({"properties": []}, "properties has the wrong type"),
        ({"properties": {"time": 1}}, "Invalid 'properties' field"),
        ({"properties": {"event_name": "x"}}, "Invalid 'properties' field"),
        ({"properties": {"": 1}}, "Invalid 'properties' field"),
        ({"properties": {"$a": 1}}, "Invalid 'properties' field"),
        ({"properties": {"x" * 256: 1}}, "Invalid 'properties' field"),
        ({"properties": {"a": "x" * 256}}, "over 255 characters"),
        ({"properties": {"a": [{"b": "x" * 256}]}}, "over 255 characters"),
        ({"properties": {"a": ["2026-11-20"]}}, "a time within an array"),
        ({"properties": {"a": ["11/20/2026"]}}, "a time within an array"),
        ({"properties": {"a": ["x" * 250] * 405}}, "over 102400 bytes"),
        ({"app_id": 7}, "app_id has the wrong type"),
        ({"external_user_id": "u"}, "unknown key external_user_id"),
    ],
)
def test_a_bad_event_is_dropped_within_a_success(braze: Client, change: Object, why: str) -> None:
    told = track(braze, events=[{**VIEWED, **change}, VIEWED])
    assert told["events_processed"] == 1
    (found,) = told["errors"]
    assert found == error("events", found["type"])
    assert why in found["type"]
    assert braze.call("GET", "/commerce")["total"]["events"] == {"viewed": 1}


@pytest.mark.parametrize("lacking", ["name", "time"])
def test_an_event_has_a_name_and_a_time(braze: Client, lacking: str) -> None:
    one = {name: value for name, value in VIEWED.items() if name != lacking}
    assert track(braze, events=[one])["errors"] == [error("events", f"'{lacking}' is required")]


@pytest.mark.parametrize(
    "change, kept",
    [
        ({"name": " viewed "}, {}),
        ({"time": "2026-11-20T22:00:00+01:00"}, {}),
        ({"time": "2026-11-20 21:00:00"}, {}),
        ({"time": "2026-11-20T21:00:00:000+0000"}, {}),
        ({"time": "2037-01-01T00:00:00Z"}, {"time": NOON}),
        ({"app_id": "a"}, {"app_id": "a"}),
        *[
            ({"properties": it}, {"properties": it})
            for it in ({}, {"x" * 255: "y" * 255}, {"a": ["x" * 250] * 400}, {"a": None, "b": [1]})
        ],
    ],
)
def test_what_an_event_may_hold_is_recorded(braze: Client, change: Object, kept: Object) -> None:
    told = track(braze, events=[{**VIEWED, **change}])
    assert told == {"message": "success", "events_processed": 1}
    (event,) = braze.call("GET", "/profiles/u")["events"]
    seen = {"kind": "event", "name": "viewed", "time": 1_795_208_400.0, "received": NOON}
    assert event == seen | kept


def test_a_purchase_is_counted_apart_as_the_legacy_thing_that_it_is(braze: Client) -> None:
    told = track(braze, purchases=[SALE, {**SALE, "quantity": 3, "properties": {"a": 1}}])

    assert told == {"message": "success", "purchases_processed": 2}
    shown = braze.call("GET", "/profiles/u")["commerce"]
    assert (shown["purchases"], shown["purchase_revenue"]) == (4, {"EUR": 10.0})
    assert (shown["total_orders"], shown["total_revenue"]) == (0, {})


@pytest.mark.parametrize(
    "change, why",
    [
        ({"product_id": ""}, "'product_id' must have 1 to 255"),
        ({"product_id": "x" * 256}, "'product_id' must have 1 to 255"),
        ({"currency": "EURO"}, "'currency' must be an ISO 4217 currency"),
        ({"price": "2.50"}, "'price' is not valid"),
        ({"quantity": 0}, "'quantity' is not valid"),
        ({"quantity": 101}, "'quantity' is not valid"),
        ({"time": "today"}, "ISO 8601"),
        ({"properties": {"price": 1}}, "Invalid 'properties' field"),
        ({"properties": {"a": ["x" * 250] * 204}}, "over 51200 bytes"),
    ],
)
def test_a_bad_purchase_is_dropped_within_a_success(
    braze: Client, change: Object, why: str
) -> None:
    told = track(braze, purchases=[{**SALE, **change}])
    assert told["purchases_processed"] == 0
    assert why in told["errors"][0]["type"]
