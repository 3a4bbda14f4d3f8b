"""`python -m bench.deliver.functions [FOLDER]`: the functions of one package, in one process.

Each line of standard input is a task, each of standard output its result, both JSON. What the
functions print goes nowhere. FOLDER has a package of the relay; without it they are the typical.
"""

import cProfile
import io
import json
import os
import pstats
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from itertools import cycle
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final, cast

import boto3
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders

from bench.deliver.answers import answer
from bench.deliver.webhooks import MOST, TOPICS, gateway_event, queue_event, typical_message

_TOP: Final = 6  # packages, and functions, of a profile


class Context:
    """Lambda's context, of a function with its whole time left."""

    function_name = "bench"
    function_version = "1"
    memory_limit_in_mb = 1769
    invoked_function_arn = "arn:aws:lambda:eu-west-1:000000000000:function:bench"
    aws_request_id = "r"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        """Return 30 s, deliver's timeout."""
        return 30_000


class Aws:
    """What all clients of this process send: messages are kept, and answered here if `inside`."""

    def __init__(self) -> None:
        self.inside = False
        self.enqueued: list[str] = []
        boto3.setup_default_session()
        events = boto3._get_default_session().events  # noqa: SLF001 - clients copy its handlers
        events.register("provide-client-params.sqs.SendMessageBatch", self._keep)
        events.register("before-send", self._answer)  # type: ignore[arg-type] # one that returns an answer prevents the call

    def _keep(self, params: Mapping[str, Any], **_: object) -> None:
        self.enqueued += [one["MessageBody"] for one in params["Entries"]]

    def _answer(self, request: AWSRequest, **_: object) -> AWSResponse | None:
        if not self.inside:
            return None
        target = request.headers["X-Amz-Target"]  # a Latin-1 text, or its bytes
        target = target.decode() if isinstance(target, bytes) else target
        headers, content = answer(target, cast("bytes", request.body))
        return AWSResponse(str(request.url), 200, HTTPHeaders.from_dict(headers), _Raw(content))


class _Raw(io.BytesIO):
    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


class Functions:
    """The handlers of a package, and events for them."""

    def __init__(self, *folder: str) -> None:
        self._aws = Aws()
        sys.path[:0] = folder  # before any other checkout's `handler`
        handler = import_module("handler.deliver" if folder else "bench.deliver.typical")
        self._deliver: Callable[[Any, Any], Any] = handler.lambda_handler
        self._ingest = import_module("handler.ingest").lambda_handler if folder else None
        self._webhooks: dict[str, list[Any]] = {}
        self._messages = {"plain": [typical_message(number) for number in range(MOST)]}
        if folder:
            self._webhooks = {
                rule: [gateway_event(number, topic) for number in range(MOST)]
                for rule, topic in TOPICS.items()
            }
            self._messages = {rule: self._take(rule) for rule in TOPICS}
        self._events: dict[tuple[str, int], Iterator[Any]] = {}

    def _take(self, rule: str) -> list[str]:
        """Post 50 webhooks to ingest; return the messages that it has enqueued."""
        if self._ingest is None:
            raise TypeError
        self._aws.enqueued.clear()
        for webhook in self._webhooks[rule]:
            taken = self._ingest(webhook, Context)
            if json.loads(taken["body"]) != {"events": 1, "deliveries": 1}:
                raise ValueError(taken)
        return [*self._aws.enqueued]

    def _serve(self, rule: str, size: int) -> None:
        """Deliver the next batch of a rule; of all rules in turn where it is `mixed`."""
        if (rule, size) not in self._events:
            messages = self._messages.get(rule) or [
                body for each in zip(*self._messages.values(), strict=True) for body in each
            ]
            batches = [queue_event(messages[at : at + size]) for at in range(0, MOST, size)]
            self._events[rule, size] = cycle(batches)
        self._handle(next(self._events[rule, size]))

    def _handle(self, event: Any) -> None:
        failed = self._deliver(event, Context)["batchItemFailures"]
        if failed:
            raise ValueError(failed)

    def events(self) -> dict[str, Any]:
        """Return an event of each function: a webhook, and a batch of 10."""
        webhook, batch = self._webhooks["plain"][0], queue_event(self._messages["plain"][:10])
        return {"value": {"ingest": webhook, "deliver": batch}}

    def deliver(self, rule: str, size: int) -> dict[str, None]:
        """Deliver a batch."""
        self._serve(rule, size)
        return {"value": None}

    def wall(self, rule: str, size: int) -> dict[str, float]:
        """Deliver a batch; return the wall time of the next in milliseconds.

        The first reads what a worker reads every few seconds: here every second, for `local`.
        """
        self._serve(rule, size)
        begun = time.perf_counter()
        self._serve(rule, size)
        return {"value": (time.perf_counter() - begun) * 1000}

    def cpu(self, rule: str, size: int, seconds: float) -> dict[str, float]:
        """Deliver for so many seconds of CPU; return the microseconds of a recipient."""
        count, begun = 0, time.process_time()
        while (spent := time.process_time() - begun) < seconds or not count:
            self._serve(rule, size)
            count += size
        return {"value": spent * 1e6 / count}

    def ingest(self, seconds: float) -> dict[str, float]:
        """Take webhooks for so many seconds of CPU; return the microseconds of one."""
        count, begun = 0, time.process_time()
        while (spent := time.process_time() - begun) < seconds or not count:
            count += len(self._take("plain"))
        return {"value": spent * 1e6 / count}

    def logged(self, size: int) -> dict[str, float]:
        """Deliver a batch; return the bytes that are logged of a recipient."""
        with TemporaryFile() as file:
            os.dup2(file.fileno(), 1)
            self._serve("plain", size)
            sys.stdout.flush()
            written = os.fstat(1).st_size
            _hush()
        return {"value": written / size}

    def path(self, seconds: float, *, inside: bool) -> dict[str, float]:
        """Take webhooks and deliver them, 50 at once; return the microseconds of a recipient."""
        self._aws.inside = inside
        spent, count = 0.0, 0
        while spent < seconds or not count:
            begun = time.process_time()
            messages = self._take("plain")
            spent += time.process_time() - begun
            event = queue_event(messages)
            begun = time.process_time()
            self._handle(event)
            spent += time.process_time() - begun
            count += MOST
        self._aws.inside = False
        return {"value": spent * 1e6 / count}

    def profile(self, task: dict[str, Any]) -> dict[str, list[str]]:
        """Carry another task out; return where its CPU goes: packages first, then functions."""
        profile = cProfile.Profile(time.process_time)
        profile.runcall(self.carry_out, task)
        packages, functions = defaultdict[str, float](float), defaultdict[str, float](float)
        for place, row in cast("dict[_Place, _Row]", pstats.Stats(profile).stats).items():  # type: ignore[attr-defined] # it is public, and has no type
            packages[_package(place)] += row[2]
            functions[f"{_package(place)}: {place[2]}"] += row[2]
        total = sum(packages.values())
        top = [*_most(packages), *_most(functions)]
        return {"value": [f"{seconds / total:.0%} {name}" for name, seconds in top]}

    def carry_out(self, task: dict[str, Any]) -> dict[str, Any]:
        """Carry out a task: the name of a method, and its arguments."""
        given = {name: value for name, value in task.items() if name != "do"}
        result: dict[str, Any] = getattr(self, task["do"])(**given)
        return result


# A function's file, line and name; its calls (two numbers), and its seconds without its callees.
_Place = tuple[str, int, str]
_Row = tuple[int, int, float, float, object]


def _most(seconds: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(seconds.items(), key=itemgetter(1), reverse=True)[:_TOP]


def _package(place: _Place) -> str:
    """Return the package of a function, or the module where it is in none."""
    file = place[0]
    if file == "~":
        return "built-in functions"
    parts = Path(file).with_suffix("").parts
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1]
    return "handler" if "handler" in parts else next(it for it in reversed(parts) if it[0] != "_")


def _hush() -> None:
    """Let all that the functions print go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def main() -> None:
    """Carry out the tasks of standard input, until it ends."""
    results = os.fdopen(os.dup(1), "w")
    _hush()
    functions = Functions(*sys.argv[1:])
    for line in sys.stdin:
        results.write(json.dumps(functions.carry_out(json.loads(line))) + "\n")
        results.flush()


if __name__ == "__main__":
    main()
