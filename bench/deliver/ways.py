"""Ways to deliver, each in a process of its own on core 1, beside the sink on core 0."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final, Self

from bench.deliver import packages
from bench.deliver.answers import TABLE
from bench.deliver.packages import PROJECT, RELEASE, Missing
from bench.deliver.webhooks import order

OURS: Final = "this checkout"
TYPICAL: Final = "typical worker"
SEGMENT: Final = "Segment's action"
SINKS, CLIENTS = 0, 1  # cores


class Program:
    """A process that answers each line of JSON with one; it ends with its input."""

    def __init__(self, core: int, command: Sequence[str], **given: Any) -> None:
        with _on_core(core):
            self._process = subprocess.Popen(  # noqa: S603 - programs of this folder, and node
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **given
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def line(self) -> str:
        """Return the next line that it prints; raise where it has ended."""
        assert self._process.stdout is not None  # noqa: S101 - for the type alone
        line: str = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} has ended")
        return line

    def ask(self, do: str, **given: Any) -> Any:
        """Give a task; return the value of its result."""
        assert self._process.stdin is not None  # noqa: S101 - for the type alone
        self._process.stdin.write(json.dumps({"do": do, **given}) + "\n")
        self._process.stdin.flush()
        return json.loads(self.line())["value"]


@contextmanager
def _on_core(number: int) -> Iterator[None]:
    """Let what is started inherit a core; where the system cannot pin, or has one core, any."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    with suppress(OSError):  # there is no such core
        os.sched_setaffinity(0, {number})
    yield
    os.sched_setaffinity(0, before)


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


class Ways:
    """The ways that this machine can run against a sink, by name; `missing` are words on others."""

    def __init__(self, stack: ExitStack, sink: Sink) -> None:
        self._stack, self._sink = stack, sink
        self.running: dict[str, Program] = {}
        self.missing: list[str] = []

    def start(self, *names: str) -> Self:
        """Start ways; one that this machine does not have is named in `missing`."""
        for name in names:
            try:
                program = _START[name](self._sink.url)
            except Missing as missing:
                self.missing.append(str(missing))
            else:
                self.running[name] = self._stack.enter_context(program)
        return self


def _functions(url: str, *package: Path) -> Program:
    command = [sys.executable, "-m", "bench.deliver.functions", *map(str, package)]
    return Program(CLIENTS, command, cwd=PROJECT, env=_environment(url))


def _segment(url: str) -> Program:
    folder = packages.segment()
    program = Program(CLIENTS, ("node", "action.js", url), cwd=folder)
    program.ask("begin", order=order(1), events=2000, together=50)  # compiled from here on
    return program


def cold(package: Path, name: str, url: str, event: Any) -> tuple[float, float]:
    """Return the CPU milliseconds of a function's cold start: its init, its first invocation."""
    with _on_core(CLIENTS):
        found = subprocess.run(  # noqa: S603 - a module of this folder
            (sys.executable, "-m", "bench.deliver.cold", package, name),
            cwd=PROJECT,
            env=_environment(url),
            input=json.dumps(event),
            capture_output=True,
            text=True,
            check=True,
        )
    init, first = json.loads(found.stdout)
    return init, first


_START: Final = {
    OURS: lambda url: _functions(url, packages.ours()),
    RELEASE: lambda url: _functions(url, packages.release()),
    TYPICAL: _functions,
    SEGMENT: _segment,
}


def _environment(url: str) -> Mapping[str, str]:
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
