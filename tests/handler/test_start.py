"""Start of an environment by Lambda: clients and rules are made, and an error is tried again."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from handler.core.errors import Unavailable
from handler.deliver import _worker
from handler.ingest import _ingest, lambda_handler
from tests.handler.test_ingest import ENVIRONMENT, request

STARTED = {
    **ENVIRONMENT,
    "STAGE": "prod",
    "LEDGER_TABLE": "ledger",
    "LEDGER_DAYS": "400",
    "BRAZE_KEYS_ARN": "arn:aws:secretsmanager:us-east-1:000000000000:secret:braze",
    "BRAZE_ENDPOINT": "https://rest.iad-01.braze.com",
    "ALLOW_OTHER_BRAZE_HOST": "false",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}
IN_LAMBDA = {"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"}
# Prints whether the import has made what invocations use, and each use of the network. urllib3
# binds a socket to see whether there is IPv6.
CODE = """
import gc, sys
uses = {{"socket.connect", "socket.getaddrinfo", "socket.sendto"}}
sys.addaudithook(lambda event, _: print("used", event) if event in uses else None)
gc.callbacks.append(lambda phase, _: "botocore" in sys.modules and print("collected", phase))
import handler.{module} as entry
gc.callbacks.clear()
print("made", entry._{made}.cache_info().currsize)
gc.isenabled() or print("collects no more")
print("frozen", gc.get_freeze_count() > 0)
"""


def printed(module: str, made: str, environ: dict[str, str]) -> list[str]:
    text = subprocess.run(
        [sys.executable, "-c", CODE.format(module=module, made=made)],
        env={"PYTHONPATH": os.pathsep.join(sys.path), "PATH": "", **environ},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return text.splitlines()


def imported(module: str, made: str, environ: dict[str, str]) -> list[str]:
    lines = printed(module, made, environ)
    return [line for line in lines if line.startswith(("used", "made", "collects"))]


@pytest.mark.parametrize("module, made", [("ingest", "ingest"), ("deliver", "worker")])
def test_lambda_has_all_made_before_the_first_invocation_and_asks_nobody(
    module: str, made: str
) -> None:
    assert imported(module, made, STARTED | IN_LAMBDA) == ["made 1"]


@pytest.mark.parametrize("module, made", [("ingest", "ingest"), ("deliver", "worker")])
def test_python_collects_no_garbage_while_lambda_starts_an_environment_and_none_of_it_later(
    module: str, made: str
) -> None:
    elsewhere, there = printed(module, made, STARTED), printed(module, made, STARTED | IN_LAMBDA)
    assert {"collected start", "frozen False"} <= {*elsewhere}
    assert "frozen True" in there
    assert "collected start" not in there


@pytest.mark.parametrize("module, made", [("ingest", "ingest"), ("deliver", "worker")])
def test_an_import_elsewhere_makes_nothing(module: str, made: str) -> None:
    assert imported(module, made, STARTED) == ["made 0"]


@pytest.mark.parametrize("lacking", ["QUEUE_URL", "AWS_DEFAULT_REGION"])
@pytest.mark.parametrize("module, made", [("ingest", "ingest"), ("deliver", "worker")])
def test_a_start_that_fails_is_left_to_the_first_invocation(
    module: str, made: str, lacking: str
) -> None:
    environ = {name: value for name, value in STARTED.items() if name != lacking}
    assert imported(module, made, environ | IN_LAMBDA) == ["made 0"]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in (*os.environ,):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name, value in STARTED.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    for made in (_ingest, _worker):
        made.cache_clear()
    return monkeypatch


@pytest.mark.parametrize(
    "lacking, reason",
    [("QUEUE_URL", "environment: QUEUE_URL: missing"), ("AWS_DEFAULT_REGION", "NoRegionError")],
)
def test_until_ingest_can_start_each_sender_is_asked_to_try_again(
    environment: pytest.MonkeyPatch,
    lacking: str,
    reason: str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    environment.delenv(lacking)
    for _ in range(2):
        answer = lambda_handler(request("any-secret"), None)
        assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "30")
    seen: list[Any] = [vars(one) for one in caplog.records]
    assert [(one["reason"], one["source"], one["bytes"]) for one in seen] == [
        (reason, "unknown", len(request("any-secret")["body"]))
    ] * 2
    counted = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert [one["WebhooksUnavailable"] for one in counted] == [[1], [1]]

    environment.setenv(lacking, STARTED[lacking])
    assert (
        lambda_handler(request("any-secret") | {"pathParameters": None}, None)["statusCode"] == 404
    )
    _ingest.cache_clear()


def test_until_deliver_can_start_its_messages_stay_in_the_queue(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.delenv("LEDGER_TABLE")
    with pytest.raises(Unavailable, match="LEDGER_TABLE: missing"):
        _worker()
