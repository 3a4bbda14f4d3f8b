"""Imports point one way: entry points -> adapters -> core; relay -> handler."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parent.parent / "src"
CORE = sorted((SRC / "handler" / "core").glob("*.py"))
HANDLER = sorted((SRC / "handler").rglob("*.py"))
IMPURE = {"os", "time", "boto3", "botocore", "requests", "aws_lambda_powertools", "logging"}


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)


@pytest.mark.parametrize("file", CORE, ids=lambda file: file.stem)
def test_core_imports_neither_clock_nor_environment_nor_network_nor_adapters(file: Path) -> None:
    for name in imports(file):
        assert name.split(".")[0] not in IMPURE, f"{file.name} imports {name}"
        if name.startswith("handler."):
            assert name.startswith("handler.core"), f"{file.name} imports {name}"


@pytest.mark.parametrize("file", HANDLER, ids=lambda file: file.stem)
def test_nothing_that_is_deployed_imports_the_tools(file: Path) -> None:
    assert not [name for name in imports(file) if name.split(".")[0] == "relay"]


@pytest.mark.parametrize("file", HANDLER, ids=lambda file: file.stem)
def test_no_adapter_imports_an_entry_point(file: Path) -> None:
    entries = {"handler.ingest", "handler.deliver"}
    assert not entries.intersection(imports(file))


# What each entry point must not load, directly or through others.
FOREIGN = {
    "handler.ingest": {
        "phonenumbers",
        "requests",
        "handler.braze",
        "handler.ledger",
        "aws_xray_sdk",
    },
    "handler.deliver": {
        "handler.core.verify",
        "handler.core.rules",
        "handler.core.expressions",
        "handler.core.parse",
        "phonenumbers",
        "yaml",
        "aws_xray_sdk",
    },
}


def loaded(code: str) -> list[str]:
    return subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; print(*sys.modules)"],
        env={"PYTHONPATH": str(SRC), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()


@pytest.mark.parametrize("entry", FOREIGN)
def test_an_entry_point_loads_nothing_of_the_other(entry: str) -> None:
    assert not FOREIGN[entry].intersection(loaded(f"import {entry}"))


def test_a_file_of_workspaces_costs_deliver_yaml_and_nothing_of_the_rules(tmp_path: Path) -> None:
    read = f"from handler.workspaces import Path, read; read(Path({str(tmp_path)!r}), None)"
    assert "yaml" not in loaded(f"import handler.deliver; {read}")
    file = tmp_path / "workspaces.yaml"
    file.write_text("usa: {endpoint: https://rest.iad-03.braze.com}", encoding="utf-8")
    found = loaded(f"import handler.deliver; {read}")
    assert FOREIGN["handler.deliver"].intersection(found) == {"yaml"}
