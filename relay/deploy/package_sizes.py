"""Contents and size of each function's package, beside Lambda's limits: `make sizes`."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import source_from_cache
from io import BytesIO
from pathlib import Path
from typing import Final

from rich.table import Table

from relay.console.terminal import console
from relay.paths import PROJECT
from relay.stacks.template import parse
from relay.virtualenvs import environment

# Lambda takes 250 MB unzipped and 50 MB zipped, and counts in powers of two.
UNZIPPED: Final = 250 * 2**20
ZIPPED: Final = 50 * 2**20


@dataclass(frozen=True, slots=True)
class PackageSize:
    """A package: its function, the bytes of each part of it, and those of its zip."""

    function: str
    parts: Mapping[str, int]
    zipped: int


def build(folder: Path) -> Path:
    """Run `sam build` into a folder of its own, not that of a deployment; return the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    run = subprocess.run(
        [environment("sam") / "sam", "build", "--no-cached", "--build-dir", folder],
        cwd=PROJECT,
        env=os.environ
        | {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),  # uv
            "SAM_CLI_TELEMETRY": "0",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise RuntimeError(f"sam build failed:\n{run.stderr}")
    return folder


def packages(built: Path) -> list[PackageSize]:
    """Return the packages that `sam build` made."""
    resources = parse((built / "template.yaml").read_text(encoding="utf-8"))["Resources"]
    folders = {
        name: built / resource["Properties"]["CodeUri"]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
    }
    return [PackageSize(name, _parts(folder), _zipped(folder)) for name, folder in folders.items()]


def _parts(folder: Path) -> dict[str, int]:
    """Return the bytes of what stands at the top: our code, the rules, and each library.

    Bytecode counts with its source; the metadata of all libraries are one part.
    """
    parts: Counter[str] = Counter()
    for file in _files(folder):
        source = Path(source_from_cache(str(file))) if file.suffix == ".pyc" else file
        top, *inside = source.relative_to(folder).parts
        name = "metadata and licences" if top.endswith(".dist-info") else top
        parts[f"{name}/" if inside and name == top else name] += file.stat().st_size
    return dict(parts.most_common())


def _zipped(folder: Path) -> int:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as package:
        for file in _files(folder):
            package.write(file, file.relative_to(folder))
    return len(archive.getvalue())


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def table(package: PackageSize) -> Table:
    """Return a table of a package's parts, the heaviest first, and of the two sums."""
    shown = Table("package", "bytes", "of Lambda's limit", title=package.function)
    for column in shown.columns[1:]:
        column.justify = "right"
    for name, size in package.parts.items():
        shown.add_row(name, f"{size:,}")
    shown.add_section()
    for name, size, limit in (
        ("unzipped", sum(package.parts.values()), UNZIPPED),
        ("zipped", package.zipped, ZIPPED),
    ):
        shown.add_row(name, f"{size:,}", f"{size / limit:.0%} of {limit:,}")
    return shown


def main() -> None:
    """Build the packages and show them."""
    for package in packages(build(PROJECT / "build" / "sam" / "package")):
        console().print(table(package))


if __name__ == "__main__":
    main()
