import time
from dataclasses import replace

import pytest

from handler.core.braze.outcome import Outcome, classify
from handler.core.message import encode
from handler.core.models import Delivery
from handler.core.reasons import Reason
from handler.deliver import serve
from tests.handler.stage import Braze, Invocation, Queue

FIELDS = {
    "id", "source", "rule", "workspace", "attempt", "outcome", "reason", "status", "detail", "wait",
    "duration_ms", "dispatch_id", "together", "warnings",
}  # fmt: skip
POWERTOOLS = {"level", "location", "message", "timestamp", "service"}
UNAVAILABLE = (503, b'{"message": "5XX Internal Server Error"}')


def test_a_refused_key_keeps_the_message(queue: Queue, braze: Braze, delivery: Delivery) -> None:
    braze.replies.append((401, b'{"message": "Unauthorized"}'))
    queue.send(encode(delivery))

    assert len(queue.deliver()) == 1

    assert len(braze.requests) == 1
    assert (queue.waiting(), queue.letters()) == (1, [])
    assert queue.lines()[0]["reason"] == "key_refused"


@pytest.mark.parametrize("seconds", [0, 1, 29, 60])
def test_a_rotated_key_is_used_at_once_however_lately_the_old_one_was_read(
    queue: Queue, braze: Braze, delivery: Delivery, seconds: float
) -> None:
    queue.worker.keys.current()
    queue.uptime.now = seconds
    queue.aws.client("secretsmanager").put_secret_value(
        SecretId=queue.worker.settings.braze_keys_arn, SecretString='{"default": "new-key"}'
    )
    braze.replies.append((401, b'{"message": "Unauthorized"}'))
    queue.send(encode(delivery))

    assert queue.deliver() == []

    assert braze.keys == ["Bearer canary-key", "Bearer new-key"]
    assert queue.item(delivery)["attempts"] == "1"


@pytest.mark.parametrize("value", ["{}", "[]", "", '{"default": "a b"}', '{"default": " "}'])
def test_without_a_usable_key_messages_wait_and_nothing_is_claimed(
    queue: Queue, braze: Braze, delivery: Delivery, value: str
) -> None:
    queue.aws.client("secretsmanager").put_secret_value(
        SecretId=queue.worker.settings.braze_keys_arn, SecretString=value or " "
    )
    queue.send(encode(delivery))

    assert len(queue.deliver()) == 1

    assert braze.requests == []
    assert queue.item(delivery) == {}
    assert queue.waiting() == 1


def test_without_the_ledger_nothing_is_sent(queue: Queue, braze: Braze, delivery: Delivery) -> None:
    queue.worker.ledger.table.client.delete_table(TableName=queue.worker.ledger.table.name)
    queue.send(encode(delivery))

    assert len(queue.deliver()) == 1

    assert braze.requests == []
    assert (queue.waiting(), queue.letters()) == (1, [])


def test_what_braze_has_accepted_never_returns_to_the_queue(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    table = queue.worker.ledger.table.name
    braze.replies.append(lambda: drop(queue, table))
    queue.send(encode(delivery))

    assert queue.deliver() == []

    assert len(braze.requests) == 1
    assert (queue.waiting(), queue.letters()) == (0, [])
    (line,) = queue.lines("unrecorded")
    assert (line["id"], line["state"], line["reason"]) == (delivery.id, "ACCEPTED", "ledger")


def drop(queue: Queue, table: str) -> None:
    queue.worker.ledger.table.client.delete_table(TableName=table)


def test_with_little_time_left_messages_go_back_unattempted(
    queue: Queue, braze: Braze, delivery: Delivery
) -> None:
    queue.send(encode(delivery))

    assert len(queue.deliver(left=3_400)) == 1
    assert queue.item(delivery) == {}

    assert queue.deliver() == []
    assert len(braze.requests) == 1


def test_with_no_time_left_the_queues_own_timeout_brings_a_message_back(
    queue: Queue, delivery: Delivery
) -> None:
    queue.send(encode(delivery))

    assert len(queue.deliver(left=900)) == 1

    assert queue.records() == []
    assert queue.waiting() == 1


DAY = 86_400


@pytest.mark.parametrize("waited,tried,letters", [(2 * DAY, 0, 0), (2 * DAY, 2 * DAY, 1)])
def test_the_horizon_of_what_cannot_be_tried_begins_with_its_first_receive(
    queue: Queue, delivery: Delivery, waited: float, tried: float, letters: int
) -> None:
    queue.worker.ledger.table.client.delete_table(TableName=queue.worker.ledger.table.name)
    queue.send(encode(delivery))
    (record,) = queue.records()
    for name, age in (("SentTimestamp", waited), ("ApproximateFirstReceiveTimestamp", tried)):
        record["attributes"][name] = str(round((time.time() - age) * 1000))

    serve(queue.worker, {"Records": [record]}, Invocation())

    assert len(queue.letters()) == letters


def test_one_bad_message_does_not_take_the_batch_along(
    queue: Queue, braze: Braze, delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [replace(delivery, id=f"{number}{delivery.id}") for number in range(3)]
    calls: list[Outcome] = []

    def breaks_once(*given: object) -> Outcome:
        if not calls:
            calls.append(Outcome("unknown", Reason.INTERRUPTED))
            raise ZeroDivisionError("canary@example.org")
        return classify(*given)  # type: ignore[arg-type] # passed on

    monkeypatch.setattr("handler.worker.send.classify", breaks_once)
    for one in others:
        queue.send(encode(one))

    failed = queue.deliver()

    assert len(failed) == 1
    assert len(braze.requests) == 3
    (line,) = queue.lines("not now")
    assert line["why"] == "bug: ZeroDivisionError"
    assert "canary" not in queue.log.getvalue()


@pytest.mark.parametrize(
    "replies",
    [
        [],
        [UNAVAILABLE],
        [(400, b'{"message": "canary@example.org is canary-user"}')],
        [(401, b'{"message": "canary-key"}')],
    ],
)
def test_a_log_line_has_its_closed_list_of_fields_and_nothing_of_anybody(
    queue: Queue, braze: Braze, delivery: Delivery, replies: list[tuple[int, bytes]]
) -> None:
    braze.replies += replies
    queue.send(encode(delivery))

    queue.deliver()

    (line,) = queue.lines()
    assert line.keys() <= FIELDS | POWERTOOLS
    assert line.keys() >= {"id", "source", "rule", "attempt", "outcome", "reason", "duration_ms"}
    assert (line["id"], line["source"], line["attempt"]) == (delivery.id, "shopify", 1)
    for canary in ("canary", "Zoe", "Bearer"):
        assert canary not in queue.log.getvalue()
