"""A transactional rule over real sockets: each delivery once in 24 hours, however often sent."""

from typing import Any

import pytest

from handler.core.models import Delivery
from tests.contract.way import made, sent
from tests.relay.simulated_braze.simulated import ID, NOON, Client

PATH = f"/transactional/v1/campaigns/{ID}/send"
DAY = 86_400
SEND: Any = {
    "transactional_campaign_id": ID,
    "recipient": {"external_user_id": "${body.id}", "attributes": {"email": "${body.email}"}},
    "trigger_properties": {"order": "${body.order}", "shop": "Mugs"},
}
BODY = {"id": 7, "email": "zoe@example.org", "order": "#7"}


def one() -> Delivery:
    (delivery,) = made(SEND, BODY)
    return delivery


def test_a_new_user_is_made_and_sent_to_and_the_request_is_what_the_rule_says(
    braze: Client,
) -> None:
    delivery = one()

    outcome = sent(braze, delivery).outcome

    assert (outcome.kind, outcome.warnings) == ("accepted", ())
    (entry,) = braze.call("GET", "/requests")
    assert (entry["path"], entry["dispatch_id"]) == (PATH, outcome.dispatch_id)
    assert entry["body"] == {
        "recipient": {"external_user_id": "7", "attributes": {"email": "zoe@example.org"}},
        "trigger_properties": {"order": "#7", "shop": "Mugs"},
        "external_send_id": delivery.id,
    }
    (send,) = braze.sends()
    assert send["reached"], send["because"]
    assert (send["profile_before"], send["profile_after"]) == (None, {"email": "zoe@example.org"})
    assert send["message"]["trigger_properties"] == {"order": "#7", "shop": "Mugs"}


@pytest.mark.parametrize("later", [0, 1, DAY - 1])
def test_a_repeat_within_a_day_is_accepted_as_repeated_and_sends_nothing(
    braze: Client, later: int
) -> None:
    delivery = one()
    first = sent(braze, delivery).outcome
    braze.now += later

    again = sent(braze, delivery).outcome

    assert (first.kind, first.warnings) == ("accepted", ())
    assert (again.kind, again.reason, again.warnings) == ("accepted", "accepted", ("repeated",))
    assert [send["time"] for send in braze.sends()] == [NOON]
    assert len(braze.call("GET", "/profiles/7")["history"]) == 1


def test_after_a_day_it_is_sent_again(braze: Client) -> None:
    delivery = one()
    sent(braze, delivery)
    braze.now += DAY

    again = sent(braze, delivery).outcome

    assert (again.kind, again.warnings) == ("accepted", ())
    assert [send["time"] for send in braze.sends()] == [NOON, NOON + DAY]


def test_a_repeat_that_braze_answers_as_it_did_at_first_is_accepted_too(braze: Client) -> None:
    braze.call("PUT", "/switches", {"repeated_external_send_id": "same_answer"})
    delivery = one()

    first, again = (sent(braze, delivery).outcome for _ in range(2))

    assert (again.kind, again.warnings) == ("accepted", ())
    assert again.dispatch_id == first.dispatch_id
    assert len(braze.sends()) == 1


@pytest.mark.parametrize("kind", ["reset", "hang", "cut"])
def test_a_repeat_after_an_answer_that_was_lost_sends_nothing_twice(
    braze: Client, kind: str
) -> None:
    braze.call("POST", "/faults", [{"kind": kind, "after": True, "times": 1, "path": PATH}])
    delivery = one()

    first, again = (sent(braze, delivery, seconds=0.5).outcome for _ in range(2))

    assert first.kind == ("accepted" if kind == "cut" else "unknown")  # its status line came
    assert (again.kind, again.warnings) == ("accepted", ("repeated",))
    assert [send["reached"] for send in braze.sends()] == [True]


def test_a_repeat_after_a_request_that_was_not_carried_out_sends_it(braze: Client) -> None:
    braze.call("POST", "/faults", [{"kind": "reset", "times": 1, "path": PATH}])
    delivery = one()

    first, again = (sent(braze, delivery).outcome for _ in range(2))

    assert first.kind == "unknown"
    assert (again.kind, again.warnings) == ("accepted", ())
    assert len(braze.sends()) == 1


def test_two_orders_of_one_user_are_two_sends(braze: Client) -> None:
    both = [*made(SEND, BODY, "e-1"), *made(SEND, BODY | {"order": "#8"}, "e-2")]

    outcomes = [sent(braze, it).outcome for it in both]

    assert [(it.kind, it.warnings) for it in outcomes] == [("accepted", ())] * 2
    sends = [(it["external_id"], it["message"]["trigger_properties"]) for it in braze.sends()]
    shop = {"shop": "Mugs"}
    assert sends == [("7", {"order": "#7", **shop}), ("7", {"order": "#8", **shop})]


@pytest.mark.parametrize(
    "target, reason",
    [
        ({"enabled": False}, "target_paused"),
        ({"archived": True}, "target_paused"),
        ({"kind": "campaign"}, "configuration"),
        ({"exists": False}, "configuration"),
    ],
)
def test_a_campaign_that_cannot_send_leaves_the_key_free_for_when_it_can(
    braze: Client, target: dict[str, Any], reason: str
) -> None:
    braze.call("PUT", f"/targets/{ID}", target)
    delivery = one()
    first = sent(braze, delivery).outcome
    braze.call("PUT", f"/targets/{ID}", {})

    again = sent(braze, delivery).outcome

    assert (first.kind, first.reason) == ("not_sent", reason)
    assert (again.kind, again.warnings) == ("accepted", ())
    assert len(braze.sends()) == 1
