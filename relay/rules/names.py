"""Names in a rules folder: sources, rules and workspaces, also of rules that do not compile.

An operator must be able to pause a rule that has a mistake, so only the files' shape counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from handler import workspaces
from handler.core.configuration import yaml12
from handler.core.errors import RulesError
from handler.core.rules.schema import FileBlock, SourceBlock, read_file, surge_limit
from handler.core.suggestions import closest
from handler.core.workspace import DEFAULT
from handler.rules_directory import files
from handler.workspaces import text_of

Rule = tuple[str, str]  # source and rule
_CUTOFF: Final = 0.5  # of difflib: `source/shop` is still near enough to `source/shopify`


@dataclass(frozen=True, slots=True)
class Named:
    """A rule's workspace, its surge limit as (deliveries, seconds), and its guard's name."""

    workspace: str
    surge: tuple[int, int] | None = None
    guard: str | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """All names of a rules folder; `unread` are the files that cannot be read."""

    rules: Mapping[Rule, Named] = field(default_factory=dict)
    workspaces: frozenset[str] = frozenset({DEFAULT})
    unread: tuple[str, ...] = ()

    @property
    def sources(self) -> list[str]:
        """The sources, by name."""
        return sorted({source for source, _ in self.rules})

    @property
    def scopes(self) -> list[str]:
        """All scopes that can be paused."""
        return [
            "all",
            *(f"source/{source}" for source in self.sources),
            *(f"rule/{source}/{rule}" for source, rule in sorted(self.rules)),
            *(f"workspace/{workspace}" for workspace in sorted(self.workspaces)),
        ]


def read_names(folder: Path) -> Names:
    """Return the names of a rules folder."""
    rules: dict[Rule, Named] = {}
    unread = []
    for file in files(folder):
        block = _read(file)
        if block is None:
            unread.append(file.name)
        else:
            rules |= _rules(block, file.stem)
    used = {named.workspace for named in rules.values()}
    return Names(rules, frozenset({DEFAULT, *used, *_workspaces(folder)}), tuple(unread))


def suggestion(text: str, known: list[str]) -> str:
    """Return what may have been meant, as text to append to an error; may be empty."""
    near = closest(text, known, _CUTOFF)
    if not near:  # a name alone, without the word before it
        near = next((one for one in known if one.partition("/")[2] == text), None)
    return f"; did you mean {near}?" if near else ""


def _read(file: Path) -> FileBlock | None:
    try:
        block = read_file(yaml12.load(text_of(file), file.name))
    except RulesError:
        return None
    return block if isinstance(block, FileBlock) else None


def _rules(block: FileBlock, stem: str) -> dict[Rule, Named]:
    return {
        (source, rule.name): Named(
            rule.workspace or own.workspace or DEFAULT, surge_limit(rule.surge), rule.guard
        )
        for source, own in (block.sources or {stem: SourceBlock()}).items()
        for rule in block.rules
    }


def _workspaces(folder: Path) -> list[str]:
    try:
        return list(workspaces.read(folder, None))
    except RulesError:
        return []  # workspaces that rules name are known all the same
