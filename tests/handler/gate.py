"""A gate before AWS, on a real socket: it passes each call on, or throttles it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

MINUTE: Final = 60_000  # milliseconds, in which `x-amz-retry-after` is
OPERATION: Final = "X-Amz-Target"
Given = dict[str, Any]


def never(_operation: str, _given: Given) -> bool:
    return False


@dataclass
class Gate:
    """Throttles while it is `shut`; it shuts itself after a call that `shuts` says.

    `calls` are the operations that were throttled; after `most` of them it opens. `status` and
    `code` are what it answers them.
    """

    endpoint: str = ""
    shut: bool = False
    shuts: Callable[[str, Given], bool] = never
    most: int = 1_000
    status: int = 400
    code: str = "ThrottlingException"
    calls: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, call: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], bytes]:
        operation = call.headers[OPERATION].rpartition(".")[2]
        body = call.rfile.read(int(call.headers["Content-Length"]))
        if self.shut:
            self.calls.append(operation)
            self.shut = len(self.calls) < self.most
            refusal = {"__type": f"com.amazonaws#{self.code}", "message": "canary"}
            return self.status, {"x-amz-retry-after": str(MINUTE)}, json.dumps(refusal).encode()
        passed = self._pass_on(body, dict(call.headers))
        self.shut = self.shuts(operation, json.loads(body))
        return passed

    def _pass_on(self, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        line = HTTPConnection(self.endpoint.removeprefix("http://"), timeout=10)
        try:
            line.request("POST", "/", body, headers)
            answer = line.getresponse()
            kept = {
                name: value for name, value in answer.getheaders() if name[:5].lower() == "x-amz"
            }
            return answer.status, kept, answer.read()
        finally:
            line.close()


@contextmanager
def standing(gate: Gate) -> Iterator[Gate]:
    """Let a gate stand on a port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, headers, body = gate.answer(self)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        gate.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield gate
        server.shutdown()
