"""An invocation has so many seconds, and AWS may take them."""

import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError

from handler.aws.secrets import MAX_AGE, SecretCache
from handler.core.delivery.backoff import Timing
from handler.core.delivery.claim_protocol import LedgerState
from handler.core.errors import Unavailable
from handler.core.message import encode
from handler.core.models import Delivery
from handler.deliver import serve
from handler.ledger.lease import Claim
from handler.worker.dependencies import build
from tests.handler.stage import Braze, Clock, Queue


@dataclass
class Ending:
    """Lambda's context of an invocation that ends at a time of the clock."""

    clock: Clock
    end: float

    def get_remaining_time_in_millis(self) -> int:
        return round((self.end - self.clock()) * 1000)


@dataclass
class Slow:
    """A client of AWS, one of whose calls takes so many seconds of the clock."""

    client: Any
    call: str
    clock: Clock
    seconds: float

    def __getattr__(self, name: str) -> Any:
        if name == self.call:
            self.clock.now += self.seconds
        return getattr(self.client, name)


@pytest.fixture
def clock() -> Clock:
    return Clock(time.time())


def slow_secret(queue: Queue, clock: Clock, seconds: float) -> Queue:
    client = Slow(queue.aws.client("secretsmanager"), "get_secret_value", clock, seconds)
    keys = SecretCache(client, queue.worker.settings.braze_keys_arn, clock)  # type: ignore[arg-type] # it passes everything on
    return replace(queue, worker=replace(queue.worker, keys=keys, clock=clock))


def serve_until(queue: Queue, clock: Clock, end: float) -> list[dict[str, str]]:
    return serve(queue.worker, {"Records": queue.records()}, Ending(clock, end))[
        "batchItemFailures"
    ]


def test_a_lease_outlives_the_invocation_however_long_the_secret_took(
    queue: Queue, clock: Clock, delivery: Delivery
) -> None:
    end = clock() + 30
    queue = slow_secret(queue, clock, 9)
    queue.send(encode(delivery))

    assert serve_until(queue, clock, end) == []

    assert int(queue.item(delivery)["lease_until"]) >= end + queue.worker.timing.margin


def test_a_secret_that_took_the_time_of_a_post_costs_no_attempt(
    queue: Queue, clock: Clock, braze: Braze, delivery: Delivery
) -> None:
    end = clock() + 10
    queue = slow_secret(queue, clock, 8)
    queue.send(encode(delivery))

    assert len(serve_until(queue, clock, end)) == 1

    assert braze.requests == []
    assert queue.item(delivery) == {}


def test_no_post_is_begun_that_would_be_cut_short(
    queue: Queue, clock: Clock, braze: Braze, delivery: Delivery
) -> None:
    end = clock() + 4
    table = queue.worker.ledger.table
    slow: Any = Slow(table.client, "update_item", clock, 2.8)
    ledger = replace(queue.worker.ledger, table=replace(table, client=slow))
    queue = replace(queue, worker=replace(queue.worker, ledger=ledger, clock=clock))
    queue.send(encode(delivery))

    assert len(serve_until(queue, clock, end)) == 1

    assert braze.requests == []
    assert queue.item(delivery)["state"] == "FAILED"


@pytest.mark.parametrize("left", [1.1, 20])
def test_a_mark_is_tried_again_only_while_one_more_try_fits(
    queue: Queue, clock: Clock, braze: Braze, delivery: Delivery, left: float
) -> None:
    def lose_the_ledger() -> None:
        queue.worker.ledger.table.client.delete_table(TableName=queue.worker.ledger.table.name)
        clock.now = end - left

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        clock.now += seconds

    end, pauses = clock() + 60, list[float]()
    queue = replace(queue, worker=replace(queue.worker, clock=clock, sleep=sleep))
    braze.replies.append(lose_the_ledger)
    queue.send(encode(delivery))

    assert serve_until(queue, clock, end) == []

    assert len(pauses) == (1 if left > 2 * queue.worker.timing.margin else 0)
    assert len(queue.lines("unrecorded")) == 1


@pytest.fixture
def silence() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def environ(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", queue.aws.endpoint)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    settings = asdict(queue.worker.settings)
    return {name.upper(): str(value) for name, value in settings.items()}


def test_a_silent_ledger_and_a_silent_queue_are_given_up_within_the_margin(
    environ: dict[str, str], silence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", silence)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", silence)
    worker, timing = build(environ), Timing()
    started = time.monotonic()

    with pytest.raises(Unavailable):
        worker.ledger.mark(Claim("d", "me", 1, 0), LedgerState.ACCEPTED, {}, 0)
    marked = time.monotonic()
    with pytest.raises(BotoCoreError):
        worker.sqs.send_message(QueueUrl=silence, MessageBody="x")

    assert marked - started < timing.margin - 1
    assert time.monotonic() - marked < timing.margin - 1


def test_a_silent_secrets_manager_is_given_up_after_a_second_or_twice_where_there_is_no_key_yet(
    environ: dict[str, str], silence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", silence)
    keys = build(environ).keys
    started = time.monotonic()

    with pytest.raises(Unavailable, match="ReadTimeoutError"):
        keys.current()

    assert time.monotonic() - started < 2 * 1 + 0.5


def test_a_key_is_five_minutes_old_at_most_even_where_lambda_was_frozen(
    queue: Queue, environ: dict[str, str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", clock)
    monkeypatch.setattr(time, "monotonic", Clock(time.monotonic()))
    keys = build(environ).keys
    keys.current()
    queue.aws.client("secretsmanager").put_secret_value(
        SecretId=queue.worker.settings.braze_keys_arn, SecretString='{"default": "new-key"}'
    )

    clock.now += MAX_AGE

    assert keys.current().values == {"default": "new-key"}


@pytest.mark.parametrize("wrong", [-300, 300])
def test_a_worker_whose_clock_is_minutes_wrong_goes_by_the_tables_clock(
    environ: dict[str, str], wrong: int
) -> None:
    worker = build(environ)
    worker.ledger.table.clock.local = lambda: time.time() + wrong

    worker.breaker_state.breaker("default")

    assert abs(worker.clock() - time.time()) < 10
