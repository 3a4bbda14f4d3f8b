"""`relay send --each` posts every line of a file, or none if one of them is bad."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.harness import until
from tests.relay.send.peer import Peer, Reply, said_by
from tests.unframed import unframed

CREATED = ("--header", "X-Shopify-Topic=orders/create")


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    file = tmp_path / "lines.jsonl"
    file.write_text("".join(f'{{"id": {number}}}\n' for number in range(1, 41)))
    return file


def test_each_line_is_posted_as_it_stands_with_its_headers(peer: Peer, lines: Path) -> None:
    run = peer.send(
        "--each", lines, "--source", "shop", "--header", "X-Shopify-Topic=orders/create"
    )
    assert (run.exit_code, run.stdout) == (0, "40 x 200: 40 deliveries\n")
    assert sorted(peer.bodies()) == sorted(lines.read_bytes().splitlines())
    assert {webhook.headers["x-shopify-topic"] for webhook in peer.got} == {"orders/create"}


def test_lines_that_only_a_digest_tells_apart_are_posted_where_again_says_so(
    peer: Peer, lines: Path
) -> None:
    topic = ("--header", "X-Shopify-Topic=orders/paid")
    run = peer.send("--each", lines, "--source", "shop", *topic)
    assert (run.exit_code, peer.bodies()) == (2, [])
    assert "line 1:" in run.stderr
    assert "only the digest" in run.stderr

    run = peer.send("--each", lines, "--source", "shop", *topic, "--again")
    assert (run.exit_code, len(peer.bodies())) == (0, 40)


@pytest.mark.parametrize("busy", [(429, {}), (503, {"retry-after": "1"})])
def test_a_busy_relay_is_asked_again_after_a_while_or_the_time_that_it_names(
    peer: Peer, lines: Path, busy: Reply
) -> None:
    peer.reply = lambda body, times: busy if body == b'{"id": 7}' and times < 3 else (200, {})
    began = time.monotonic()
    run = peer.send("--each", lines, "--source", "shop", *CREATED)
    assert (run.exit_code, run.stdout) == (0, "40 x 200: 40 deliveries\n")
    assert time.monotonic() - began >= (2 if busy[1] else 1)
    assert peer.bodies().count(b'{"id": 7}') == 3


def test_lines_that_fail_are_named_and_the_others_go_on(peer: Peer, lines: Path) -> None:
    peer.reply = lambda body, _times: (413 if body == b'{"id": 7}' else 200, {})
    run = peer.send("--each", lines, "--source", "shop", *CREATED)
    assert (run.exit_code, run.stdout) == (1, "39 x 200, 1 x 413: 39 deliveries\n")
    assert "line 7: 413" in run.stderr


def test_the_lines_that_are_skipped_are_not_posted_and_blank_ones_keep_their_number(
    peer: Peer, lines: Path
) -> None:
    lines.write_text('{"id": 1}\n\n{"id": 3}\n\n{"id": 5}\n')
    peer.reply = lambda _body, _times: (400, {})
    run = peer.send("--each", lines, "--source", "shop", "--skip", "2", *CREATED)
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
    run = peer.send("--each", lines, "--source", "shop", *CREATED)
    counts = "37 deliveries, 2 parked, 1 not wanted; see the dead letters"
    assert (run.exit_code, run.stdout) == (1, f"40 x 200: {counts}\n")


def test_a_repetition_is_told_to_send_nothing_twice(peer: Peer, lines: Path) -> None:
    run = peer.send("--each", lines, "--source", "shop", *CREATED)
    assert "what was sent before is not sent again" in run.stderr


def test_there_must_be_a_line_behind_those_that_are_skipped(peer: Peer, lines: Path) -> None:
    said = said_by(peer.send("--each", lines, "--source", "shop", "--skip", "40", *CREATED))
    assert "has no line behind the first 40" in said


@pytest.mark.parametrize(
    "bad, words",
    [("{'id': 7}", " is not JSON"), ('{"id": 7, "id": 8}', ": "), ("NaN", " is not JSON")],
)
def test_one_bad_line_stops_all_before_anything_is_posted(
    peer: Peer, lines: Path, bad: str, words: str
) -> None:
    lines.write_text(lines.read_text().replace('{"id": 7}', bad))
    said = said_by(peer.send("--each", lines, "--source", "shop", *CREATED))
    assert f"line 7{words}" in said
    assert "nothing was posted" in said
    assert "x-shopify-topic" not in said  # which has nothing to do with it
    assert not peer.got


def test_lines_whose_type_stands_in_a_header_are_not_posted_without_it(
    peer: Peer, lines: Path
) -> None:
    for again in ((), ("--again",)):  # which is about digests alone
        said = said_by(peer.send("--each", lines, "--source", "shop", *again))
        assert "line 1: the event's type is missing; the type of shop stands in the header" in said
        assert "x-shopify-topic: add --header X-Shopify-Topic=...; nothing was posted" in said
    assert not peer.got


def test_a_line_that_is_not_of_the_type_in_the_header_stops_all(peer: Peer, lines: Path) -> None:
    bound = "event: {bind: {orders/create: body.id != `7`}}\nrules:"
    rules = peer.rules / "shop.yaml"
    rules.write_text(rules.read_text().replace("rules:", bound))
    said = said_by(peer.send("--each", lines, "--source", "shop", *CREATED))
    assert (
        "line 7: the event's type and its body do not go together (bind of orders/create: " in said
    )
    assert "stands in the header x-shopify-topic: is it right for this line?" in said
    assert not peer.got


def test_a_line_without_its_type_in_the_body_stops_all(peer: Peer, lines: Path) -> None:
    lines.write_text('{"id": 1, "type": "a"}\n{"id": 2}\n')
    said = said_by(peer.send("--each", lines, "--source", "header"))
    assert "line 2: the event's type is missing; nothing was posted" in said
    assert not peer.got


def test_ctrl_c_ends_at_once_and_says_how_to_go_on(peer: Peer, lines: Path) -> None:
    waits = {"retry-after": "30"}
    peer.reply = lambda body, _times: (503, waits) if b'"id": 12}' in body else (200, {})
    relay = Path(sys.executable).with_name("relay")
    options = ["--rules", str(peer.rules), "--url", peer.url, "--source", "shop", *CREATED]
    with subprocess.Popen(
        [relay, "send", *options, "--each", lines],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        until(lambda: len(peer.got), lambda count: count >= 40, "post of every line")
        running.send_signal(signal.SIGINT)
        out, error = running.communicate(timeout=60)
    assert running.returncode == 130
    # Line 12 waits; of those before it some answers may have been on their way.
    (count,) = re.findall(r"^(\d+) x 200: \1 deliveries\n$", out)
    assert int(count) <= 11
    assert f"go on with --skip {count}" in error


def test_what_can_be_read_only_once_or_holds_no_line_is_refused(peer: Peer, tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("\n")
    for file, words in (("/dev/stdin", "it is read twice"), (str(empty), "has no line")):
        run = peer.send("--each", file, "--source", "shop", *CREATED)
        assert run.exit_code == 2
        assert words in unframed(run.stderr)
    assert peer.got == []
