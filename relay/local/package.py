"""The Lambda packages for this host: what `sam build` makes, and Amazon's runtime client."""

import hashlib
import io
import platform
import shutil
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Final

from builder.libraries import install
from builder.package import FUNCTIONS, RULES, WORKSPACES, Sources, add_code, add_rules
from builder.target import HERE
from handler.core.errors import RulesError
from handler.core.rules.encode_source import NotEncodable
from handler.rules_build import write
from relay.paths import BUILD, SOURCE
from relay.virtualenvs import environment

# The emulator starts a custom runtime by its `bootstrap`; Amazon's client serves the handler.
_BOOTSTRAP: Final = '#!/bin/sh\ncd "$LAMBDA_TASK_ROOT" && exec {} -m awslambdaric "$_HANDLER"\n'
_EXECUTABLE: Final = 0o755 << 16
_PLAIN: Final = 0o644 << 16
_KEPT: Final = 86_400  # seconds for which code that is no longer asked for is kept


def packages(rules: Path) -> dict[str, bytes]:
    """Return the zip of each function by its logical id, with the given folder as its rules."""
    python = environment("lambda-runtime") / "python"
    return {name: _package(name, rules, python) for name in FUNCTIONS}


def _package(name: str, rules: Path, python: Path) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package, TemporaryDirectory() as folder:
        add_rules(FUNCTIONS[name], rules, Path(folder))
        if FUNCTIONS[name].compiles_rules:
            _compile(Path(folder) / RULES)
        for part in (_code(name, rules, python), Path(folder)):
            for path, content in _contents(part):
                package.writestr(_entry(path, _PLAIN), content)
        package.writestr(_entry("bootstrap", _EXECUTABLE), _BOOTSTRAP.format(python))
    return archive.getvalue()


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
                if folder.stat().st_mtime < time.time() - _KEPT:
                    shutil.rmtree(folder, ignore_errors=True)


def _contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a folder in order; of bytecode, only what a build has made."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not (folder.parent == SOURCE and "__pycache__" in file.parts):
            yield str(file.relative_to(folder)), file.read_bytes()


def _entry(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode
    return entry
