"""A local stack is found while it lives; one that was killed is said to have died, at once."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from relay.stacks import selection as module
from relay.stacks.selection import LOCAL, Operated, operated

OUTPUTS = {"QueueUrl": "q"}


@pytest.fixture
def port() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture
def endpoint(port: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Write what a stack leaves for other commands; return its endpoint."""
    found, file = f"http://127.0.0.1:{port.getsockname()[1]}", tmp_path / "stack.json"
    file.write_text(json.dumps({"endpoint": found, "outputs": OUTPUTS}), encoding="utf-8")
    monkeypatch.setattr(module, "_FILE", file)
    return found


def test_a_stack_that_listens_is_the_local_one(endpoint: str) -> None:
    assert operated(None, None, local=True) == Operated(LOCAL, OUTPUTS, endpoint)


@pytest.mark.usefixtures("endpoint")
def test_a_stack_that_was_killed_is_named_with_its_remedy(port: socket.socket) -> None:
    port.close()
    with pytest.raises(typer.BadParameter, match="has died: `relay up` or `make run` again"):
        operated(None, None, local=True)
