"""`python -m bench.deliver.functions [FOLDER]`: the functions of one package, in one process.

It carries out tasks (see `bench.tasks`). FOLDER has a package of the relay; without it they are
the typical.
"""

import io
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from itertools import cycle
from typing import Any, cast

import boto3
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders

from bench.deliver.answers import answer
from bench.deliver.webhooks import (
    MOST,
    TOPICS,
    TRACK,
    gateway_event,
    queue_event,
    typical_message,
)
from bench.tasks import microseconds, printed, serve


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
                for rule, topic in {**TOPICS, **TRACK}.items()
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
            messages = self._messages.get(rule) or (
                self._take(rule)  # a package of before has no such rule
                if rule in TRACK
                else [body for each in zip(*self._messages.values(), strict=True) for body in each]
            )
            batches = [queue_event(messages[at : at + size]) for at in range(0, MOST, size)]
            self._events[rule, size] = cycle(batches)
        self._handle(next(self._events[rule, size]))

    def _handle(self, event: Any) -> None:
        failed = self._deliver(event, Context)["batchItemFailures"]
        if failed:
            raise ValueError(failed)

    def deliver(self, rule: str, size: int) -> None:
        """Deliver a batch."""
        self._serve(rule, size)

    def wall(self, rule: str, size: int) -> float:
        """Deliver a batch; return the wall time of the next in milliseconds.

        The first reads what a worker reads every few seconds: here every second, for `local`. So it
        begins with a second, or the next would often read again.
        """
        time.sleep(1 - time.time() % 1)
        self._serve(rule, size)
        begun = time.perf_counter()
        self._serve(rule, size)
        return (time.perf_counter() - begun) * 1000

    def cpu(self, rule: str, size: int, seconds: float) -> float:
        """Deliver for so many seconds of CPU; return the microseconds of a recipient."""

        def batch() -> int:
            self._serve(rule, size)
            return size

        return microseconds(batch, seconds)

    def logged(self, size: int) -> float:
        """Deliver a batch; return the bytes that are logged of a recipient."""
        return len(printed(lambda: self._serve("plain", size))) / size

    def path(self, seconds: float, *, inside: bool) -> float:
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
        return spent * 1e6 / count


def main() -> None:
    """Carry out the tasks of standard input, until it ends."""
    serve(lambda: Functions(*sys.argv[1:]))


if __name__ == "__main__":
    main()
