"""Tries of a call, in number and in time: over a socket, and on a clock that a test moves."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from textwrap import dedent
from typing import Any, Final

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)

from handler.aws.retry import ONCE, QUICK, Retry
from handler.aws.secrets import BRIEF, FIRST
from handler.core.delivery.backoff import Timing
from handler.core.errors import Unavailable
from handler.ingest import _PATIENCE, SENDING
from relay.paths import PROJECT
from tests.handler.gate import Gate, standing

CONFIGS: Final = {"quick": QUICK, "brief": BRIEF, "patience": _PATIENCE}
RETRIES: Final = {"quick": Retry(), "brief": FIRST, "patience": SENDING}
THROTTLED: Final = ClientError({"Error": {"Code": "ThrottlingException"}}, "GetItem")
SILENT: Final = ReadTimeoutError(endpoint_url="https://dynamodb")


@dataclass
class Service:
    """A service that fails so many calls, each after so many seconds of its own clock."""

    error: Exception = THROTTLED
    failing: int = 99
    takes: float = 0
    now: float = 1_000
    begun: list[float] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    def __call__(self) -> str:
        self.begun.append(self.now)
        self.now += self.takes
        if len(self.begun) <= self.failing:
            raise self.error
        return "answer"

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def retry(self, real: Retry, drawn: float = 0.999) -> Retry:
        return replace(real, clock=lambda: self.now, sleep=self.sleep, random=lambda: drawn)


@pytest.fixture
def gate() -> Iterator[Gate]:
    with standing(Gate(shut=True)) as gate:
        yield gate


def client(gate: Gate, config: Config, service: str = "dynamodb") -> Any:
    make: Any = boto3.Session("test", "test", region_name="us-east-1").client
    return make(service, endpoint_url=gate.url, config=config)


def read(gate: Gate, config: Config) -> Callable[[], Any]:
    made = client(gate, config)
    return lambda: made.get_item(TableName="t", Key={"pk": {"S": "a"}})


@pytest.mark.parametrize("name", CONFIGS)
def test_a_client_makes_one_attempt_however_long_the_server_asks_to_wait(
    gate: Gate, name: str
) -> None:
    with pytest.raises(ClientError):
        read(gate, CONFIGS[name])()
    assert len(gate.calls) == 1


@pytest.mark.parametrize("new", ["true", "false"])
def test_that_holds_with_both_ways_of_botocore_to_repeat(gate: Gate, new: str) -> None:
    script = f"""
        import boto3
        from handler.aws.retry import QUICK, Retry
        from handler.aws.secrets import BRIEF
        from handler.ingest import _PATIENCE
        for config in (QUICK, BRIEF, _PATIENCE):
            client = boto3.client("dynamodb", endpoint_url={gate.url!r}, config=config)
            try:
                client.get_item(TableName="t", Key={{"pk": {{"S": "a"}}}})
            except client.exceptions.ThrottlingException:
                print(config.connect_timeout)
    """
    given = {"AWS_NEW_RETRIES_2026": new, "PYTHONPATH": str(PROJECT / "src")}
    names = ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    subprocess.run(
        [sys.executable, "-c", dedent(script)],
        env=os.environ | given | dict.fromkeys(names, "eu-central-1"),
        check=True,
    )
    assert len(gate.calls) == len(CONFIGS)


def test_a_throttled_call_has_its_tries_in_our_time_and_not_in_the_servers(gate: Gate) -> None:
    began = time.monotonic()
    with pytest.raises(ClientError, match="ThrottlingException"):
        Retry().call(read(gate, QUICK))
    assert len(gate.calls) == Retry().tries
    assert time.monotonic() - began < Timing().margin - 1


PASSING: Final = (
    *((400, code) for code in ("ThrottlingException", "ProvisionedThroughputExceededException")),
    *((400, code) for code in ("RequestLimitExceeded", "RequestThrottled", "SlowDown")),
    *((status, "InternalServerError") for status in (500, 502, 503, 504)),
    (429, ""),
)
LASTING: Final = (
    *((400, code) for code in ("ValidationException", "AccessDeniedException")),
    *((400, code) for code in ("ConditionalCheckFailedException", "ResourceNotFoundException")),
    *((400, code) for code in ("UnrecognizedClientException", "ExpiredTokenException")),
    (403, "AccessDenied"),
)


@pytest.mark.parametrize("status,code", [*PASSING, *LASTING])
def test_what_may_be_over_in_a_moment_is_asked_again_and_a_mistake_is_not(
    gate: Gate, status: int, code: str
) -> None:
    gate.status, gate.code = status, code
    with pytest.raises(ClientError):
        Retry(sleep=lambda _: None).call(read(gate, QUICK))
    assert len(gate.calls) == (3 if (status, code) in PASSING else 1)


@pytest.mark.parametrize(
    "error,tries",
    [
        (EndpointConnectionError(endpoint_url="https://sqs"), 3),
        (SILENT, 3),
        (NoCredentialsError(), 1),
        (ParamValidationError(report="wrong"), 1),
        (KeyError("our own"), 1),
    ],
)
def test_a_call_without_an_answer_is_made_again_and_one_that_was_never_made_is_not(
    error: Exception, tries: int
) -> None:
    service = Service(error)
    with pytest.raises(type(error)):
        service.retry(Retry()).call(service)
    assert len(service.begun) == tries


def test_the_first_answer_is_returned_and_a_pause_is_drawn_before_each_further_try() -> None:
    for failing, pauses in [(0, []), (1, [0.1]), (2, [0.1, 0.2])]:
        service = Service(failing=failing)
        assert service.retry(Retry(), 0.5).call(service) == "answer"
        assert service.pauses == pauses


@pytest.mark.parametrize("name", RETRIES)
@pytest.mark.parametrize("takes", [0, 0.3, 0.9, 1.0])
@pytest.mark.parametrize("drawn", [0, 0.5, 0.999])
def test_no_call_takes_longer_than_it_may(name: str, takes: float, drawn: float) -> None:
    real = RETRIES[name]
    service = Service(SILENT, takes=takes * real.each)
    with pytest.raises(ReadTimeoutError):
        service.retry(real, drawn).call(service)
    assert service.now <= 1_000 + real.seconds + 1e-9
    assert len(service.begun) >= 2


@pytest.mark.parametrize("name", RETRIES)
def test_a_try_takes_what_its_client_may_take(name: str) -> None:
    config: Any = CONFIGS[name]
    assert RETRIES[name].each == config.connect_timeout + config.read_timeout


def test_a_call_fits_into_the_margin_with_a_second_to_answer_lambda() -> None:
    assert Retry().seconds + 1 <= Timing().margin


def test_calls_that_share_their_seconds_begin_none_that_might_not_end_in_time() -> None:
    service = Service(failing=0, takes=1)
    shared = service.retry(SENDING).ending_in(5)
    assert [shared.call(service) for _ in range(3)] == ["answer"] * 3
    with pytest.raises(Unavailable, match="time"):
        shared.call(service)
    assert service.now == 1_003


@pytest.mark.parametrize("error", [THROTTLED, SILENT])
def test_a_client_that_repeats_by_itself_is_asked_once(error: Exception) -> None:
    service = Service(error)
    with pytest.raises((ClientError, BotoCoreError)):
        service.retry(ONCE).call(service)
    assert len(service.begun) == 1
