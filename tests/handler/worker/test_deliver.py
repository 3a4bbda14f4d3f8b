import time
from dataclasses import asdict, replace

import pytest
from pydantic import JsonValue

from handler import deliver
from handler.core.message import encode
from handler.core.models import Delivery
from handler.ledger.lease import Times
from handler.ledger.ledger import ClaimRequest
from tests.handler.stage import Braze, Invocation, Queue
from tests.handler.worker.answers import hang

UNAVAILABLE = (503, b'{"message": "5XX Internal Server Error"}')
SENT = {
    "campaign_id": "417220e4-5a2a-b634-7f7d-9ec891532368",
    "recipients": [
        {
            "external_user_id": "canary-user",
            "attributes": {"email": "canary@example.org", "first_name": "Zoe"},
        }
    ],
}


def test_a_delivery_is_sent_once_and_marked(queue: Queue, braze: Braze, delivery: Delivery) -> None:
    queue.send(encode(delivery))

    assert queue.deliver() == []

    assert braze.requests == [SENT]
    assert braze.keys == ["Bearer canary-key"]
    assert queue.item(delivery)["state"] == "ACCEPTED"
    assert (queue.waiting(), queue.letters()) == (0, [])


def test_the_same_delivery_twice_is_sent_once(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    for _ in range(2):
        queue.send(encode(delivery))
        queue.deliver()

    assert len(braze.requests) == 1
    assert [line["outcome"] for line in queue.lines()] == ["accepted", "duplicate"]
    assert queue.waiting() == 0


def test_two_copies_in_one_batch_are_sent_once(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    queue.send(encode(delivery))
    queue.send(encode(delivery))

    queue.deliver()
    queue.deliver()

    assert len(braze.requests) == 1
    assert queue.waiting() == 0


def test_a_short_outage_is_waited_out(queue: Queue, braze: Braze, delivery: Delivery) -> None:
    braze.replies += [UNAVAILABLE, UNAVAILABLE]
    queue.send(encode(delivery))

    assert [len(queue.deliver()) for _ in range(3)] == [1, 1, 0]

    assert len(braze.requests) == 3
    assert queue.item(delivery)["attempts"] == "3"
    assert [line["outcome"] for line in queue.lines()] == ["not_sent", "not_sent", "accepted"]
    assert queue.waiting() == 0


def test_a_delivery_that_is_not_sent_waits_in_the_queue(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    braze.replies.append((429, b'{"message": "Rate Limited"}'))
    slow = replace(queue.worker, timing=replace(queue.worker.timing, base=60, floor=60))
    queue = replace(queue, worker=slow)
    queue.send(encode(delivery))

    queue.deliver()
    queue.deliver()

    assert len(braze.requests) == 1
    assert queue.waiting() == 1
    assert 60 <= queue.lines()[0]["wait"] <= 120


def test_an_unknown_outcome_under_hold_is_held_and_never_sent_again(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    braze.replies.append(hang)
    held = replace(delivery, on_unknown="hold")
    queue.send(encode(held))

    assert queue.deliver() == []
    ((body, attributes),) = queue.letters()
    assert body == encode(held)
    assert attributes["reason"] == "unknown"
    assert queue.item(held)["state"] == "HELD"

    queue.send(body)
    assert queue.deliver() == []
    ((again, attributes),) = queue.letters()
    assert (again, attributes["reason"]) == (body, "unknown")
    assert len(braze.requests) == 1


def test_an_unknown_outcome_under_retry_is_tried_again(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    braze.replies.append(hang)
    queue.send(encode(delivery))

    assert len(queue.deliver()) == 1
    assert queue.item(delivery)["state"] == "UNKNOWN"
    assert queue.deliver() == []

    assert len(braze.requests) == 2
    assert queue.item(delivery)["state"] == "ACCEPTED"


def test_a_worker_that_died_leaves_a_delivery_to_its_policy(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    held = replace(delivery, on_unknown="hold", id="held" + delivery.id)
    now = time.time()
    for one in (held, delivery):
        queue.worker.ledger.claim(
            ClaimRequest(one.id, one.on_unknown, "dead", Times(now - 100, now - 50, now))
        )
        queue.send(encode(one))

    queue.deliver()
    queue.deliver()

    assert len(braze.requests) == 1
    assert [attributes["reason"] for _, attributes in queue.letters()] == ["unknown"]
    assert queue.item(held)["state"] == "HELD"
    assert queue.item(delivery)["state"] == "ACCEPTED"


def test_a_live_claim_is_waited_for(queue: Queue, braze: Braze, delivery: Delivery) -> None:
    now = time.time()
    queue.worker.ledger.claim(
        ClaimRequest(delivery.id, "retry", "alive", Times(now, now + 20, now))
    )
    queue.send(encode(delivery))

    assert len(queue.deliver()) == 1

    assert braze.requests == []
    (line,) = queue.lines()
    assert line["outcome"] == "waiting"
    assert 15 < line["wait"] <= 23


def test_a_broadcast_whose_outcome_is_unknown_is_held_whatever_its_rule_says(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    send: dict[str, JsonValue] = {"campaign_id": "c", "broadcast": True}
    braze.replies.append(hang)
    queue.send(encode(replace(delivery, send=send, recipient=None)))

    assert queue.deliver() == []

    assert braze.requests == [send]
    assert [attributes["reason"] for _, attributes in queue.letters()] == ["unknown"]


def test_a_transactional_request_names_one_recipient_and_the_delivery(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    path = "/transactional/v1/campaigns/417220e4-5a2a/send"
    queue.send(encode(replace(delivery, path=path, send={})))

    queue.deliver()

    known = {"external_send_id": delivery.id, "recipient": delivery.recipient}
    assert braze.requests == [known]


def test_the_function_builds_its_worker_from_the_environment(
    queue: Queue, braze: Braze, delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in asdict(queue.worker.settings).items():
        monkeypatch.setenv(name.upper(), str(value))
    monkeypatch.setenv("AWS_ENDPOINT_URL", queue.aws.endpoint)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    queue.send(encode(delivery))

    answer = deliver.lambda_handler({"Records": queue.records()}, Invocation())

    assert answer == {"batchItemFailures": []}
    assert braze.requests == [SENT]
    assert queue.item(delivery)["state"] == "ACCEPTED"
