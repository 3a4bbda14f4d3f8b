"""State of a rules folder while it is edited: its files, and when a state is worth a decision."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from handler.workspaces import FILE as WORKSPACES

_SHOWN: Final = "[!.]*.y*ml"  # rules files, workspaces.yaml, and .yml, which the check reports
# A file system may date two writes alike, those of 2 s: so long it is read again at each look.
_READ_AGAIN: Final = 8  # looks

Files = Mapping[str, bytes | None]  # by name; None cannot be read


@dataclass(slots=True)
class Folder:
    """A rules folder that is looked at several times a second."""

    path: Path
    _stats: tuple[tuple[str, int, int, int], ...] | None = None
    _same: int = 0
    _files: Files = field(default_factory=dict)

    def look(self) -> Files:
        """Return the content of all files; what has long been as it is is not read again."""
        paths = sorted(self.path.glob(_SHOWN))
        stats = tuple(one for one in map(_stat, paths) if one)
        self._same = self._same + 1 if stats == self._stats else 0
        if self._same <= _READ_AGAIN:
            self._files = {path.name: _content(path) for path in paths if path.exists()}
        self._stats = stats
        return self._files


def _stat(path: Path) -> tuple[str, int, int, int] | None:
    try:
        found = path.stat()
    except OSError:  # it has just gone
        return None
    return path.name, found.st_ino, found.st_mtime_ns, found.st_size


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


@dataclass(slots=True)
class Settling:
    """The states that a folder passes through: one is decided on once two looks have it in common.

    So what an editor has half written, or has just taken away to put it anew, is not decided on.
    """

    decided: Files
    last: Files

    def is_due(self, files: Files) -> bool:
        """Take a look; return whether its state is settled, and another than the last decided."""
        is_settled, self.last = files == self.last, files
        if not is_settled or files == self.decided:
            return False
        self.decided = files
        return True


def changed(before: Files, after: Files) -> tuple[str, ...]:
    """Return the names of the files that are new, gone or different."""
    names = sorted({*before, *after})
    return tuple(
        one
        for one in names
        if before.get(one) != after.get(one) or (one in before) != (one in after)
    )


def functions(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the functions whose packages have files of these names, in the order of renewal.

    Deliver comes first: it must know a workspace before a delivery names it.
    """
    return ("DeliverFunction", "IngestFunction") if WORKSPACES in names else ("IngestFunction",)
