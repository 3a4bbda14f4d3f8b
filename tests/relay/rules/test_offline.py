"""What the commands have in common: no network, nothing written, colour on terminals only."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from relay.cli import app
from tests.relay.rules.desk import RULES, WEBHOOK, Desk

ASKED: list[Callable[[Desk, Path], Result]] = [
    lambda desk, _: desk.test(),
    lambda desk, _: desk.explain("an-order"),
    lambda desk, base: desk.diff(base),
]


@pytest.mark.parametrize("ask", ASKED, ids=["test", "explain", "diff"])
def test_a_command_needs_no_network_and_writes_nothing(
    desk: Desk, ask: Callable[[Desk, Path], Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write_case(WEBHOOK)
    base = desk.write_rules(RULES.replace("Order $", "No. $"), folder="base")
    before = {it: it.read_bytes() for it in desk.folder.rglob("*") if it.is_file()}
    monkeypatch.delattr(socket, "socket")
    result = ask(desk, base)
    assert isinstance(result.exception, SystemExit | None)
    assert result.stdout
    assert result.stdout == ask(desk, base).stdout
    assert {it: it.read_bytes() for it in desk.folder.rglob("*") if it.is_file()} == before


@pytest.mark.parametrize("is_terminal", [True, False])
def test_colour_is_for_terminals(desk: Desk, *, is_terminal: bool) -> None:
    desk.write_case(WEBHOOK)
    where = [str(desk.rules), "--cases", str(desk.cases)]
    for command in (["test"], ["explain", "an-order"]):
        result = CliRunner().invoke(app, ["rules", *command, *where], color=is_terminal)
        assert ("\x1b[" in result.stdout) is is_terminal
