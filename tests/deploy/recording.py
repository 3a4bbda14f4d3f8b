"""A way to the emulator that records calls of CloudFormation as they were sent."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit

FORM = "application/x-www-form-urlencoded"


@dataclass
class Recorded:
    """The URL to call, and the parameters of each call of AWS's query protocol."""

    url: str = ""
    calls: list[dict[str, str]] = field(default_factory=list)

    def named(self, action: str) -> list[dict[str, str]]:
        return [call for call in self.calls if call.get("Action") == action]


class Forwarding(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    emulator: ClassVar[str]
    recorded: ClassVar[Recorded]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Type", "").startswith(FORM):
            self.recorded.calls.append(dict(parse_qsl(body.decode(), keep_blank_values=True)))
        there = http.client.HTTPConnection(self.emulator)
        headers = {name: one for name, one in self.headers.items() if name.lower() != "host"}
        there.request(self.command, self.path, body, headers)
        answer = there.getresponse()
        content = answer.read()
        there.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                self.send_header(name, value)
        is_head = self.command == "HEAD"
        length = answer.getheader("Content-Length", "0") if is_head else str(len(content))
        self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def recording(endpoint: str) -> Iterator[Recorded]:
    """Forward to an endpoint what comes to an address of this machine."""
    recorded = Recorded()
    settings = {"emulator": urlsplit(endpoint).netloc, "recorded": recorded} | dict.fromkeys(
        ("do_GET", "do_PUT", "do_HEAD", "do_DELETE"), Forwarding.do_POST
    )
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Way", (Forwarding,), settings)) as server:
        recorded.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield recorded
        server.shutdown()
        thread.join()
