"""Cold starts of a package, under Lambda's own runtime client beside a Runtime API of ours."""

import json
import re
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple, Self

from bench.ingest.packages import TOP, python
from bench.paths import PROJECT
from bench.processes import CLIENTS, SINKS, on_core

_CLIENT: Final = PROJECT / "bench" / "ingest" / "lambda_runtime.py"
_LONGEST: Final = 120  # seconds
# The microseconds of a module without what it imports, and its package.
_IMPORTED: Final = re.compile(r"import time: +(\d+) \| +\d+ \| +(\w+).*")


class Start(NamedTuple):
    """One execution environment: CPU milliseconds, and its peak memory in MiB.

    `warm` is the median of the invocations after the first.
    """

    init: float
    first: float
    warm: float
    peak: float

    @property
    def answered(self) -> float:
        """CPU to the first answer."""
        return self.init + self.first

    @property
    def beyond(self) -> float:
        """CPU of the first invocation beyond a warm one."""
        return self.first - self.warm


class Function(NamedTuple):
    """A function of a package, and an event for it."""

    package: Path
    handler: str
    event: Any


class RuntimeApi:
    """Lambda's Runtime API: it hands out one event again and again."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        with on_core(SINKS):
            threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def start(self, function: Function, variables: Mapping[str, str], count: int) -> Start:
        """Start a function and let it handle its event so often; raise ValueError if it fails."""
        self._server.event, self._server.failed = json.dumps(function.event).encode(), b""
        asked = (function.handler, str(count))
        with on_core(CLIENTS):
            run = _run(function, {**variables, **self._variables(function)}, _CLIENT, *asked)
        if self._server.failed or not run.stdout:
            raise ValueError(f"{function.handler}: {self._server.failed!r} {run.stderr}")
        return _start(json.loads(run.stdout))

    def _variables(self, function: Function) -> dict[str, str]:
        host, port = self._server.server_address[:2]
        return {
            "AWS_LAMBDA_RUNTIME_API": f"{host!s}:{port}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_LOG_GROUP_NAME": "bench",
            "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
            "LAMBDA_TASK_ROOT": str(function.package),
            "_HANDLER": function.handler,
        }


def imports(function: Function, variables: Mapping[str, str]) -> list[str]:
    """Return which packages take the time of a function's imports, the slowest first."""
    module = function.handler.rpartition(".")[0]
    shares = Counter[str]()
    run = _run(function, variables, "-X", "importtime", "-c", f"import {module}")
    for line in run.stderr.splitlines():
        if found := _IMPORTED.fullmatch(line):
            shares[found[2]] += int(found[1])
    whole = shares.total()
    return [f"{own / whole:.0%} {name}" for name, own in shares.most_common(TOP)]


def first(function: Function, variables: Mapping[str, str], begun: str = "imported") -> list[str]:
    """Return where the CPU of a function's first invocation goes; `whole` adds the import."""
    command = (python(), "-m", "bench.ingest.first", function.package, function.handler, begun)
    run = subprocess.run(  # noqa: S603 - a program of this folder
        command,
        cwd=PROJECT,
        env=variables,
        input=json.dumps(function.event),
        capture_output=True,
        text=True,
        check=True,
    )
    lines: list[str] = json.loads(run.stdout)
    return lines


def _run(
    function: Function, variables: Mapping[str, str], *arguments: str | Path
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - programs of this folder
        (python(), *arguments),
        cwd=function.package,
        env=variables,
        capture_output=True,
        text=True,
        timeout=_LONGEST,
        check=False,
    )


def _start(found: Mapping[str, Any]) -> Start:
    init, first, *others = found["marks"]
    spent = [after - before for before, after in zip((first, *others), others, strict=False)]
    return Start(init, first - init, median(spent or [0]), found["peak"] / 1024)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    event, failed = b"", b""


class _Handler(BaseHTTPRequestHandler):
    """Answers `next` with the event; takes answers, and keeps those that tell of a failure."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        """Hand out the event."""
        headers = {
            "Lambda-Runtime-Aws-Request-Id": "r",
            "Lambda-Runtime-Deadline-Ms": f"{(time.time() + _LONGEST) * 1000:.0f}",
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:0:function:bench",
            "Content-Type": "application/json",
        }
        self._answer(200, headers, self.server.event)

    def do_POST(self) -> None:
        """Take an answer, or an error of init or of an invocation."""
        answer = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.path.endswith("/response") or _is_failure(json.loads(answer)):
            self.server.failed = answer
        self._answer(202, {}, b"")

    def _answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def _is_failure(answer: Any) -> bool:
    return bool(answer.get("batchItemFailures")) or answer.get("statusCode", 200) != 200
