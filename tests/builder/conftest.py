"""Packages that are built for the Python and the machine that run the tests."""

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from builder.libraries import install
from builder.package import FUNCTIONS, Sources, add_code, add_rules
from builder.target import HERE
from relay.paths import PROJECT, SOURCE

PYTHON = Path(sys.executable)
RULES = PROJECT / "tests" / "rules"
NAMES = tuple(FUNCTIONS)


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    install(SOURCE / "requirements.txt", HERE, folder, PYTHON)
    return folder


@dataclass(frozen=True)
class Builder:
    """Makes packages of this checkout, once for each function and name of a folder."""

    sources: Sources
    folder: Path

    def __call__(self, function: str, to: str = "first") -> Path:
        made = self.folder / to / function
        if not made.exists():
            add_code(FUNCTIONS[function], self.sources, made, PYTHON, reads_rules=True)
            add_rules(FUNCTIONS[function], self.sources.rules, made)
        return made


@pytest.fixture(scope="session")
def build(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return Builder(Sources(SOURCE, RULES, wheels), tmp_path_factory.mktemp("packages"))


@pytest.fixture
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a Python that finds its library by a variable, as that of Lambda's images does.

    uv, which is not beside it, is on the path.
    """
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    monkeypatch.setenv("PATH", f"{PYTHON.parent}{os.pathsep}{os.environ['PATH']}")
    python = tmp_path / "python"
    found = f'[ "$LD_LIBRARY_PATH" = "{tmp_path}" ]'
    python.write_text(f'#!/bin/sh\n{found} && exec "{PYTHON}" "$@"\nexit 127\n', encoding="utf-8")
    python.chmod(0o755)
    return python


@pytest.fixture
def copy(build: Builder, tmp_path: Path) -> Callable[[str], Path]:
    """Return what gives a package that a test may change."""
    return lambda function: Path(shutil.copytree(build(function), tmp_path / function))
