"""A small stack for each test: two queues, a ledger, and nobody who works."""

from pathlib import Path

import pytest

from relay.dead_letters import queue_reader
from tests.relay.dead_letters.desk import Desk
from tests.relay.dead_letters.shop import Rules
from tests.relay.dead_letters.stack import environment, make_stack


@pytest.fixture
def desk(emulated: str, monkeypatch: pytest.MonkeyPatch) -> Desk:
    for name, value in environment(emulated).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(
        queue_reader, "POLL", 0
    )  # the emulator is one server: there is none to wait for
    return make_stack(emulated)


@pytest.fixture
def rules(tmp_path: Path) -> Rules:
    def write(text: str) -> Path:
        folder = tmp_path / "rules"
        folder.mkdir(exist_ok=True)
        (folder / "shop.yaml").write_text(text, encoding="utf-8")
        return folder

    return write
