"""New files: never over a file, and whole or not at all."""

from pathlib import Path


def write_new(file: Path, content: bytes) -> None:
    """Write a file; raise FileExistsError where there is one already, and OSError without it."""
    with file.open("xb") as out:
        try:
            out.write(content)
            out.flush()
        except OSError:
            file.unlink()
            raise
