"""Compiles modules of a package: run by the Python that is to load them, with nothing installed.

Standard input has the paths of the modules in JSON, with the way that each one's bytecode is
checked. The bytecode names its source by that path, whatever folder it was made in.
"""

import json
import py_compile
import sys
from pathlib import Path


def main(folder: Path) -> None:
    """Compile the modules in a folder; end with a line that names the first that cannot be."""
    for path, check in json.load(sys.stdin).items():
        mode = py_compile.PycInvalidationMode[check]
        try:
            py_compile.compile(str(folder / path), dfile=path, doraise=True, invalidation_mode=mode)
        except py_compile.PyCompileError as error:
            sys.exit(error.msg)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
