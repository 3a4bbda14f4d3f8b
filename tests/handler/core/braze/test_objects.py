"""Names of what a request writes: literals of rules alone."""

from dataclasses import replace

import pytest

from handler.core.braze.endpoints import ENDPOINTS, Endpoint
from handler.core.braze.objects import objects_named
from handler.core.json_types import JsonValue
from tests.relay.dead_letters.desk import DELIVERY

ORDER: JsonValue = {"external_id": "9", "name": "ecommerce.order_placed", "properties": {"a": "x"}}
GROUP: JsonValue = {
    "subscription_group_id": "12ab",
    "subscription_state": "unsubscribed",
    "emails": ["zoe@example.org"],
}


def test_a_send_has_no_objects() -> None:
    assert objects_named(DELIVERY) == []
    assert objects_named(replace(DELIVERY, path="/elsewhere")) == []


def test_events_and_groups_are_named_and_attributes_only_counted_in() -> None:
    recipient: dict[str, JsonValue] = {
        "events": [ORDER, {"name": "tier_reached"}],
        "attributes": [{"external_id": "9", "email": "zoe@example.org"}],
    }
    track = replace(DELIVERY, path="/users/track", send={}, recipient=recipient)
    named = ["attributes", "event ecommerce.order_placed", "event tier_reached"]
    assert objects_named(track) == named
    groups: dict[str, JsonValue] = {"subscription_groups": [GROUP]}
    consent = replace(track, path="/v2/subscription/status/set", recipient=groups)
    assert objects_named(consent) == ["group 12ab"]


@pytest.mark.parametrize("at", [one for one in ENDPOINTS if one.arrays], ids=lambda one: one.key)
@pytest.mark.parametrize("broken", [None, "text", [], [7], {"name": "x"}])
def test_what_is_no_list_of_objects_is_no_error(at: Endpoint, broken: JsonValue) -> None:
    recipient: dict[str, JsonValue] = dict.fromkeys(at.arrays, broken)
    whole = replace(DELIVERY, path=at.path, send={}, recipient=recipient)
    assert set(objects_named(whole)) <= {"attributes"}
    assert objects_named(replace(whole, recipient=None)) == []
