"""AWS throttles the real functions and asks for a minute: they take their own time, not its.

`make boto3` runs this with other versions of botocore, whose own repeats differ.
"""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import pytest

from handler.core.delivery.backoff import Timing
from handler.core.message import encode
from handler.core.models import Delivery
from handler.deliver import serve
from handler.ingest import Ingest, _ingest
from handler.worker.dependencies import Worker, build
from tests.handler.gate import Gate, Given, never, standing
from tests.handler.handing import several
from tests.handler.stage import Aws, Braze, Queue
from tests.handler.test_ingest import SOURCES, request

DELIVER: Final = 30  # seconds of an invocation, as the template has it
INGEST: Final = 10
LATER: Final = 60  # seconds after which every lease of the first invocation is over


@dataclass
class Context:
    """Lambda's context of an invocation that begins now."""

    ends: float

    def get_remaining_time_in_millis(self) -> int:
        return round((self.ends - time.monotonic()) * 1000)


@pytest.fixture
def gate(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    with standing(Gate(aws.endpoint)) as gate:
        monkeypatch.setenv("AWS_ENDPOINT_URL", gate.url)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "test")
        yield gate


@dataclass
class Stage:
    """The function as Lambda starts it, behind the gate; queue and Braze beside it."""

    queue: Queue
    gate: Gate
    braze: Braze
    worker: Worker


@pytest.fixture
def stage(queue: Queue, gate: Gate, braze: Braze) -> Stage:
    settings = queue.worker.settings
    environ = {
        name.upper(): str(value).replace(gate.endpoint, gate.url)
        for name, value in asdict(settings).items()
    }
    built = build(environ)
    worker = replace(built, timing=replace(built.timing, marking=0.5))
    return Stage(queue, gate, braze, worker)


def invoke(worker: Worker, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Invoke deliver as Lambda does; return the records that stay in the queue."""
    began = time.monotonic()
    answer = serve(worker, {"Records": records}, Context(began + DELIVER))
    assert time.monotonic() - began < DELIVER
    failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
    return [record for record in records if record["messageId"] in failed]


def of_claims(operation: str, given: Given) -> bool:
    if operation == "BatchExecuteStatement":
        return True
    return operation == "UpdateItem" and given["Key"]["pk"]["S"].startswith("delivery#")


def of_batch_request(operation: str, given: Given) -> bool:
    return operation == "UpdateItem" and given["Key"]["pk"]["S"].startswith("send#")


def sent(braze: Braze) -> Counter[str]:
    """Return how often each user was sent to."""
    found = [each["external_user_id"] for one in braze.requests for each in one["recipients"]]
    return Counter(found)


@pytest.mark.parametrize(
    "begin,count",
    [
        *(("at once", 1), ("claimed", 1), ("accepted", 1)),
        *(("at once", 3), ("claimed", 3), ("recorded", 3), ("accepted", 3)),
    ],
)
def test_the_worker_ends_in_time_and_what_is_accepted_is_sent_once(
    stage: Stage, delivery: Delivery, begin: str, count: int
) -> None:
    gate = stage.gate
    if begin == "claimed":
        gate.shuts = of_claims
    elif begin == "recorded":
        gate.shuts = of_batch_request
    elif begin == "accepted":
        stage.braze.replies.append(lambda: setattr(gate, "shut", True))
    for each in several(delivery, count):
        stage.queue.send(encode(each))
    gate.shut = begin == "at once"

    left = invoke(stage.worker, stage.queue.records())

    assert gate.calls
    gate.shut, gate.shuts = False, never
    again = replace(stage.worker, clock=lambda: time.time() + LATER)
    assert invoke(again, left) == []
    assert sent(stage.braze) == {f"user-{number}": 1 for number in range(count)}


@pytest.mark.parametrize("count", [1, 3])
def test_a_throttle_that_ends_within_the_time_of_a_mark_leaves_none_unwritten(
    stage: Stage, delivery: Delivery, count: int
) -> None:
    stage.gate.most = 4  # more than a call has tries
    stage.braze.replies.append(lambda: setattr(stage.gate, "shut", True))
    given = several(delivery, count)
    for each in given:
        stage.queue.send(encode(each))
    worker = replace(stage.worker, timing=replace(stage.worker.timing, marking=Timing().marking))

    assert invoke(worker, stage.queue.records()) == []

    assert len(stage.gate.calls) == 4
    assert [stage.queue.item(each)["state"] for each in given] == ["ACCEPTED"] * count


@pytest.fixture
def taking(queue: Queue, gate: Gate, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ingest]:
    settings = queue.worker.settings
    secrets = aws.client("secretsmanager")
    name = settings.queue_url.rpartition("/")[2]
    made = secrets.create_secret(
        Name=f"{name}-signing", SecretString='{"shopify": "canary-secret"}'
    )
    environ = {
        "QUEUE_URL": settings.queue_url.replace(gate.endpoint, gate.url),
        "DEAD_LETTER_QUEUE_URL": settings.dead_letter_queue_url.replace(gate.endpoint, gate.url),
        "RULES_STAGE": "dev",
        "SIGNING_SECRETS_ARN": made["ARN"],
        "MAX_BODY_BYTES": "1000",
    }
    for variable, value in environ.items():
        monkeypatch.setenv(variable, value)
    _ingest.cache_clear()
    yield replace(_ingest(), sources=SOURCES)
    _ingest.cache_clear()


@pytest.mark.parametrize("begin", ["at once", "secret read"])
def test_ingest_answers_503_in_time_and_what_it_answers_200_is_in_the_queue(
    queue: Queue, taking: Ingest, gate: Gate, begin: str
) -> None:
    gate.shut = begin == "at once"
    gate.shuts = lambda operation, _: operation == "GetSecretValue"
    began = time.monotonic()

    answer = taking.answer(request("canary-secret"))

    assert answer["statusCode"] == 503
    assert time.monotonic() - began < INGEST
    assert gate.calls
    assert queue.waiting() == 0
    gate.shut, gate.shuts = False, never
    later = replace(taking, secrets=_ingest.__wrapped__().secrets)
    assert later.answer(request("canary-secret"))["statusCode"] == 200
    assert queue.waiting() == 1
