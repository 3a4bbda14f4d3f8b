"""`python -m builder`: what `sam build` runs for each function, in a copy of `src`."""

import argparse
import sys
from pathlib import Path

from builder.bytecode import find_python
from builder.errors import BuildFailed
from builder.package import build
from builder.target import RUNTIME, BuildTarget


def main() -> None:
    """Build the package of a function; end with a line that says why it cannot be built."""
    parser = argparse.ArgumentParser(prog="builder", description="Build the package of a function.")
    parser.add_argument("function", help="its logical id in template.yaml")
    parser.add_argument("--runtime", default=RUNTIME, help="Lambda's word for its Python")
    parser.add_argument("--architecture", required=True, help="Lambda's word for its processor")
    parser.add_argument("--into", required=True, type=Path, help="the folder of the package")
    parser.add_argument("--python", type=Path, help="a Python of that version, for its bytecode")
    given = parser.parse_args()
    try:
        target = BuildTarget.of(given.runtime, given.architecture)
        python = find_python(target, given.python)
        said = build(given.function, Path(), given.into, target, python)
    except BuildFailed as error:
        sys.exit(f"{given.function} cannot be built: {error}")
    notes = [_without_bytecode(given.function, target)] if python is None else []
    notes += said.splitlines()
    # On standard output: SAM shows standard error only where a build fails.
    sys.stdout.writelines(f"note: {note}\n" for note in notes)


def _without_bytecode(function: str, target: BuildTarget) -> str:
    return (
        f"{function} has no bytecode, so that each cold start takes up to half as long again: "
        f"there is no Python {target.python} on this machine (uv python install {target.python})"
    )


if __name__ == "__main__":
    main()
