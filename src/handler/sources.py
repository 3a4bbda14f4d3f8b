"""Reads the rules directory of the package: a source for each file, or why it does not load."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from handler.core.errors import Finding, RulesError
from handler.core.rules import load
from handler.core.source import Source

# Files of the rules directory that are not sources.
RESERVED: Final = frozenset({"workspaces"})


def read(directory: Path, stage: str) -> Mapping[str, Source | RulesError]:
    """Return name -> source, or the error of that file alone: other sources go on."""
    return {
        file.stem: _load(file, stage)
        for file in sorted(directory.glob("*.yaml"))
        if file.stem not in RESERVED
    }


def _load(file: Path, stage: str) -> Source | RulesError:
    shown = f"{file.parent.name}/{file.name}"
    try:
        return load(file.stem, file.read_text(encoding="utf-8"), shown, stage)
    except RulesError as error:
        return error
    except UnicodeDecodeError:
        return RulesError([Finding(shown, 1, 1, "the file is not UTF-8 text")])
