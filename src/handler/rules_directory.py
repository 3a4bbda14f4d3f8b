"""The rules directory of the package: each file is read into its sources, or into an error."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from handler import workspaces
from handler.core.errors import Finding, RulesError
from handler.core.rules.load import load, names
from handler.core.rules.source import Source
from handler.core.workspace import DEFAULT, Reach
from handler.workspaces import shown, text_of

# Files of the rules directory that are not sources.
RESERVED: Final = frozenset({Path(workspaces.FILE).stem})


def read(
    directory: Path, stage: str, *, broadcasts: bool = False
) -> Mapping[str, Source | RulesError]:
    """Return the sources by name; one that does not load is its error, the others are served."""
    reading = _reading(directory, stage, broadcasts=broadcasts)
    found: dict[str, Source | RulesError] = {}
    for file in files(directory):
        for name, source in reading.sources(file).items():
            twice = RulesError([Finding(shown(file), 1, 1, f"there is a {name} already")])
            found[name] = twice if name in found else source
    return found


@dataclass(frozen=True, slots=True)
class _Reading:
    """Settings for the files of a directory; `broken` is the error of workspaces.yaml."""

    stage: str
    reach: Reach
    broken: RulesError | None

    def sources(self, file: Path) -> Mapping[str, Source | RulesError]:
        """Return the sources of a file by name; an error under its own if it cannot be read."""
        try:
            text = text_of(file)
            named = names(file.stem, text, shown(file))
        except RulesError as error:
            return {file.stem: error}
        return {name: self._load(name, text, file) for name in named}

    def _load(self, name: str, text: str, file: Path) -> Source | RulesError:
        try:
            source = _loaded(name, text, shown(file), self.stage, self.reach)
        except RulesError as error:
            return error
        is_home = all(rule.workspace == DEFAULT for rule in source.rules)
        return source if is_home or self.broken is None else self.broken


# Two versions of the rules that are compared, or served one after the other, have most files alike.
@lru_cache(maxsize=512)
def _loaded(name: str, text: str, file: str, stage: str, reach: Reach) -> Source:
    return load(name, text, file, stage, reach)


def _reading(directory: Path, stage: str, *, broadcasts: bool) -> _Reading:
    try:
        known = workspaces.read(directory, None)
    except RulesError as error:
        return _Reading(stage, Reach(None, broadcasts), error)
    return _Reading(stage, Reach(tuple(known), broadcasts), None)


def files(directory: Path) -> list[Path]:
    """Return the rules files of a folder, in order."""
    found = sorted(directory.glob(workspaces.FILES))
    return [file for file in found if file.stem not in RESERVED]
