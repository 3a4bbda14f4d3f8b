"""Ways to deliver, each in a process of its own on core 1, beside the sink on core 0."""

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

from bench.deliver import packages
from bench.deliver.answers import TABLE
from bench.deliver.packages import RELEASE
from bench.deliver.webhooks import order
from bench.paths import PROJECT
from bench.processes import CLIENTS, SINKS, Program
from bench.results import OURS

TYPICAL: Final = "typical worker"
SEGMENT: Final = "Segment's action"


class Sink:
    """The sink, and what it counts."""

    def __init__(self, stack: ExitStack) -> None:
        command = (sys.executable, "-m", "bench.deliver.sink")
        program = stack.enter_context(Program(SINKS, command, cwd=PROJECT))
        self._port = int(program.line())

    @property
    def url(self) -> str:
        """The endpoint of AWS and of Braze."""
        return f"http://127.0.0.1:{self._port}"

    def counts(self) -> Counter[str]:
        """Return what has come since the last call."""
        return self._get("/bench/counts")

    def delay(self, aws_ms: float, braze_ms: float) -> None:
        """Let DynamoDB and Braze answer after so many milliseconds from now on."""
        self._get(f"/bench/delays/{aws_ms}/{braze_ms}")

    def _get(self, path: str) -> Counter[str]:
        connection = HTTPConnection("127.0.0.1", self._port)
        connection.request("GET", path)
        found = Counter[str](json.loads(connection.getresponse().read()))
        connection.close()
        return found


def _functions(url: str, *package: Path) -> Program:
    command = [sys.executable, "-m", "bench.deliver.functions", *map(str, package)]
    return Program(CLIENTS, command, cwd=PROJECT, env=environment(url))


def segment(url: str) -> Program:
    """Return Segment's action, with an event; raise Missing."""
    folder = packages.segment()
    program = Program(CLIENTS, ("node", "action.js", url), cwd=folder)
    program.ask("begin", order=order(1))
    return program


def _segment(url: str) -> Program:
    program = segment(url)
    program.ask("send", events=2000, together=50)  # compiled from here on
    return program


def starts(url: str) -> Mapping[str, Callable[[], Program]]:
    """Return how each way is started, beside a sink."""
    return {
        OURS: lambda: _functions(url, packages.ours()),
        RELEASE: lambda: _functions(url, packages.release()),
        TYPICAL: lambda: _functions(url),
        SEGMENT: lambda: _segment(url),
    }


def environment(url: str) -> Mapping[str, str]:
    """Return the environment of the functions, with AWS and Braze at one endpoint."""
    arn = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:s"
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "POWERTOOLS_SERVICE_NAME": "bench",
        "QUEUE_URL": f"{url}/000000000000/queue",
        "DEAD_LETTER_QUEUE_URL": f"{url}/000000000000/dead",
        "LEDGER_TABLE": TABLE,
        "LEDGER_DAYS": "400",
        "SIGNING_SECRETS_ARN": arn,
        "BRAZE_KEYS_ARN": arn,
        "BRAZE_ENDPOINT": url,
        # `local` lets Braze be on this machine; it also reads pauses and breakers every second.
        "STAGE": "local",
        "RULES_STAGE": "dev",
        "ALLOW_OTHER_BRAZE_HOST": "false",
        "MAX_BODY_BYTES": "524288",
    }
