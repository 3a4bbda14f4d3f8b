import json
from itertools import count
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from handler.core.braze.endpoints import MAX_OBJECTS, MAX_RECIPIENTS, SUBSCRIBE, TRACK
from handler.core.braze.identifiers import user_of
from handler.core.braze.request import (
    batch_request,
    encode_request,
    is_transactional,
    objects_of,
)
from handler.core.delivery.batching import MAX_BYTES, coalesce
from handler.core.models import Delivery

CAMPAIGN, CANVAS = "/campaigns/trigger/send", "/canvas/trigger/send"
TRANSACTIONAL = "/transactional/v1/campaigns/417220e4/send"
RECIPIENTS: list[dict[str, Any] | None] = [
    {"external_user_id": "1"},
    {"external_user_id": "1", "attributes": {"a": 1}},
    {"external_user_id": "2"},
    {"email": "1"},
    {"user_alias": {"alias_name": "1", "alias_label": "2"}},
    {"user_alias": {"alias_label": "2", "alias_name": "1"}, "attributes": {}},
    None,
]


IDS = count()


def one(**more: Any) -> Delivery:
    known: dict[str, Any] = {
        "id": f"i{next(IDS)}", "source": "s", "rule": "r", "rules_version": "v",
        "workspace": "default",
        "path": CAMPAIGN, "send": {"campaign_id": "c"}, "recipient": {"external_user_id": "1"},
        "event_id": "e", "event": "", "accepted_at": 0, "expires_at": None, "on_unknown": "retry",
    }  # fmt: skip
    return Delivery(**{**known, **more})


DELIVERIES = st.builds(
    one,
    id=st.integers(0, 99).map(str),
    workspace=st.sampled_from(["default", "usa"]),
    path=st.sampled_from([CAMPAIGN, CAMPAIGN, CANVAS, TRANSACTIONAL]),
    send=st.sampled_from([{"campaign_id": "c"}, {"campaign_id": "d"}]),
    recipient=st.sampled_from(RECIPIENTS),
    accepted_at=st.integers(0, 3),
    on_unknown=st.sampled_from(["retry", "retry", "hold"]),
)
BATCHES = st.lists(DELIVERIES, max_size=80)


def shared(delivery: Delivery) -> tuple[str, str, str]:
    return delivery.workspace, delivery.path, json.dumps(delivery.send)


@given(BATCHES)
def test_every_delivery_goes_in_exactly_one_request(batch: list[Delivery]) -> None:
    places = [at for request in coalesce(batch) for at in request]

    assert sorted(places) == list(range(len(batch)))
    assert [] not in coalesce(batch)


@given(BATCHES)
def test_a_request_holds_what_may_share_it_and_nobody_twice(batch: list[Delivery]) -> None:
    for places in coalesce(batch):
        members = [batch[at] for at in places]
        assert len(members) <= MAX_RECIPIENTS
        assert len({shared(it) for it in members}) == 1
        assert len({json.dumps(user_of(it)) for it in members}) == len(members)
        assert len({it.id for it in members}) == len(members)
        if len(members) > 1:
            assert not any(it.recipient is None or is_transactional(it) for it in members)


@given(BATCHES)
def test_of_one_user_the_older_one_is_in_the_earlier_request(batch: list[Delivery]) -> None:
    order = {at: number for number, places in enumerate(coalesce(batch)) for at in places}
    for at, first in enumerate(batch):
        for other, second in enumerate(batch):
            same = (shared(first), user_of(first)) == (shared(second), user_of(second))
            if same and first.accepted_at < second.accepted_at:
                assert order[at] < order[other]


@given(st.lists(st.integers(0, 900_000), max_size=12))
def test_no_request_is_larger_than_braze_takes(lengths: list[int]) -> None:
    batch = [
        one(recipient={"external_user_id": str(at), "trigger_properties": {"t": "x" * length}})
        for at, length in enumerate(lengths)
    ]

    for places in coalesce(batch):
        body = encode_request(batch_request([batch[at] for at in places]))
        assert len(body) < MAX_BYTES + 1_000


def test_as_few_requests_are_made_as_the_users_allow() -> None:
    batch = [one(recipient={"external_user_id": str(at % 40)}) for at in range(80)]

    assert [len(places) for places in coalesce(batch)] == [40, 40]


def tracked(user: int, attributes: int = 0, events: int = 1, **more: Any) -> Delivery:
    """Return a delivery to users/track, with so many objects."""
    who = {"external_id": str(user)}
    arrays = {
        "attributes": [{**who, "number": at} for at in range(attributes)],
        "events": [{**who, "name": f"e{at}"} for at in range(events)],
    }
    recipient = {name: array for name, array in arrays.items() if array}
    return one(path=TRACK.path, send={}, recipient=recipient, guard="r", **more)


def test_a_backlog_of_75_events_of_any_rules_is_one_request() -> None:
    batch = [tracked(at, rule=f"r{at % 3}") for at in range(MAX_OBJECTS)]

    (places,) = coalesce(batch)

    sent: dict[str, Any] = batch_request([batch[at] for at in places])
    users = [event["external_id"] for event in sent["events"]]
    assert users == [str(at) for at in range(MAX_OBJECTS)]


SIZES = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 40), st.integers(1, 35)), min_size=1, max_size=30
)


@given(SIZES)
def test_a_request_of_arrays_holds_at_most_75_objects_and_nobody_twice(
    sizes: list[tuple[int, int, int]],
) -> None:
    batch = [tracked(user, attributes, events) for user, attributes, events in sizes]

    for places in coalesce(batch):
        members = [batch[at] for at in places]
        body = batch_request(members)
        assert body.keys() <= set(TRACK.arrays)
        assert sum(len(array) for array in body.values() if isinstance(array, list)) <= MAX_OBJECTS
        assert len({json.dumps(user_of(it)) for it in members}) == len(members)


@given(SIZES)
def test_the_objects_of_a_request_are_those_of_its_deliveries_in_their_order(
    sizes: list[tuple[int, int, int]],
) -> None:
    batch = [tracked(at, attributes, events) for at, (_, attributes, events) in enumerate(sizes)]

    body = batch_request(batch)

    for name in TRACK.arrays:
        assert body.get(name, []) == [
            it for d in batch for array, it in objects_of(d) if array == name
        ]


SUBSCRIBED = one(
    path=SUBSCRIBE.path,
    send={},
    recipient={
        "subscription_groups": [
            {
                "subscription_group_id": "g",
                "subscription_state": "subscribed",
                "external_ids": ["1"],
            }
        ]
    },
    guard="r",
)


def test_one_user_is_the_same_for_a_send_an_event_and_a_subscription() -> None:
    assert user_of(SUBSCRIBED) == user_of(tracked(1)) == user_of(one()) != user_of(tracked(2))


def test_an_address_beside_a_primary_identifier_names_nobody_else() -> None:
    attributes = [{"email": "a@example.com", "external_id": "1"}]
    assert user_of(tracked(1)) == user_of(
        one(path=TRACK.path, recipient={"attributes": attributes})
    )
    alone = one(path=TRACK.path, recipient={"attributes": [{"email": "A@example.com"}]})
    assert user_of(alone) == ["email", "a@example.com"]


def subscribed(**users: list[str]) -> Delivery:
    group = {"subscription_group_id": "g", "subscription_state": "subscribed", **users}
    return one(path=SUBSCRIBE.path, send={}, recipient={"subscription_groups": [group]}, guard="r")


def test_addresses_numbers_and_ids_do_not_share_a_request_of_subscriptions() -> None:
    kinds = [("emails", "a@example.com"), ("phones", "+15043277269"), ("external_ids", "1")]
    batch = [subscribed(**{kind: [f"{value}{n}"]}) for n in range(2) for kind, value in kinds]

    assert sorted(coalesce(batch)) == [[0, 3], [1, 4], [2, 5]]


def test_endpoints_do_not_share_a_request() -> None:
    assert len(coalesce([one(), tracked(2), SUBSCRIBED])) == 3
