"""Records that Braze made of profiles, events and consent, on a webhook's way: as values."""

from dataclasses import replace
from typing import Any

import pytest

from handler.core.json_types import JsonValue
from handler.core.models import Delivery
from relay.page.way.attempts import Progress
from relay.page.way.lookup import KnownDeliveries
from relay.page.way.recorded import recorded, writes_records
from relay.page.way.way import MOST_REACH, way_of
from relay.simulated_braze.commerce import Commerce
from tests.page.signed import explanation, secret, signed
from tests.relay.dead_letters.desk import DELIVERY
from tests.relay.local.test_updates import ATTRIBUTES, GROUP, PLACED, delivery

ACCEPTED = Progress("a" * 64, "count", "good", "Braze accepted it")


def update(array: str, one: JsonValue, **more: Any) -> dict[str, Any]:
    known: dict[str, Any] = {"array": array, "object": one, "external_id": "u7"}
    profiles = {"profile_before": None, "profile_after": {"email": "zoe@example.org"}}
    return known | {"applied": True, "because": None} | profiles | more


def commerce(*names: str) -> dict[str, Any]:
    figures = Commerce()
    for name in names:
        figures.add_event(name, {"total_value": 12.5, "currency": "EUR"})
    return {"users": {"u7": figures.shown()}}


def test_an_order_shows_what_braze_counts_of_its_user() -> None:
    counted = commerce("ecommerce.order_placed", "ecommerce.order_placed")
    made = delivery(events=[PLACED])
    (found,) = recorded(made, ACCEPTED, [update("events", PLACED)], counted)
    assert (found.kind, found.user, found.content) == ("good", "u7", "Event")
    assert found.words == (
        "event ecommerce.order_placed is recorded;"
        " Braze counts 2 orders, revenue 25.00 EUR of this user"
    )
    assert any(one.key == '"order_id": ' for one in found.message)


def test_a_profile_shows_what_changed_and_consent_whom_it_reached() -> None:
    made = delivery(attributes=[ATTRIBUTES])
    (profile,) = recorded(made, ACCEPTED, [update("attributes", ATTRIBUTES)], {})
    assert (profile.is_new, profile.words) == (True, "its profile is written")
    assert [one.name for one in profile.changes] == ["email"]
    own = update("subscription_groups", GROUP, external_id=None, users=["u7", "u8"])
    (consent,) = recorded(delivery(subscription_groups=[GROUP]), ACCEPTED, [own], {})
    assert (consent.user, consent.words) == ("u7, u8", "unsubscribed in group g-1")


@pytest.mark.parametrize(
    "because, remedy",
    [
        ("unknown external_id", "Braze makes the profile"),
        ("unknown user_alias, which is dropped without a word", "must exist before"),
        ("no profile has it", "30 days"),
        ("no profile has it, and no state is kept for one that comes", "delay: 5m"),
        ("unknown braze_id", "Braze itself gives a braze_id"),
        ("the errors of the answer name this object", "dead letter holds it alone"),
        ("'time' is required", "mend the rule"),
    ],
)
def test_what_is_not_recorded_is_a_failure_with_what_to_do(because: str, remedy: str) -> None:
    lost = update("events", PLACED, applied=False, because=because, external_id=None)
    (found,) = recorded(delivery(events=[PLACED]), ACCEPTED, [lost], {})
    assert (found.kind, found.words) == ("bad", f"accepted, and not recorded: {because}")
    assert remedy in found.remedy


def test_an_order_that_is_on_its_way_waits() -> None:
    waiting = Progress("a" * 64, "count", "wait", "in the queue")
    (found,) = recorded(delivery(events=[PLACED]), waiting, [], {})
    assert found.words == "Nothing has arrived yet."


def test_a_send_is_no_record() -> None:
    assert not writes_records(DELIVERY)
    assert writes_records(delivery(events=[PLACED]))


def test_the_way_of_an_order_ends_in_what_braze_recorded() -> None:
    reading = signed()
    assert reading.plan is not None
    own: Delivery = replace(delivery(events=[PLACED]), id="b" * 64)
    known = KnownDeliveries(
        secret(), [own], updates=[update("events", PLACED)], commerce=commerce()
    )
    found = way_of(reading, explanation(reading), known, reading.arrival.at)
    assert [one.words for one in found.reach] == ["event ecommerce.order_placed is recorded"]


def test_of_75_objects_those_that_failed_are_shown_and_each_reason_stands_at_the_top_once() -> None:
    reading = signed()
    objects: list[JsonValue] = [{**PLACED, "name": f"e{at}"} for at in range(75)]
    own: Delivery = replace(delivery(events=objects), id="b" * 64)
    why = "<b>'time' is required</b>"
    lost = {"applied": False, "because": why, "external_id": None}
    made = [update("events", one, **(lost if at > 72 else {})) for at, one in enumerate(objects)]
    known = KnownDeliveries(
        secret(), [own], updates=made, commerce=commerce("ecommerce.order_placed")
    )
    found = way_of(reading, explanation(reading), known, reading.arrival.at)
    assert [one.kind for one in found.shown_reach[:3]] == ["bad", "bad", "good"]
    assert len(found.shown_reach) == MOST_REACH
    assert [one.words for one in found.problems if one.step == "braze"] == [
        f"confirm: accepted, and not recorded: {why} (2 times)"
    ]
