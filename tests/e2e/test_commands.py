"""The commands that README.md shows, run as it shows them."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from relay.local.emulator import free_port
from relay.paths import PROJECT
from tests.e2e.harness import until

RELAY = Path(sys.executable).with_name("relay")
README = (PROJECT / "README.md").read_text(encoding="utf-8")
SHOWN = [
    line
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.split("\n")
]
START_SECONDS = 120
UP = (
    ".venv/bin/relay up --rules src/rules --secrets secrets.json"
    " --braze-url http://127.0.0.1:9000 --port 3000"
)


def test_every_command_shown_is_one_that_these_tests_know() -> None:
    assert [line for line in SHOWN if line] == [
        "make run",
        ".venv/bin/relay send shopify-order --new",
        UP,
        ".venv/bin/relay rules test --update",
        "make deploy",
        ".venv/bin/relay secrets set --braze",
        ".venv/bin/relay secrets set --source shopify",
        ".venv/bin/relay doctor",
        ".venv/bin/relay status",
        "make test",
    ]


def test_the_rule_shown_is_one_of_the_rules_file() -> None:
    shown = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert len(shown) == 1
    assert shown[0].rstrip() in (PROJECT / "tests" / "rules" / "shopify.yaml").read_text(
        encoding="utf-8"
    )


def children(pid: int) -> set[int]:
    """Return the processes of the sessions that a process has started, and of its own."""
    listed = subprocess.run(
        ["/bin/ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout.split()
    parents = {int(own): int(parent) for own, parent in zip(*[iter(listed)] * 2, strict=True)}
    found = {pid}
    while grown := {own for own, parent in parents.items() if parent in found} - found:
        found |= grown
    return found


def alive(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


@contextlib.contextmanager
def started(
    *command: str | Path, scratch: Path, until_line: str
) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """Start a command in an almost empty environment; give it, its ready URL and its lines."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(scratch), "TMPDIR": str(scratch)}
    with (
        (scratch / "stderr").open("w") as said,
        subprocess.Popen(
            command,
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            start_new_session=True,
        ) as running,
    ):
        assert running.stdout
        lines: list[str] = []
        try:
            for line in running.stdout:
                lines.append(line.rstrip("\n"))
                if line.startswith(until_line):
                    break
            assert lines, "no output"
            yield running, lines[-1].removeprefix("ready "), lines
        finally:
            if running.poll() is None:
                running.send_signal(signal.SIGTERM)


def ended(running: subprocess.Popen[Any], sign: signal.Signals) -> int:
    """Send a signal; return the exit code once the command and all it started have ended."""
    family = children(running.pid)
    assert len(family) > 1, "nothing was started"
    if running.args == ("make", "run"):
        os.killpg(running.pid, sign)  # Ctrl-C in a terminal reaches make and what it runs
    else:
        running.send_signal(sign)
    code = running.wait(30)
    deadline = time.monotonic() + 5
    while left := {pid for pid in family if alive(pid)}:
        assert time.monotonic() < deadline, f"left behind: {left}"
        time.sleep(0.05)
    return code


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_relay_up_prints_one_ready_line_serves_what_is_saved_and_leaves_nothing_behind(
    tmp_path: Path, sign: signal.Signals
) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(PROJECT / "tests" / "rules", rules)
    secrets = tmp_path / "secrets.json"
    secrets.write_text(json.dumps({"shopify": ["signing-secret"]}))
    port, scratch = free_port(), tmp_path / "scratch"
    scratch.mkdir()
    command: list[str | Path] = [
        *(RELAY, "up", "--rules", rules, "--secrets", secrets),
        *("--braze-url", "http://127.0.0.1:9000", "--port", str(port)),
    ]
    with started(*command, scratch=scratch, until_line="ready ") as (running, url, lines):
        assert url == f"http://127.0.0.1:{port}"
        assert len(lines) == 1
        answer = requests.post(f"{url}/webhooks/shopify", json={}, timeout=60)
        assert answer.status_code == 401
        assert requests.get(f"{url}/elsewhere", timeout=60).json() == {"error": "not found"}
        said = scratch / "stderr"
        until(said.read_text, lambda text: "401  no_signature" in text, "line for the webhook")
        assert "accounts answers 503: there is no signing secret accounts" in said.read_text()
        assert "Ctrl-C ends it." in said.read_text()
        for begun in ("starting the AWS emulator", "building the packages", "deploying template.y"):
            assert re.search(rf"^ *\d+\.\d s  {begun}", said.read_text(), re.MULTILINE)
        (rules / "accounts.yaml").unlink()
        until(said.read_text, lambda text: "accounts.yaml\n" in text, "line for the save")
        assert "/webhooks/accounts answers 404 now" in said.read_text()
        assert ended(running, sign) == 0
    assert not list(scratch.glob("relay-*"))


def test_relay_up_that_is_killed_leaves_no_process_behind(tmp_path: Path) -> None:
    command = (RELAY, "up", "--rules", "tests/rules", "--port", "0")
    with started(*command, scratch=tmp_path, until_line="ready ") as (running, _, _):
        assert ended(running, signal.SIGKILL) == -signal.SIGKILL


def test_relay_up_that_is_ended_while_it_starts_leaves_nothing_behind(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [RELAY, "up", "--port", "0"], cwd=PROJECT, env=environment, stderr=subprocess.DEVNULL
    ) as running:
        until(lambda: list(tmp_path.glob("relay-*/emulator.log")), bool, "emulator")
        assert ended(running, signal.SIGTERM) != 0
    assert not list(tmp_path.glob("relay-*"))


def refusal(*arguments: str) -> tuple[int, str]:
    """Run the relay command where it must refuse; return its exit code and what it says."""
    run = subprocess.run([RELAY, *arguments], capture_output=True, text=True, check=False)
    return run.returncode, run.stderr


def test_relay_up_says_when_its_port_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, said = refusal("up", "--port", str(taken.getsockname()[1]))
    assert code == 2
    assert "is in use" in said


def test_relay_run_names_what_is_wrong_with_the_rules_and_where(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text("verify: {preset: shopify}\nrulez: []\n")
    code, said = refusal("run", "--rules", str(tmp_path), "--port", "0")
    assert code == 1
    assert "shop.yaml:2:1: unknown key rulez; did you mean rules?" in said


def test_relay_up_refuses_a_braze_that_is_not_on_this_machine() -> None:
    code, said = refusal("up", "--braze-url", "https://rest.iad-01.braze.com")
    assert code == 2
    assert "127.0.0.1:port" in said


def test_make_run_plays_the_samples_shows_what_braze_received_and_serves(tmp_path: Path) -> None:
    with started("make", "run", scratch=tmp_path, until_line="ready ") as (running, url, lines):
        shown = "\n".join(lines)
        assert "What Braze received" in shown
        assert requests.put(f"{url}/webhooks/shopify", timeout=60).status_code == 405
        assert running.stdout
        assert "webhook" in running.stdout.readline()
        ended(running, signal.SIGINT)  # the exit code is make's own


def test_make_demo_shows_the_order_its_revenue_and_the_signup_and_ends_well(tmp_path: Path) -> None:
    run = subprocess.run(
        ["make", "demo"],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "shopify-order -> shopify/order-confirmation" in run.stdout
    assert "shopify-order-paid -> shopify/order-counted" in run.stdout
    assert "1 order, revenue 119.20 EUR" in run.stdout
    assert "accounts-signup" in run.stdout
    assert not list(tmp_path.glob("relay-*"))
