"""A delivery's writes to a profile are told from all else in it, and can be left out."""

from typing import Any

import pytest

from handler.core.braze.endpoints import SUBSCRIBE, TRACK
from handler.core.braze.profile_writes import without_state, writes_state
from handler.core.models import Delivery

WHO = {"external_id": "u"}
EVENT = {**WHO, "name": "paid", "time": "2026-11-30T22:00:00Z", "properties": {"email": "a@b.c"}}
GROUP = {"subscription_group_id": "g", "subscription_state": "subscribed", "emails": ["a@b.c"]}
ALIAS = {"user_alias": {"alias_name": "a", "alias_label": "l"}}


def of(path: str, **recipient: Any) -> Delivery:
    return Delivery(
        id="i", source="s", rule="r", rules_version="v", workspace="default", path=path, send={},
        recipient=recipient, event_id="e", event="", accepted_at=0, expires_at=None,
        on_unknown="retry",
    )  # fmt: skip


@pytest.mark.parametrize(
    "given,left",
    [
        ({"attributes": [{**WHO, "n": 1}]}, {}),
        ({"attributes": [{**WHO, "n": 1}], "events": [EVENT]}, {"events": [EVENT]}),
        ({"events": [{**EVENT, "email": "a@b.c", "phone": "+49151"}]}, {"events": [EVENT]}),
        (
            {"attributes": [{**ALIAS, "_update_existing_only": False, "n": 1, "p": {"inc": 2}}]},
            {"attributes": [{**ALIAS, "_update_existing_only": False, "p": {"inc": 2}}]},
        ),
        (
            {"attributes": [{"email": "a@b.c", "n": 1, "pets": {"$add": [{"id": 1}]}}]},
            {"attributes": [{"email": "a@b.c", "pets": {"$add": [{"id": 1}]}}]},
        ),
        (
            {"attributes": [{**WHO, "email": "a@b.c", "p": {"inc": 1}}]},
            {"attributes": [{**WHO, "p": {"inc": 1}}]},
        ),
        (
            {"attributes": [{"email": "a@b.c", "phone": "+49151", "p": {"inc": 1}}]},
            {"attributes": [{"email": "a@b.c", "p": {"inc": 1}}]},
        ),
        (
            {"events": [{"email": "a@b.c", "phone": "+49151", "name": "x"}]},
            {"events": [{"email": "a@b.c", "name": "x"}]},
        ),
        ({"attributes": [{**WHO, "pets": {"$remove": [{}]}, "tags": {"add": ["x"]}}]}, {}),
    ],
)
def test_without_its_state_a_request_keeps_events_and_what_it_adds(
    given: Any, left: dict[str, Any]
) -> None:
    delivery = of(TRACK.path, **given)

    assert writes_state(delivery)
    assert without_state(delivery).recipient == left


@pytest.mark.parametrize("who", [WHO, ALIAS, {"email": "a@b.c"}, {"phone": "+49151"}])
def test_what_only_adds_to_a_profile_or_makes_it_sets_nothing(who: dict[str, Any]) -> None:
    about = {**who, "_update_existing_only": False}
    adding = of(TRACK.path, attributes=[{**about, "p": {"inc": 2}, "pets": {"$add": [{"id": 1}]}}])

    assert not writes_state(adding)
    assert without_state(adding) == adding
    assert not writes_state(of(TRACK.path, attributes=[about]))


def test_a_subscription_is_a_state_and_nothing_else() -> None:
    delivery = of(SUBSCRIBE.path, subscription_groups=[GROUP])

    assert writes_state(delivery)
    assert without_state(delivery).recipient == {}


@pytest.mark.parametrize(
    "events", [[EVENT], [{**EVENT, "external_id": None} | {"name": "x"}], [{"email": "a@b.c"}]]
)
def test_an_event_sets_nothing_but_the_addresses_beside_its_identifier(events: Any) -> None:
    delivery = of(TRACK.path, events=events)

    assert not writes_state(delivery)
    assert without_state(delivery) == delivery
