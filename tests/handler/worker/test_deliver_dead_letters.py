import json
import time
from dataclasses import replace

import pytest

from handler.core.message import VERSIONS, encode
from handler.core.models import Delivery, Parked
from handler.deliver import serve
from tests.handler.stage import Braze, Clock, Invocation, Queue

UNAVAILABLE = (503, b'{"message": "5XX Internal Server Error"}')


def later(queue: Queue, seconds: float) -> Queue:
    return replace(queue, worker=replace(queue.worker, clock=Clock(time.time() + seconds)))


def test_a_rejected_delivery_is_a_dead_letter_without_anything_of_the_request(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    words = "attributes: Zoe, canary@example.org of canary-user is not a valid email"
    braze.replies.append((400, json.dumps({"message": words}).encode()))
    queue.send(encode(delivery))

    assert queue.deliver() == []

    (body, attributes), *others = queue.letters()
    assert others == []
    assert body == encode(delivery)
    assert (attributes["reason"], attributes["status"]) == ("rejected", "400")
    assert attributes["detail"] == "attributes: ... of ... is not a valid email"
    assert queue.item(delivery)["state"] == "DEAD"
    assert [line["detail"] for line in queue.lines()] == [attributes["detail"]]
    assert len(braze.requests) == 1


def test_a_dead_letter_does_not_show_the_key(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    braze.replies.append((400, b'{"message": "canary-key may not do this"}'))
    queue.send(encode(delivery))

    queue.deliver()

    ((_, attributes),) = queue.letters()
    assert attributes["detail"].startswith("...")
    assert "key" not in attributes["detail"]


def test_a_redriven_dead_letter_is_sent_again(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    braze.replies.append((400, b'{"message": "No Recipients"}'))
    queue.send(encode(delivery))
    queue.deliver()
    ((body, _),) = queue.letters()

    queue.send(body)
    queue.deliver()

    assert len(braze.requests) == 2
    assert queue.item(delivery)["state"] == "ACCEPTED"


def test_an_unknown_notice_is_held(queue: Queue, braze: Braze, delivery: Delivery) -> None:
    braze.replies.append((201, b'{"message": "success", "notice": "Something new"}'))
    queue.send(encode(delivery))
    queue.deliver()
    ((body, first),) = queue.letters()

    queue.send(body)
    queue.deliver()

    ((_, second),) = queue.letters()
    assert (first["reason"], first["status"], first["detail"]) == ("notice", "201", "Something new")
    assert (second["reason"], second["status"]) == ("notice", "201")
    assert len(braze.requests) == 1


@pytest.mark.parametrize("body", ["x", "{}", '{"version": 1, "kind": "delivery", "canary": 1}'])
def test_what_no_version_of_ours_wrote_is_buried(queue: Queue, body: str) -> None:
    queue.send(body)

    assert queue.deliver() == []

    ((buried, attributes),) = queue.letters()
    assert (buried, attributes["reason"]) == (body, "malformed")


def test_a_path_that_would_lead_the_key_elsewhere_is_buried(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    queue.send(encode(replace(delivery, path="@127.0.0.1:1/campaigns/trigger/send")))

    queue.deliver()

    assert braze.requests == []
    assert [attributes["reason"] for _, attributes in queue.letters()] == ["malformed"]


def test_a_parked_event_that_was_redriven_is_buried_again(queue: Queue) -> None:
    parked = Parked("shopify", "welcome", "v1", "e1", "", 1, "unrenderable", "email: missing")
    queue.send(encode(parked))

    assert queue.deliver() == []

    ((body, attributes),) = queue.letters()
    assert body == encode(parked)
    assert attributes == {"reason": "unrenderable", "detail": "email: missing"}


def test_an_expired_delivery_is_buried_unsent(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    expired = replace(delivery, expires_at=int(time.time()) - 1)
    queue.send(encode(expired))

    assert queue.deliver() == []

    assert braze.requests == []
    assert [attributes["reason"] for _, attributes in queue.letters()] == ["expired"]
    assert queue.item(expired)["state"] == "DEAD"


def test_what_was_accepted_in_time_is_no_dead_letter_when_it_comes_again_late(
    queue: Queue, delivery: Delivery
) -> None:
    short = replace(delivery, expires_at=int(time.time()) + 60)
    queue.send(encode(short))
    queue.deliver()

    queue.send(encode(short))
    late = later(queue, 120)

    assert late.deliver() == []
    assert late.letters() == []


def test_after_a_day_of_failures_a_delivery_is_a_dead_letter(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    braze.replies += [UNAVAILABLE, UNAVAILABLE]
    queue.send(encode(delivery))
    queue.deliver()

    assert later(queue, 86_401).deliver() == []

    ((_, attributes),) = queue.letters()
    assert (attributes["reason"], attributes["status"]) == ("horizon", "503")
    assert attributes["detail"].startswith("server_error: ")
    assert queue.item(delivery)["state"] == "DEAD"


def test_a_message_of_a_later_version_waits_for_a_later_worker(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    queue.send(json.dumps({**json.loads(encode(delivery)), "version": VERSIONS[-1] + 1}))

    assert len(queue.deliver()) == 1

    assert braze.requests == []
    assert (queue.waiting(), queue.letters()) == (1, [])


def test_a_further_copy_from_before_a_dead_letter_is_its_duplicate(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    braze.replies.append((400, b'{"message": "No Recipients"}'))
    queue.send(encode(delivery))
    queue.deliver()
    queue.send(encode(delivery))
    (copy,) = queue.records()
    copy["attributes"]["SentTimestamp"] = str(round((time.time() - 60) * 1000))

    answer = serve(queue.worker, {"Records": [copy]}, Invocation())

    assert answer == {"batchItemFailures": []}
    assert len(braze.requests) == 1
    assert len(queue.letters()) == 1
    assert queue.lines()[-1]["outcome"] == "duplicate"
