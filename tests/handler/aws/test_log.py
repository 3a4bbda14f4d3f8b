import json
import logging
import sys
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from handler.aws.log import logger


def line(log: Logger, message: str, *args: object, failure: Any = None, **extra: Any) -> str:
    record = logging.LogRecord("relay", logging.INFO, "a.py", 1, message, args, failure, "f")
    record.__dict__.update(extra)
    record.created = record.msecs = 0
    return log.registered_formatter.format(record)


def pair(service: str | None) -> tuple[Logger, Logger]:
    theirs = Logger(service=f"plain-{service}")
    theirs.append_keys(service=service or "a-stack")
    return logger(service), theirs


@pytest.fixture(autouse=True)
def _stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "a-stack")


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"id": "a" * 64, "status": 201, "wait": None, "warnings": ("errors",), "reason": "Zoë\n"},
        {"deliveries": [{"rule": "r", "id": "i"}], "value": 1.5, "flag": True, "nothing": []},
        {"odd": {1}, "error": ValueError("x"), "where": object, "exception": "e", "service": "s"},
    ],
)
@pytest.mark.parametrize("trace", ["", "Root=1-5759e988-bd862e3f;Parent=5;Sampled=1"])
@pytest.mark.parametrize("service", ["relay", None])
def test_a_line_is_that_of_powertools_byte_for_byte(
    extra: dict[str, Any], service: str | None, trace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", trace)
    ours, theirs = pair(service)

    assert line(ours, "delivery", **extra) == line(theirs, "delivery", **extra)
    assert json.loads(line(ours, "delivery"))["service"] == (service or "a-stack")


def test_so_is_a_line_of_an_exception_and_one_with_arguments_or_further_keys() -> None:
    ours, theirs = pair("relay")
    try:
        int("x")
    except ValueError:
        failure = sys.exc_info()
    assert line(ours, "failed", failure=failure) == line(theirs, "failed", failure=failure)
    assert line(ours, "%s of %d", "one", 2) == line(theirs, "%s of %d", "one", 2)

    for log in (ours, theirs):
        log.append_keys(region="eu-west-1")
    assert line(ours, "delivery") == line(theirs, "delivery")
    for log in (ours, theirs):
        log.thread_safe_append_keys(zone="a")
    try:
        assert line(ours, "delivery") == line(theirs, "delivery")
        assert '"zone":"a"' in line(ours, "delivery")
    finally:
        ours.thread_safe_clear_keys()
