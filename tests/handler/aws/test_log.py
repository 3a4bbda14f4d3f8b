import json
import logging
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from handler.aws.log import logger


def line(log: Logger, message: str, **extra: Any) -> str:
    record = logging.LogRecord("relay", logging.INFO, "a.py", 1, message, (), None, "f")
    record.__dict__.update(extra)
    record.created = record.msecs = 0
    return log.registered_formatter.format(record)


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"id": "a" * 64, "status": 201, "wait": None, "warnings": ("errors",), "reason": "Zoë\n"},
        {"deliveries": [{"rule": "r", "id": "i"}], "value": 1.5, "flag": True, "nothing": []},
        {"odd": {1}, "error": ValueError("x"), "where": object},
    ],
)
@pytest.mark.parametrize("service", ["relay", None])
def test_a_line_is_that_of_powertools_byte_for_byte(
    extra: dict[str, Any], service: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "a-stack")
    ours, theirs = logger(service), Logger(service=f"plain-{service}")
    theirs.append_keys(service=service or "a-stack")

    assert line(ours, "delivery", **extra) == line(theirs, "delivery", **extra)
    assert json.loads(line(ours, "delivery"))["service"] == (service or "a-stack")
