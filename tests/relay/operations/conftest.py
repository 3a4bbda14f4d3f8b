"""A stack of its own for each test, in the emulator."""

from pathlib import Path

import boto3
import pytest

from relay.stacks.local import REGION
from tests.e2e.harness import session
from tests.relay.operations.stage import RULES, Stage, make_stack


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    for name, text in RULES.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def aws(emulated: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let the commands' own AWS configuration lead to the emulator."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulated)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", session())
    return emulated


@pytest.fixture
def stage(aws: str, rules: Path) -> Stage:
    return Stage(make_stack(aws), str(rules))
