"""Services in memory, beyond what an emulator shows: limits, ages, faults."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from tests.simulation.clock import START, Clock
from tests.simulation.dynamodb import LONGEST_LAG, DynamoDB, Table
from tests.simulation.faults import Fault, Plan, Script
from tests.simulation.line import Died
from tests.simulation.sqs import Sqs
from tests.simulation.sqs_queue import DAY, Queue

TABLE = "ledger"
KEY = {"pk": {"S": "a"}}


def queues(**settings: Any) -> tuple[Clock, Sqs, Queue, Queue]:
    clock = Clock()
    dead = Queue("dead", retention=14 * DAY)
    queue = Queue("queue", dead=dead, **settings)
    return clock, Sqs(clock, queues={"queue": queue, "dead": dead}), queue, dead


def tables(faults: dict[tuple[str, int], Fault]) -> tuple[Clock, DynamoDB]:
    clock = Clock()
    return clock, DynamoDB(clock, Script(faults), {TABLE: Table()})


def add(client: DynamoDB) -> None:
    client.update_item(
        TableName=TABLE,
        Key=KEY,
        UpdateExpression="ADD n :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )


def insert(client: DynamoDB, *keys: str) -> list[dict[str, Any]]:
    text = f"INSERT INTO \"{TABLE}\" VALUE {{'pk': ?}}"
    asked = [{"Statement": text, "Parameters": [{"S": key}]} for key in keys]
    results: list[dict[str, Any]] = client.batch_execute_statement(Statements=asked)["Responses"]
    return results


def read(client: DynamoDB, *, consistent: bool = True) -> str | None:
    found = client.get_item(TableName=TABLE, Key=KEY, ConsistentRead=consistent).get("Item")
    return None if found is None else str(found["n"]["N"])


def test_a_message_that_was_received_too_often_keeps_its_age_among_the_dead_letters() -> None:
    clock, sqs, _, dead = queues(max_receives=3)
    sqs.send_message(QueueUrl="queue", MessageBody="m")
    for _ in range(3):
        assert len(sqs.receive("queue", 10)) == 1
        clock.now += 200
    assert sqs.receive("queue", 10) == []

    (message,) = dead.messages.values()
    assert message.sent_at == pytest.approx(START, abs=1)
    clock.now = START + 14 * DAY + 1
    assert sqs.receive("dead", 10) == []
    assert dead.dropped == [message]


def test_no_more_than_the_ceiling_is_in_flight() -> None:
    clock, sqs, queue, _ = queues(ceiling=2)
    for _ in range(3):
        sqs.send_message(QueueUrl="queue", MessageBody="m")

    first = sqs.receive("queue", 10)
    assert (len(first), len(sqs.receive("queue", 10))) == (2, 0)
    sqs.delete("queue", [first[0]["receiptHandle"]])
    assert len(sqs.receive("queue", 10)) == 1
    clock.now += 200
    assert len(sqs.receive("queue", 10)) == 2
    assert len(queue.messages) == 2


def test_twelve_hours_of_visibility_count_from_the_receive() -> None:
    clock, sqs, _, _ = queues(visibility=43_200)
    sqs.send_message(QueueUrl="queue", MessageBody="m")
    (record,) = sqs.receive("queue", 1)
    clock.now += 3_600
    given = {"QueueUrl": "queue", "ReceiptHandle": record["receiptHandle"]}

    with pytest.raises(ClientError):
        sqs.change_message_visibility(**given, VisibilityTimeout=43_200)
    sqs.change_message_visibility(**given, VisibilityTimeout=39_000)
    clock.now += 38_999
    assert sqs.receive("queue", 1) == []
    clock.now += 2
    assert len(sqs.receive("queue", 1)) == 1


def test_what_has_expired_is_read_until_it_is_deleted() -> None:
    clock, client = tables({})
    values = {":one": {"N": "1"}, ":then": {"N": str(int(START) + 100)}}
    client.update_item(
        TableName=TABLE,
        Key=KEY,
        UpdateExpression="SET n = :one, expires = :then",
        ExpressionAttributeValues=values,
    )
    clock.now += 101
    assert read(client) == "1"
    clock.now += LONGEST_LAG
    assert read(client) is None


def test_a_read_that_is_not_consistent_may_miss_the_last_write() -> None:
    clock, client = tables({("dynamodb.stale", 1): Fault("stale")})
    add(client)
    add(client)
    assert read(client, consistent=False) == "1"
    assert read(client) == "2"
    clock.now += 2
    assert read(client, consistent=False) == "2"


@pytest.mark.parametrize(
    "fault,error,applied",
    [
        (Fault("error"), EndpointConnectionError, None),
        (Fault("error", 1), ClientError, None),
        (Fault("throttled"), ClientError, None),
        (Fault("lost"), ReadTimeoutError, "1"),
        (Fault("dies_before"), Died, None),
        (Fault("dies_after"), Died, "1"),
    ],
)
def test_a_fault_does_what_its_name_says(
    fault: Fault, error: type[BaseException], applied: str | None
) -> None:
    _, client = tables({("dynamodb.update_item", 1): fault})
    with pytest.raises(error):
        add(client)
    assert read(client) == applied


@pytest.mark.parametrize(
    "kind,code,applied",
    [
        ("error", "InternalServerError", False),
        ("throttled", "ProvisionedThroughputExceeded", False),
        ("conflict", "TransactionConflict", False),
        ("lost", "InternalServerError", True),
        ("slow", None, True),  # it is of calls
    ],
)
def test_one_statement_of_a_batch_may_fail_by_itself(
    kind: str, code: str | None, *, applied: bool
) -> None:
    _, client = tables({("dynamodb.entry", 2): Fault(kind)})
    found = [one.get("Error", {}).get("Code") for one in insert(client, "a", "b", "c")]
    assert found == [None, code, None]
    assert ("b" in client.tables[TABLE].items) == applied
    assert {"a", "c"} <= {*client.tables[TABLE].items}


def test_the_last_result_of_a_batch_may_be_missing() -> None:
    _, client = tables({("dynamodb.answer", 1): Fault("short")})
    assert len(insert(client, "a", "b")) == 1
    assert {*client.tables[TABLE].items} == {"a", "b"}


def test_a_call_of_a_batch_fails_as_any_other() -> None:
    faults = {"error": EndpointConnectionError, "lost": ReadTimeoutError}
    for kind, error in faults.items():
        _, client = tables({("dynamodb.batch_execute_statement", 1): Fault(kind)})
        with pytest.raises(error):
            insert(client, "a", "b")
        assert ("b" in client.tables[TABLE].items) == (kind == "lost")


def test_a_slow_answer_takes_its_time() -> None:
    clock, client = tables({("dynamodb.update_item", 1): Fault("slow", 7)})
    add(client)
    assert clock.now > START + 7


def test_a_seed_draws_the_same_faults_again() -> None:
    rates = {"a.*": {Fault("x", 9): 0.2, Fault("y"): 0.3}, "a.b": {Fault("x", 9): 0.6}}
    plans = [Plan(seed, rates) for seed in (1, 1, 2)]
    first, again, other = ([plan.at(point) for point in ("a.b", "a.c") * 200] for plan in plans)

    assert first == again != other
    assert 90 < plans[0].struck["a.b", "x"] < 150
    assert 20 < plans[0].struck["a.c", "x"] < 60
