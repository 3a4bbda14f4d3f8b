"""Libraries of a package: installs what the lock says, and chooses what goes along with modules."""

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from builder.errors import BuildFailed
from builder.target import BuildTarget

# Lambda's Pythons from 3.12 on run on Amazon Linux 2023, whose glibc is 2.34. uv takes wheels of
# older platforms too; pip takes those only that it is told.
_PLATFORM: Final = "manylinux_2_28"
_PIPS_PLATFORMS: Final = (_PLATFORM, "manylinux_2_17", "manylinux2014")
_LOCKED: Final = ("install", "--quiet", "--require-hashes", "--only-binary", ":all:")
# The build asks for no Python, and trusts the machine's own certificates, as a proxy may need.
_SETTINGS: Final = {"UV_PYTHON_DOWNLOADS": "never", "UV_SYSTEM_CERTS": "true"}
# What is right for installing into a Python, and would refuse to install into a folder.
_OVERRULED: Final = {"PIP_REQUIRE_VIRTUALENV": "0", "PIP_USER": "0"}
_TYPES: Final = {".pyi", ".typed"}  # read by type checkers alone
_KEPT: Final = {"METADATA", "WHEEL"}  # the name and version that scanners read; the platform
_LEGAL: Final = ("LICEN", "COPYING", "NOTICE")


def install(requirements: Path, target: BuildTarget, into: Path, python: Path) -> None:
    """Install a lock for a target, by uv, or by the pip of a Python where there is no uv.

    For this machine it is installed for that Python. Raise BuildFailed where it cannot be.
    """
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    given = _for_uv(uv, target, python) if uv else _for_pip(target, python)
    run = subprocess.run(  # noqa: S603 - uv or pip, with our own arguments
        [*given, "--requirement", str(requirements), "--target", str(into)],
        env=_SETTINGS | os.environ | _OVERRULED,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        said = run.stderr.strip()
        raise BuildFailed(f"{requirements} cannot be installed for {target}:\n{said}")


def _for_uv(uv: str, target: BuildTarget, python: Path) -> list[str]:
    command = [uv, "pip", *_LOCKED, "--python", str(python)]
    if target.machine is not None:
        platform = f"{target.machine}-{_PLATFORM}"
        command += ["--python-version", target.python, "--python-platform", platform]
    return command


def _for_pip(target: BuildTarget, python: Path) -> list[str]:
    command = [str(python), "-m", "pip", *_LOCKED, "--no-deps", "--no-compile"]
    if target.machine is not None:
        command += ["--implementation", "cp", "--python-version", target.python]
        for platform in _PIPS_PLATFORMS:
            command += ["--platform", f"{platform}_{target.machine}"]
    return [*command, "--disable-pip-version-check"]


@dataclass(frozen=True, slots=True)
class Library:
    """An installed library: all of its files, relative to the folder that it is installed in."""

    info: Path
    files: frozenset[Path]

    def kept(self, modules: frozenset[Path], left_out: Sequence[str] = ()) -> frozenset[Path]:
        """Return the files that these modules need: data beside them, metadata, licences.

        Data go along with the nearest folder above them that has modules, but for those left out by
        patterns of their paths.
        """
        own = self.files & modules
        return own | frozenset(self._along(own, left_out) if own else ())

    def _along(self, own: frozenset[Path], left_out: Sequence[str]) -> Iterator[Path]:
        with_code = {file.parent for file in self.files if file.suffix == ".py"}
        needed = {None, *(file.parent for file in own)}
        for file in self.files:
            if self.info in file.parents:
                if self._is_kept(file):
                    yield file
            elif file.suffix != ".py" and file.suffix not in _TYPES:
                above = next((folder for folder in file.parents if folder in with_code), None)
                if above in needed and not any(fnmatch(str(file), it) for it in left_out):
                    yield file

    def _is_kept(self, file: Path) -> bool:
        words = str(file.relative_to(self.info)).upper()
        return file.name in _KEPT or any(word in words for word in _LEGAL)


def libraries(folder: Path) -> Iterator[Library]:
    """Yield what is installed in a folder, without programs and what installers note."""
    for record in sorted(folder.glob("*.dist-info/RECORD")):
        with record.open(encoding="utf-8", newline="") as lines:
            named = [Path(row[0]) for row in csv.reader(lines) if row]
        inside = (file for file in named if ".." not in file.parts and file.parts[0] != "bin")
        yield Library(record.parent.relative_to(folder), frozenset(inside))
