"""Bytecode of a package, and the Python that makes it: one of the target's version, found here.

Lambda cannot write beside the code, so that without bytecode each cold start compiles what it
imports. Archives are dated 1980: bytecode is checked by the hash of its source, which is in it, not
by its date.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from builder.errors import BuildFailed
from builder.target import BuildTarget

CHECKED: Final = "CHECKED_HASH"  # compared with its source at each import: 5 ms a cold start
UNCHECKED: Final = "UNCHECKED_HASH"  # loaded whatever its source says
_SAY: Final = "import sys; print(sys.implementation.cache_tag, sys.version_info.releaselevel)"
_COMPILER: Final = Path(__file__).with_name("compile_files.py")
_SECONDS: Final = 10


def this_python() -> Path:
    """Return the Python that runs this."""
    return Path(sys.executable)


def environment(**settings: str) -> dict[str, str]:
    """Return the variables for a Python that a build runs: this one's, and of Python's these alone.

    Some Pythons find their own library by LD_LIBRARY_PATH, such as that of Lambda's images.
    """
    others = {name: one for name, one in os.environ.items() if not name.startswith("PYTHON")}
    return others | settings


def find_python(target: BuildTarget, given: Path | None = None) -> Path | None:
    """Return a Python of the target's version on this machine; None without one.

    Nothing is downloaded. Raise BuildFailed where the given one is none of that version.
    """
    if given is not None:
        if not _fits(given, target):
            raise BuildFailed(f"{given} is no Python {target.python}, or none that can be run")
        return given
    return next((python for python in _candidates(target) if _fits(python, target)), None)


def _candidates(target: BuildTarget) -> Iterator[Path]:
    """Yield what may be one: this Python, that on the path, uv's, pyenv's."""
    name = f"python{target.python}"
    yield this_python()
    if on_path := shutil.which(name):
        yield Path(on_path)
    if uv := shutil.which("uv"):
        known = _said(uv, "python", "find", "--no-project", "--no-python-downloads", target.python)
        yield from (Path(line) for line in known.splitlines())
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob(f"versions/{target.python}.*/bin/{name}"), reverse=True)


def _fits(python: Path, target: BuildTarget) -> bool:
    """Return whether a Python makes the target's bytecode: a release of CPython, no preview."""
    return _said(str(python), "-I", "-S", "-c", _SAY).split() == [target.cache_tag, "final"]


def _said(*command: str) -> str:
    """Return what a program says; nothing where it fails, as pyenv's name of an absent Python."""
    try:
        run = subprocess.run(  # noqa: S603 - Pythons and uv, with our own arguments
            command, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "" if run.returncode else run.stdout


def compile_modules(python: Path, folder: Path, checks: Mapping[Path, str]) -> None:
    """Compile modules of a folder, each with its way of being checked; raise BuildFailed.

    The same sources give the same bytes: in one process, in order, with one seed for hashes.
    """
    asked = {str(path): check for path, check in sorted(checks.items())}
    run = subprocess.run(  # noqa: S603 - a Python that was found to fit
        [str(python), "-S", "-s", "-P", str(_COMPILER), str(folder)],
        input=json.dumps(asked),
        env=environment(PYTHONHASHSEED="0"),
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise BuildFailed(f"{python} cannot compile the package:\n{run.stderr.strip()}")


def checks(own: Iterable[Path], libraries: Iterable[Path]) -> dict[Path, str]:
    """Return how bytecode is checked: an edit of ours is seen, a library is as it was installed."""
    return dict.fromkeys(libraries, UNCHECKED) | dict.fromkeys(own, CHECKED)
