"""The Lambda package for this host: locked wheels, `src/`, rules, Amazon's runtime client."""

import hashlib
import io
import platform
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from handler.compiled_rules import FILE
from handler.core.errors import RulesError
from handler.core.rules.encode_source import NotEncodable
from handler.rules_build import compiled
from relay.paths import BUILD, SOURCE
from relay.virtualenvs import environment, uv

# The emulator starts a custom runtime by its `bootstrap`; Amazon's client serves the handler.
_BOOTSTRAP = '#!/bin/sh\ncd "$LAMBDA_TASK_ROOT" && exec {python} -m awslambdaric "$_HANDLER"\n'
_EXECUTABLE = 0o755 << 16
_PLAIN = 0o644 << 16


def package(rules: Path) -> bytes:
    """Return the zip of both functions, with the given folder as its `rules/`."""
    python = environment("lambda-runtime") / "python"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as package_zip:
        for name, content in _contents(_wheels(python), rules):
            package_zip.writestr(_entry(name, _PLAIN), content)
        package_zip.writestr(_entry("bootstrap", _EXECUTABLE), _BOOTSTRAP.format(python=python))
    return archive.getvalue()


def _wheels(python: Path) -> Path:
    """Return the folder of installed wheels, made once for each lock and interpreter."""
    requirements = SOURCE / "requirements.txt"
    made_of = requirements.read_bytes() + f"{sys.version}{platform.platform()}".encode()
    folder = BUILD / f"wheels-{hashlib.sha256(made_of).hexdigest()[:16]}"
    if not folder.exists():
        unfinished = BUILD / f"{folder.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        uv(
            *("pip", "install", "--quiet", "--require-hashes", "--compile-bytecode"),
            *("--requirements", str(requirements), "--target", str(unfinished)),
            *("--python", str(python)),
        )
        unfinished.rename(folder)
    return folder


def _contents(wheels: Path, rules: Path) -> Iterator[tuple[str, bytes]]:
    for folder, prefix in ((wheels, ""), (SOURCE / "handler", "handler/"), (rules, "rules/")):
        for file in sorted(folder.rglob("*")):
            is_made_here = prefix and ("__pycache__" in file.parts or file.name == FILE)
            if file.is_file() and not is_made_here:
                yield f"{prefix}{file.relative_to(folder)}", file.read_bytes()
    yield from _compiled(rules)


def _compiled(rules: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the file of compiled rules; none where a mistake in one is yet to be shown."""
    try:
        content = compiled(rules)
    except (RulesError, NotEncodable):
        return
    yield f"rules/{FILE}", content


def _entry(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode
    return entry
