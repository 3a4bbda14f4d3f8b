"""The Lambda packages for this host: what `sam build` makes, and Amazon's runtime client."""

import fcntl
import hashlib
import io
import os
import platform
import shutil
import stat
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Final

from builder.libraries import install
from builder.package import FUNCTIONS, OWN, RULES, WORKSPACES, Sources, add_code, add_rules
from builder.target import HERE
from handler.core.errors import RulesError
from handler.core.rules.encode_source import NotEncodable
from handler.rules_build import write
from relay.paths import BUILD, SOURCE
from relay.virtualenvs import environment

# The emulator starts a custom runtime by its `bootstrap`; Amazon's client serves the handler.
# It writes no bytecode, as in Lambda, where the package cannot be written to.
_BOOTSTRAP: Final = '#!/bin/sh\ncd "$LAMBDA_TASK_ROOT" && exec {} -B -m awslambdaric "$_HANDLER"\n'
_EXECUTABLE: Final = 0o755 << 16
_PLAIN: Final = 0o644 << 16
_LINK: Final = (stat.S_IFLNK | 0o777) << 16
_ABOUT: Final = ".dist-info"  # of a wheel: `relay doctor` reads there what it is built for
_KEPT: Final = 86_400  # seconds for which code that is no longer asked for is kept
Entry = tuple[str, int, bytes]  # path, attributes, content


def packages(rules: Path) -> dict[str, bytes]:
    """Return the zip of each function by its logical id, with the given folder as its rules."""
    return {name: _zipped(name, rules, _whole) for name in FUNCTIONS}


def package(name: str, rules: Path) -> bytes:
    """Return the zip of a function for an emulator of this process: the same, by links.

    It has the rules and our own code, which looks for the rules beside itself, and what wheels say
    of themselves; libraries, most of its 1,500 files, are links into a folder that stays for as
    long as this process.
    """
    return _zipped(name, rules, _linked)


def _zipped(name: str, rules: Path, parts: Callable[[Path], Iterator[Entry]]) -> bytes:
    python = environment("lambda-runtime") / "python"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package, TemporaryDirectory() as folder:
        add_rules(FUNCTIONS[name], rules, Path(folder))
        if FUNCTIONS[name].compiles_rules:
            _compile(Path(folder) / RULES)
        for path, mode, content in (*parts(_code(name, rules, python)), *_whole(Path(folder))):
            package.writestr(_entry(path, mode), content)
        package.writestr(_entry("bootstrap", _EXECUTABLE), bootstrap(str(python)))
    return archive.getvalue()


def bootstrap(python: str) -> str:
    """Return the program by which the emulator starts an environment with a Python."""
    return _BOOTSTRAP.format(python)


def _whole(folder: Path) -> Iterator[Entry]:
    yield from ((path, _PLAIN, content) for path, content in _contents(folder))


def _linked(folder: Path) -> Iterator[Entry]:
    _hold(folder)
    for part in sorted(folder.iterdir()):
        if part.name == OWN or part.suffix == _ABOUT:
            yield from (
                (f"{part.name}/{path}", _PLAIN, content) for path, content in _contents(part)
            )
        else:
            yield part.name, _LINK, bytes(part)


@cache
def _hold(folder: Path) -> int:
    """Keep a folder from being deleted for as long as this process lives; return its lock."""
    opened = os.open(folder, os.O_RDONLY)
    fcntl.flock(opened, fcntl.LOCK_SH)
    return opened


def _compile(rules: Path) -> None:
    """Compile rules; not those with a mistake, which is yet to be shown."""
    with suppress(RulesError, NotEncodable):
        write(rules)


def _code(name: str, rules: Path, python: Path) -> Path:
    """Return the folder of a function's code, made once for each state of what it is made of."""
    sources = Sources(SOURCE, rules, _wheels(python))
    made_of = [sources.wheels.name.encode(), str((rules / WORKSPACES).exists()).encode()]
    for folder in ("builder", "handler"):
        for path, content in _contents(SOURCE / folder):
            made_of += [path.encode(), content]
    # Rules that cannot be compiled are served here too, so that their mistakes are seen.
    add = partial(add_code, FUNCTIONS[name], sources, python=python, reads_rules=True)
    return _once(name, made_of, add)


def _wheels(python: Path) -> Path:
    """Return the folder of installed wheels, made once for each lock and interpreter."""
    lock = SOURCE / "requirements.txt"
    made_of = [lock.read_bytes(), f"{sys.version}{platform.platform()}".encode()]
    return _once("wheels", made_of, lambda folder: install(lock, HERE, folder, python))


def _once(name: str, made_of: list[bytes], make: Callable[[Path], None]) -> Path:
    """Return a folder that is made once, also where several processes ask for it at once."""
    state = hashlib.sha256(b"\0".join(made_of)).hexdigest()[:16]
    folder = BUILD / f"{name}-{state}"
    if folder.exists():
        folder.touch()
        return folder
    _forget(name)
    unfinished = Path(mkdtemp(prefix="unfinished-", dir=BUILD))
    make(unfinished)
    try:
        unfinished.rename(folder)
    except OSError:  # another process was first, and made the same
        shutil.rmtree(unfinished)
    return folder


def _forget(name: str) -> None:
    """Delete what was made of earlier states, and what was left unfinished."""
    BUILD.mkdir(parents=True, exist_ok=True)
    for pattern in (f"{name}-*", "unfinished-*"):
        for folder in BUILD.glob(pattern):
            with suppress(FileNotFoundError):  # another process deletes it too
                if folder.stat().st_mtime < time.time() - _KEPT and not _is_held(folder):
                    shutil.rmtree(folder, ignore_errors=True)


def _is_held(folder: Path) -> bool:
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(opened)
    return False


def _contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a folder in order; of bytecode, only what a build has made."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not (folder.parent == SOURCE and "__pycache__" in file.parts):
            yield str(file.relative_to(folder)), file.read_bytes()


def _entry(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode
    return entry
