"""A relay that verifies what `relay send` posts, and answers as it is told."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

from typer.testing import CliRunner, Result

from handler.core.errors import Unverified
from handler.core.models import Webhook
from handler.core.verification.verify import verify
from relay.cli import app
from relay.webhooks.samples import load_sources, sample_secrets
from tests.unframed import unframed

RULE = """\
rules:
  - {name: a, type: '*', send: {campaign_id: c, recipients: [{external_user_id: '${body.id}'}]}}"""
EVENT = "event: {type: body.type, type_signed: true, id: body.id}"
SCHEMES = {
    "shop": f"verify: {{preset: shopify}}\n{RULE}\n",
    "stamped": f"verify: {{preset: stripe}}\n{RULE}\n",
    "query": f"verify: {{scheme: token, where: query, name: key}}\n{EVENT}\n{RULE}\n",
    "bearer": f"verify: {{scheme: token, where: bearer}}\n{EVENT}\n{RULE}\n",
    "header": f"verify: {{scheme: token, where: header, name: X-Key}}\n{EVENT}\n{RULE}\n",
    "basic": f"verify: {{scheme: basic}}\n{EVENT}\n{RULE}\n",
    "hash": (
        "verify: {scheme: hash, encoding: hex, signature: {header: x-hash},"
        f" signed: '{{secret}}{{body}}'}}\n{EVENT}\n{RULE}\n"
    ),
    "hex-key": (
        "verify: {encoding: hex, secret_encoding: hex, signature: {header: x-sign}}"
        f"\n{EVENT}\n{RULE}\n"
    ),
    "at-url": (
        "verify: {encoding: hex, signature: {header: x-sign}, signed: '{url}{body}',"
        f" public_url: 'https://hooks.example.com/in'}}\n{EVENT}\n{RULE}\n"
    ),
}
Reply = tuple[int, dict[str, str]]


@dataclass
class Peer:
    """A relay that keeps what it gets; `reply` decides by a body, and how often it has come."""

    rules: Path
    url: str = ""
    got: list[Webhook] = field(default_factory=list)
    reply: Callable[[bytes, int], Reply] = lambda _body, _times: (200, {})
    tell: Callable[[bytes], str] = lambda _body: '{"events": 1, "deliveries": 1}'

    def bodies(self) -> list[bytes]:
        return [webhook.body for webhook in self.got]

    def take(self, webhook: Webhook) -> Reply:
        self.got.append(webhook)
        source = load_sources(self.rules, "dev")[webhook.source]
        try:
            verify(webhook, source.scheme, list(sample_secrets({"": source}).values()))
        except Unverified:
            return 401, {}
        return self.reply(webhook.body, self.bodies().count(webhook.body))

    def send(self, *arguments: str | Path) -> Result:
        command = ["send", "--rules", self.rules, "--url", self.url, *arguments]
        return CliRunner().invoke(app, [str(word) for word in command])


def handler_of(peer: Peer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            name = parts.path.removeprefix("/webhooks/")
            webhook = Webhook(name, "POST", headers, parts.query, body, int(time.time()))
            status, fields = peer.take(webhook)
            text = peer.tell(body).encode() if status == 200 else b"{}"
            self.send_response(status)
            for key, value in {**fields, "content-length": str(len(text))}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def said_by(run: Result) -> str:
    """Return what a command says of wrong usage, without the box around it."""
    assert run.exit_code == 2
    return unframed(run.stderr)
