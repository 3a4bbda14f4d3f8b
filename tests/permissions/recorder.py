"""A proxy between a function and AWS that writes down each call, and whether it was denied."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from urllib3 import PoolManager

from tests.permissions.grants import single

# The scope of a signature: key, date, region, and the service as IAM calls it.
SERVICE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([a-z0-9-]+)/aws4_request")
STATEMENT = re.compile(r'^(INSERT|UPDATE)(?: INTO)? "([^"]+)" ')  # PartiQL: verb and table
ADDRESSES = ("QueueUrl", "TableName", "SecretId")
HOP = frozenset({"connection", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Call:
    """A call of AWS: its action, where it went, and AWS's words if it was denied."""

    action: str
    address: str
    denial: str


@contextmanager
def recorder(note: Callable[[Call], None]) -> Iterator[str]:
    """Serve as an HTTP proxy on 127.0.0.1 that notes what passes; give its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = pool.request("POST", self.path, body=body, headers=dict(self.headers))
            for call in _calls(self.headers, body, answer.data.decode()):
                note(call)
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in HOP:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.data)

        def log_message(self, *_: object) -> None:
            pass

    with PoolManager() as pool, ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def _calls(headers: Message, body: bytes, answer: str) -> Iterator[Call]:
    (service,) = SERVICE.findall(headers["Authorization"])
    operation = headers["X-Amz-Target"].rpartition(".")[2]
    for name, address in _asked(operation, json.loads(body)):
        action = single(f"{service}:{name}")
        denied = "AccessDenied" in answer and f"perform: {service}:{name} " in answer
        yield Call(action, address, answer if denied else "")


def _asked(operation: str, given: Any) -> Iterator[tuple[str, str]]:
    """Give what AWS asks for, and where: of a batch of PartiQL, for what each statement does."""
    for one in given.get("Statements", []):
        ((verb, table),) = STATEMENT.findall(one["Statement"])
        yield f"PartiQL{verb.capitalize()}", table
    if "Statements" not in given:
        yield operation, next(given[name] for name in ADDRESSES if name in given)
