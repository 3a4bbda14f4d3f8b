"""The local stacks that are up: each has a file of its own, by which other commands find it.

The process that serves a stack holds a lock on its file, which ends with the process however that
ends: what nobody locks is stale.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final
from urllib.parse import urlsplit

from relay.paths import BUILD

FOLDER: Final = BUILD / "stacks"


@dataclass(frozen=True, slots=True)
class LocalStack:
    """A local stack that is up: the rules folder as shown, the relay's URL, the emulator's.

    `braze_url` is that of the simulated Braze, None where Braze is not simulated.
    """

    rules: str
    url: str
    braze_url: str | None
    endpoint: str
    outputs: Mapping[str, str]
    resources: Mapping[str, str] = field(default_factory=dict)

    @property
    def port(self) -> int:
        """The port that it takes webhooks at: no two stacks of a machine share one."""
        return urlsplit(self.url).port or 0

    @property
    def name(self) -> str:
        """Its name for people: `3000 src/rules`."""
        return f"{self.port} {self.rules}"


@contextmanager
def registered(stack: LocalStack, folder: Path | None = None) -> Iterator[None]:
    """Let other commands find a local stack for as long as the context lasts."""
    folder = folder or FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    # Never the name of another process: who deletes a stale file deletes no other one.
    file = folder / f"{stack.port}-{os.getpid()}.json"
    with NamedTemporaryFile("w", dir=folder, suffix=".new", encoding="utf-8", delete=False) as out:
        fcntl.flock(out, fcntl.LOCK_EX)
        json.dump(asdict(stack), out)
        out.flush()
        Path(out.name).rename(file)
        try:
            yield
        finally:
            file.unlink(missing_ok=True)


def local_stacks(folder: Path | None = None) -> list[LocalStack]:
    """Return the local stacks that are up, by port; delete the files of those that have died."""
    found = [_read(file) for file in (folder or FOLDER).glob("*.json")]
    return sorted((one for one in found if one is not None), key=lambda one: one.port)


def _read(file: Path) -> LocalStack | None:
    """Return the stack of a file; None where its process has ended, or its release is another."""
    with suppress(OSError, ValueError, TypeError), file.open(encoding="utf-8") as text:
        if _is_locked(text.fileno()):
            return LocalStack(**json.load(text))
        file.unlink()
    return None


def _is_locked(opened: int) -> bool:
    try:
        fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
