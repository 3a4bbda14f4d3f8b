"""`relay send` beside a relay on a real socket that verifies, and answers as it is told."""

import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner, Result

from handler.core.errors import Unverified
from handler.core.models import Webhook
from handler.core.verify import verify
from relay.cli import app
from relay.play import sample_secrets
from relay.samples import load_sources
from relay.stack.emulator import free_port
from tests.e2e.harness import until

RULE = "rules: [{name: a, type: '*', send: {campaign_id: c, recipients: [{external_user_id: u}]}}]"
EVENT = "event: {type: body.type, type_signed: true, id: body.id}"
SCHEMES = {
    "shop": f"verify: {{preset: shopify}}\n{RULE}\n",
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


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[Peer]:
    made = Peer(tmp_path / "rules")
    made.rules.mkdir()
    for name, text in SCHEMES.items():
        (made.rules / f"{name}.yaml").write_text(text)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            name = parts.path.removeprefix("/webhooks/")
            webhook = Webhook(name, "POST", headers, parts.query, body, int(time.time()))
            status, fields = made.take(webhook)
            text = made.tell(body).encode() if status == 200 else b"{}"
            self.send_response(status)
            for key, value in {**fields, "content-length": str(len(text))}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        made.url = f"http://127.0.0.1:{server.server_port}"
        yield made
        server.shutdown()
        thread.join()


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    file = tmp_path / "lines.jsonl"
    file.write_text("".join(f'{{"id": {number}}}\n' for number in range(1, 41)))
    return file


def said_by(run: Result) -> str:
    """Return what a command says of wrong usage, without the box around it."""
    assert run.exit_code == 2
    return " ".join(run.stderr.replace("│", " ").split())


def sample(tmp_path: Path, source: str) -> Path:
    file = tmp_path / "one.json"
    body = {"id": "1", "type": "a", "at": "@now"}
    file.write_text(json.dumps({"source": source, "headers": {"X-Kept": "as it is"}, "body": body}))
    return file


@pytest.mark.parametrize("name", SCHEMES)
def test_every_scheme_is_signed_for_and_tampering_shows(
    peer: Peer, tmp_path: Path, name: str
) -> None:
    file = sample(tmp_path, name)
    good, bad = peer.send(file), peer.send(file, "--tamper")
    assert (good.exit_code, good.stdout) == (0, '200 {"events": 1, "deliveries": 1}\n')
    assert (bad.exit_code, bad.stdout) == (1, "401 {}\n")
    assert peer.got[0].headers["x-kept"] == "as it is"


def test_no_netrc_file_replaces_a_credential(
    peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("default login somebody password canary\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert peer.send(sample(tmp_path, "bearer")).exit_code == 0


def test_the_url_may_be_the_whole_one_that_a_sender_gets(peer: Peer, tmp_path: Path) -> None:
    whole = f"{peer.url}/webhooks/shop"
    assert peer.send(sample(tmp_path, "shop"), "--url", whole).exit_code == 0


def test_a_redirect_is_shown_and_not_followed(peer: Peer, tmp_path: Path) -> None:
    peer.reply = lambda _body, _times: (307, {"location": f"{peer.url}/webhooks/shop"})
    run = peer.send(sample(tmp_path, "shop"))
    assert (run.exit_code, run.stdout, len(peer.got)) == (1, "307 {}\n", 1)


def test_nobody_listening_says_so_without_the_secret_in_the_url(peer: Peer, tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    run = peer.send(sample(tmp_path, "query"), "--url", nobody)
    assert (run.exit_code, run.stdout) == (1, "")
    ask = "is make run serving? (--url for another port)"
    assert run.stderr == f"no answer from {nobody}/webhooks/query: ConnectionError; {ask}\n"


@pytest.mark.parametrize(
    "arguments, said",
    [
        ((), "give EVENT"),
        (("shopify-order", "--each", "README.md"), "EVENT and --each exclude each other"),
        (("shopify-ordr",), "did you mean shopify-order?"),
        (("pyproject.toml.json",), "there is no pyproject.toml.json"),
        (("shopify-order", "--source", "shp"), "did you mean shop?"),
        (("shopify-order", "--source", "shop", "--url", "http://example.com"), "https://"),
        (("shopify-order", "--source", "shop", "--url", "ftp://127.0.0.1"), "https://"),
        (("shopify-order", "--source", "shop", "--url", "https://a.example"), "--secret-from"),
        (("shopify-order", "--source", "shop", "--header", "X-Topic"), "NAME=VALUE"),
        (("shopify-order", "--source", "shop", "--clock", "soon"), "10m or -10m"),
        (("shopify-order", "--source", "shop", "--secret-from", "nowhere"), "cannot be read"),
        (("--each", "nowhere.jsonl", "--source", "shop"), "does not exist"),
        (("--each", "README.md"), "--each needs --source"),
        (("--each", "README.md", "--source", "shop", "--tamper"), "without --clock and --tamper"),
    ],
)
def test_wrong_usage_says_what_is_right(peer: Peer, arguments: tuple[str, ...], said: str) -> None:
    assert said in said_by(peer.send(*arguments))
    assert not peer.got


@pytest.mark.parametrize("content", ["", "  \n", '{"shop": ""}', '{"other": "canary-secret"}'])
def test_a_file_without_a_usable_secret_is_wrong_usage(
    peer: Peer, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "secret"
    file.write_text(content)
    run = peer.send(sample(tmp_path, "shop"), "--secret-from", file)
    assert "no usable signing secret" in said_by(run)
    assert "canary" not in run.output


def test_a_secret_that_cannot_be_decoded_is_wrong_usage(peer: Peer, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("canary, and no hex")
    run = peer.send(sample(tmp_path, "hex-key"), "--secret-from", file)
    assert "cannot be decoded" in said_by(run)
    assert "canary" not in run.output


def test_a_sample_that_is_none_says_what_is_missing(peer: Peer, tmp_path: Path) -> None:
    file = tmp_path / "bad.json"
    file.write_text('{"source": "shop", "headers": {}}')
    assert "body is missing" in said_by(peer.send(file))


def test_each_line_is_posted_as_it_stands_with_its_headers(peer: Peer, lines: Path) -> None:
    run = peer.send("--each", lines, "--source", "shop", "--header", "X-Shopify-Topic=orders/paid")
    assert (run.exit_code, run.stdout) == (0, "40 x 200: 40 deliveries\n")
    assert sorted(peer.bodies()) == sorted(lines.read_bytes().splitlines())
    assert {webhook.headers["x-shopify-topic"] for webhook in peer.got} == {"orders/paid"}


@pytest.mark.parametrize("busy", [(429, {}), (503, {"retry-after": "1"})])
def test_a_busy_relay_is_asked_again_after_a_while_or_the_time_that_it_names(
    peer: Peer, lines: Path, busy: Reply
) -> None:
    peer.reply = lambda body, times: busy if body == b'{"id": 7}' and times < 3 else (200, {})
    began = time.monotonic()
    run = peer.send("--each", lines, "--source", "shop")
    assert (run.exit_code, run.stdout) == (0, "40 x 200: 40 deliveries\n")
    assert time.monotonic() - began >= (2 if busy[1] else 1)
    assert peer.bodies().count(b'{"id": 7}') == 3


def test_lines_that_fail_are_named_and_the_others_go_on(peer: Peer, lines: Path) -> None:
    peer.reply = lambda body, _times: (413 if body == b'{"id": 7}' else 200, {})
    run = peer.send("--each", lines, "--source", "shop")
    assert (run.exit_code, run.stdout) == (1, "39 x 200, 1 x 413: 39 deliveries\n")
    assert "line 7: 413" in run.stderr


def test_the_lines_that_are_skipped_are_not_posted_and_blank_ones_keep_their_number(
    peer: Peer, lines: Path
) -> None:
    lines.write_text('{"id": 1}\n\n{"id": 3}\n\n{"id": 5}\n')
    peer.reply = lambda _body, _times: (400, {})
    run = peer.send("--each", lines, "--source", "shop", "--skip", "2")
    assert sorted(peer.bodies()) == [b'{"id": 3}', b'{"id": 5}']
    assert "line 5: 400" in run.stderr


def test_lines_that_become_dead_letters_or_nothing_are_counted_and_no_success(
    peer: Peer, lines: Path
) -> None:
    told = {
        b'{"id": 7}': '{"events": 2, "deliveries": 0, "parked": 2}',
        b'{"id": 8}': '{"events": 1, "deliveries": 0}',
        b'{"id": 9}': "",
    }
    peer.tell = lambda body: told.get(body, '{"events": 1, "deliveries": 1}')
    run = peer.send("--each", lines, "--source", "shop")
    counts = "37 deliveries, 2 parked, 1 not wanted; see the dead letters"
    assert (run.exit_code, run.stdout) == (1, f"40 x 200: {counts}\n")


def test_a_repetition_is_told_to_send_nothing_twice(peer: Peer, lines: Path) -> None:
    run = peer.send("--each", lines, "--source", "shop")
    assert "what was sent before is not sent again" in run.stderr


def test_there_must_be_a_line_behind_those_that_are_skipped(peer: Peer, lines: Path) -> None:
    said = said_by(peer.send("--each", lines, "--source", "shop", "--skip", "40"))
    assert "has no line behind the first 40" in said


@pytest.mark.parametrize(
    "bad, words",
    [("{'id': 7}", " is not JSON"), ('{"id": 7, "id": 8}', ": "), ("NaN", " is not JSON")],
)
def test_one_bad_line_stops_all_before_anything_is_posted(
    peer: Peer, lines: Path, bad: str, words: str
) -> None:
    lines.write_text(lines.read_text().replace('{"id": 7}', bad))
    said = said_by(peer.send("--each", lines, "--source", "shop"))
    assert f"line 7{words}" in said
    assert "nothing was posted" in said
    assert not peer.got


def test_ctrl_c_ends_at_once_and_says_how_to_go_on(peer: Peer, lines: Path) -> None:
    waits = {"retry-after": "30"}
    peer.reply = lambda body, _times: (503, waits) if b'"id": 12}' in body else (200, {})
    relay = Path(sys.executable).with_name("relay")
    options = ["--rules", str(peer.rules), "--url", peer.url, "--source", "shop"]
    with subprocess.Popen(
        [relay, "send", *options, "--each", lines],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        until(lambda: len(peer.got), lambda count: count >= 40, "post of every line")
        running.send_signal(signal.SIGINT)
        out, error = running.communicate(timeout=5)
    assert running.returncode == 130
    # Line 12 waits; of those before it some answers may have been on their way.
    (count,) = re.findall(r"^(\d+) x 200: \1 deliveries\n$", out)
    assert int(count) <= 11
    assert f"go on with --skip {count}" in error


def test_what_can_be_read_only_once_or_holds_no_line_is_refused(peer: Peer, tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("\n")
    for file, words in (("/dev/stdin", "it is read twice"), (str(empty), "has no line")):
        run = peer.send("--each", file, "--source", "shop")
        assert run.exit_code == 2
        assert words in " ".join(run.stderr.split())
    assert peer.got == []
