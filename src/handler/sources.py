"""Reads the rules directory of the package: a source for each file, or why it does not load."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from handler.core.errors import Finding, RulesError
from handler.core.rules import load, names
from handler.core.source import Source

# Files of the rules directory that are not sources.
RESERVED: Final = frozenset({"workspaces"})


def read(directory: Path, stage: str) -> Mapping[str, Source | RulesError]:
    """Return name -> source, or the error of that source alone: the others go on."""
    found: dict[str, Source | RulesError] = {}
    for file in sorted(directory.glob("*.yaml")):
        if file.stem not in RESERVED:
            for name, source in _read(file, stage).items():
                twice = RulesError([Finding(_shown(file), 1, 1, f"there is a {name} already")])
                found[name] = twice if name in found else source
    return found


def _read(file: Path, stage: str) -> Mapping[str, Source | RulesError]:
    """Return the sources of a file; where it cannot be read at all, its error by its name."""
    try:
        text = file.read_text(encoding="utf-8")
        named = names(file.stem, text, _shown(file))
    except RulesError as error:
        return {file.stem: error}
    except UnicodeDecodeError:
        return {file.stem: RulesError([Finding(_shown(file), 1, 1, "the file is not UTF-8 text")])}
    return {name: _load(name, text, file, stage) for name in named}


def _load(name: str, text: str, file: Path, stage: str) -> Source | RulesError:
    try:
        return load(name, text, _shown(file), stage)
    except RulesError as error:
        return error


def _shown(file: Path) -> str:
    return f"{file.parent.name}/{file.name}"
