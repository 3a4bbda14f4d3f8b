"""The local stack that --local and --port choose; one that has died is said to have, at once."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from relay.stacks import cloudformation, registry
from relay.stacks.registry import LocalStack, registered
from relay.stacks.selection import LOCAL, Operated, command, operated

STACK = LocalStack(
    "src/rules",
    "http://127.0.0.1:3000",
    "http://127.0.0.1:3001",
    "",
    {"QueueUrl": "q"},
    {"Api": "a"},
)


@pytest.fixture
def port() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture
def up(
    port: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LocalStack]:
    """Register a stack whose emulator listens."""
    monkeypatch.setattr(registry, "FOLDER", tmp_path)
    stack = replace(STACK, endpoint=f"http://127.0.0.1:{port.getsockname()[1]}")
    with registered(stack):
        yield stack


@pytest.fixture
def second(up: LocalStack) -> Iterator[LocalStack]:
    stack = replace(up, rules="tests/rules", url="http://127.0.0.1:3100", braze_url=None)
    with registered(stack):
        yield stack


@pytest.fixture
def no_region(monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(name: str, *_: str) -> dict[str, str]:
        raise typer.BadParameter(f"{name}: no AWS region")

    monkeypatch.setattr(cloudformation, "outputs", ended)


@pytest.mark.usefixtures("up", "no_region")
def test_where_no_deployed_stack_answers_the_local_one_that_is_up_is_named() -> None:
    with pytest.raises(typer.BadParameter, match=r"no AWS region \(--local is for the local stack"):
        operated(None, None, local=False)
    with pytest.raises(typer.BadParameter, match=r"no AWS region$"):
        operated("shop", None, local=False)


def test_the_only_stack_is_the_local_one(up: LocalStack) -> None:
    assert operated(None, None, local=True) == Operated(
        LOCAL, STACK.outputs, up.endpoint, up.url, up.braze_url, STACK.resources
    )


@pytest.mark.usefixtures("up")
def test_a_stack_whose_emulator_was_killed_is_named_with_its_remedy(port: socket.socket) -> None:
    port.close()
    with pytest.raises(typer.BadParameter, match="has died: `relay up` or `make run` again"):
        operated(None, None, local=True)


def test_without_a_stack_it_is_said_how_one_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "FOLDER", tmp_path)
    with pytest.raises(typer.BadParameter, match="no local stack is up: `relay up` or `make run`"):
        operated(None, None, local=True)


@pytest.mark.usefixtures("second")
def test_of_several_none_is_taken_and_all_are_listed() -> None:
    with pytest.raises(typer.BadParameter) as refused:
        operated(None, None, local=True)
    assert refused.value.message == (
        "several local stacks are up: 3000 src/rules, 3100 tests/rules; "
        "choose one, such as --port 3000"
    )


@pytest.mark.parametrize("local", [True, False])
def test_a_port_chooses_one_of_several_with_and_without_local(
    second: LocalStack, *, local: bool
) -> None:
    found = operated(None, None, local=local, port=3100)
    assert (found.url, found.braze_url) == (second.url, None)
    assert command(found, "status") == ".venv/bin/relay status --port 3100"


@pytest.mark.usefixtures("second")
def test_a_port_that_no_stack_has_is_refused_with_those_that_are_up() -> None:
    with pytest.raises(typer.BadParameter, match=r"port 3200; up: 3000 src/rules, 3100 tests/rule"):
        operated(None, None, local=False, port=3200)


def test_a_port_beside_a_deployed_stack_is_refused() -> None:
    with pytest.raises(typer.BadParameter, match="--local and --port are of local stacks"):
        operated("relay-prod", None, local=False, port=3000)
