import json
from itertools import count
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from handler.core.braze.endpoints import MAX_RECIPIENTS
from handler.core.braze.identifiers import user_of
from handler.core.braze.request import batch_request, encode_request, is_transactional
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
