"""`python -m bench.deliver.sink`: AWS and Braze, which say yes, at once or after a time.

A process of its own: its CPU is nobody's. It prints its port, on 127.0.0.1. `GET /bench/counts`
answers what has come since the last one: calls by operation, items written, recipients and events
of Braze; without calls about no delivery (`is_shared`). `GET /bench/delays/4/200` lets DynamoDB
answer after 4 ms from then on, and Braze after 200 ms.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from typing import Final

from bench.deliver.answers import DYNAMODB, Unexpected, answer, is_shared, writes

RECIPIENTS: Final = "recipients"
REQUESTS: Final = "requests"
CALLS: Final = "DynamoDB calls"
WRITES: Final = "DynamoDB writes"

_END: Final = b"\r\n\r\n"
_ACCEPTED: Final = b'{"dispatch_id":"0123456789abcdef0123456789abcdef","message":"success"}'
_ACTIVE: Final = b'{"message":"success","enabled":true,"archived":false,"draft":false}'  # a target


class _Sink(asyncio.Protocol):
    """One connection, whose client sends a request after the answer to the one before."""

    def __init__(self, counts: Counter[str], delays: dict[str, float]) -> None:
        self._counts, self._delays = counts, delays
        self._arrived = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type alone
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._arrived += data
        head, end, body = self._arrived.partition(_END)
        if not end:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        if len(body) < int(headers.get("content-length", 0)):
            return
        self._arrived.clear()
        seconds, answered = self._answer(first, _target(lines), bytes(body))
        if self._transport is None:
            return
        if seconds:
            asyncio.get_running_loop().call_later(seconds, self._transport.write, answered)
        else:
            self._transport.write(answered)

    def _answer(self, first: str, target: str, body: bytes) -> tuple[float, bytes]:
        if target:
            delay = self._delays["aws"] if target.startswith(DYNAMODB) else 0
            return delay, self._aws_answer(target, body)
        if first.startswith("GET /bench/"):
            return 0, _response(200, {}, self._told(first.split()[1]))
        if first.startswith("GET"):
            return self._delays["braze"], _response(200, {}, _ACTIVE)
        self._counts[REQUESTS] += 1
        request = json.loads(body)
        self._counts[RECIPIENTS] += len(request.get("recipients") or request["events"])
        limit = {
            "Content-Type": "application/json",
            "X-RateLimit-Limit": "250000",
            "X-RateLimit-Remaining": "249999",
            "X-RateLimit-Reset": f"{time.time() + 3000:.0f}",
        }
        return self._delays["braze"], _response(201, limit, _ACCEPTED)

    def _told(self, path: str) -> bytes:
        _, _, what, *given = path.split("/")
        if what == "delays":
            self._delays |= zip(("aws", "braze"), (float(ms) / 1000 for ms in given), strict=True)
        found = json.dumps(self._counts).encode()
        self._counts.clear()
        return found

    def _aws_answer(self, target: str, body: bytes) -> bytes:
        if not is_shared(target, body):
            self._counts[target] += 1
            self._counts[CALLS] += target.startswith(DYNAMODB)
            self._counts[WRITES] += writes(target, body)
        try:
            return _response(200, *answer(target, body))
        except Unexpected:
            return _response(400, {}, b'{"__type":"UnknownOperationException"}')


def _target(lines: list[str]) -> str:
    found = (line.split(": ", 1)[1] for line in lines if line.lower().startswith("x-amz-target:"))
    return next(found, "")


def _response(status: int, headers: dict[str, str], body: bytes) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status} Answered\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def _serve() -> None:
    counts, delays = Counter[str](), {"aws": 0.0, "braze": 0.0}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Sink(counts, delays), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
