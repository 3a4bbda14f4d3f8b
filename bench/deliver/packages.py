"""Packages in `build/bench`: functions of this checkout and of a release, Segment's action."""

import io
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Final

from bench.deliver.webhooks import SOURCE, rules_file
from bench.paths import BUILD, PROJECT
from bench.processes import Missing

RELEASE: Final = "630240a"  # which claimed and marked each delivery by a call of its own
_SEGMENT: Final = Path(__file__).parent / "segment"


def ours() -> Path:
    """Return a package of this checkout's functions with the benchmark's rules."""
    package = emptied("ours")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PROJECT / "src" / "handler", package / "handler", ignore=ignored)
    return _with_rules(package, tracks=True)


def release() -> Path:
    """Return the same of RELEASE; raise Missing where git does not have its commit."""
    package = emptied(RELEASE)
    archive = ("git", "archive", "--format=zip", RELEASE, "src/handler")
    found = subprocess.run(archive, cwd=PROJECT, capture_output=True, check=False)  # noqa: S603 - git alone
    if found.returncode:
        raise Missing(f"{RELEASE}: its commit is not in this clone (git fetch --unshallow)")
    with zipfile.ZipFile(io.BytesIO(found.stdout)) as packed:
        packed.extractall(package)
    (package / "src" / "handler").rename(package / "handler")
    return _with_rules(package)


def segment() -> Path:
    """Return a folder with Segment's packages, as its lock pins them; raise Missing without npm."""
    folder = BUILD / "segment"
    lock = (_SEGMENT / "package-lock.json").read_text(encoding="utf-8")
    installed = folder / "installed.json"  # the lock that was installed
    if not installed.exists() or installed.read_text(encoding="utf-8") != lock:
        _install(emptied("segment"))
        installed.write_text(lock, encoding="utf-8")
    shutil.copy(_SEGMENT / "action.js", folder)
    return folder


def _install(folder: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(_SEGMENT / name, folder)
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise Missing("Segment: node and npm are not on the path")
    quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
    found = subprocess.run([npm, "ci", *quiet], cwd=folder, capture_output=True, check=False)  # noqa: S603 - the locked packages, without their scripts
    if found.returncode:
        raise Missing("Segment: npm cannot install it; is the registry within reach?")


def emptied(name: str) -> Path:
    """Return an empty folder of this name."""
    folder = BUILD / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _with_rules(package: Path, *, tracks: bool = False) -> Path:
    (package / "rules").mkdir()
    text = rules_file(tracks=tracks)
    (package / "rules" / f"{SOURCE}.yaml").write_text(text, encoding="utf-8")
    return package
