"""Both functions as `sam build` packages them, for this Python: one folder to import them from.

`make artifact` runs tests on it, in place of the checkout's modules and of the lock's libraries.
"""

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from builder.libraries import install
from builder.package import FUNCTIONS, OWN, WORKSPACES, Sources, add_code
from builder.target import HERE

PROJECT = Path(__file__).parent.parent


def write(folder: Path) -> None:
    """Write a new folder of packages; what the two functions share is the same in both."""
    python, source = Path(sys.executable), PROJECT / "src"
    shutil.rmtree(folder, ignore_errors=True)
    with TemporaryDirectory() as rules, TemporaryDirectory() as wheels:
        (Path(rules) / WORKSPACES).touch()  # so that what reads it is packaged
        install(source / "requirements.txt", HERE, Path(wheels), python)
        sources = Sources(source, Path(rules), Path(wheels))
        for function in FUNCTIONS.values():
            add_code(function, sources, folder, python, reads_rules=True)
    for file in (source / OWN).rglob("*.py"):  # what only a build imports, and tests too
        if not (beside := folder / file.relative_to(source)).exists():
            shutil.copyfile(file, beside)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
