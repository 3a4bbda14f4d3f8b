"""Packages in `build/bench` as they are built: of this checkout, of a release, of the typical."""

import io
import shutil
import subprocess
import zipfile
from collections import Counter
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Final

from bench.deliver.packages import RELEASE, emptied
from bench.deliver.webhooks import SOURCE, TOPICS, rules_file
from bench.ingest.figures import DELIVER, INGEST
from bench.paths import BUILD, PROJECT
from bench.processes import Missing
from builder.package import build
from builder.target import HERE
from relay import paths
from relay.virtualenvs import environment, uv

TOP: Final = 8  # parts that are shown
_BUILT: Final = {INGEST: "IngestFunction", DELIVER: "DeliverFunction"}
_LIBRARIES: Final = ("aws-lambda-powertools", "jmespath", "pydantic", "requests")
_TYPICAL: Final = (
    "bench/deliver/typical.py",
    "bench/ingest/typical.py",
    "bench/ingest/typical_once.py",
)


@cache
def python() -> Path:
    """Return the Python that stands for Lambda's: with its runtime client and boto3, compiled."""
    found = environment("lambda-runtime") / "python"
    command = (found, "-m", "compileall", "-q", found.parents[1] / "lib")
    subprocess.run(command, check=True)  # noqa: S603 - of this project's own environment
    return found


@cache
def rules(count: int) -> Path:
    """Return a folder with one rules file, of so many rules."""
    folder = emptied(f"rules-{count}")
    text = rules_file(count - len(TOPICS))
    (folder / f"{SOURCE}.yaml").write_text(text, encoding="utf-8")
    return folder


@cache
def ours(function: str, count: int) -> Path:
    """Return this checkout's package of a function, with so many rules, as `sam build` makes it.

    Raise Missing where its rules cannot be compiled here.
    """
    folder = emptied(f"ours-{function}-{count}")
    if why := build(_BUILT[function], _source(count), folder, HERE, python()):
        raise Missing(why)
    return folder


@cache
def _source(count: int) -> Path:
    """Return a copy of `src` with so many rules."""
    folder = emptied(f"source-{count}")
    left_out = shutil.ignore_patterns("__pycache__")
    shutil.copytree(paths.SOURCE, folder, dirs_exist_ok=True, ignore=left_out)
    shutil.rmtree(folder / "rules")
    shutil.copytree(rules(count), folder / "rules")
    return folder


@cache
def release(count: int) -> Path:
    """Return RELEASE's package of both functions, with so many rules, as `sam build` leaves it.

    Raise Missing where git does not have its commit, or its wheels cannot be had.
    """
    archive = ("git", "archive", "--format=zip", RELEASE, "src")
    found = subprocess.run(archive, cwd=PROJECT, capture_output=True, check=False)  # noqa: S603 - git alone
    if found.returncode:
        raise Missing(f"{RELEASE}: its commit is not in this clone (git fetch --unshallow)")
    folder = emptied(f"{RELEASE}-{count}")
    with zipfile.ZipFile(io.BytesIO(found.stdout)) as packed:
        packed.extractall(folder)
    _install(folder, "--require-hashes", "--requirements", folder / "src" / "requirements.txt")
    (folder / "src" / "handler").rename(folder / "handler")
    shutil.rmtree(folder / "src")
    shutil.copytree(rules(count), folder / "rules")
    return folder


@cache
def typical(*, bytecode: bool) -> Path:
    """Return the typical application's package: as `sam build` leaves it, or with bytecode.

    Raise Missing where its wheels cannot be had.
    """
    folder = emptied(f"typical{'-bytecode' if bytecode else ''}")
    wanted = (f"{name}=={version(name)}" for name in _LIBRARIES)
    locked = ("--constraints", PROJECT / "src" / "requirements.txt")
    _install(folder, *wanted, *locked, bytecode=bytecode)
    for name in _TYPICAL:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, file)
    if bytecode:
        _compile(folder / "bench")
    return folder


def _install(folder: Path, *requirements: str | Path, bytecode: bool = False) -> None:
    """Install wheels into a folder, from a copy that is made once for each set of them."""
    texts = [it.read_text("utf-8") if isinstance(it, Path) else it for it in requirements]
    made_of = repr([*texts, str(python()), bytecode]).encode()
    wheels = BUILD / f"wheels-{sha256(made_of).hexdigest()[:16]}"
    if not wheels.exists():
        unfinished = emptied(f"{wheels.name}.unfinished")
        options = ("--quiet", "--no-compile-bytecode", "--target", str(unfinished))
        try:
            uv("pip", "install", *options, "--python", str(python()), *map(str, requirements))
        except RuntimeError as error:
            raise Missing(f"{folder.name}: {error}") from None
        if bytecode:
            _compile(unfinished)
        unfinished.rename(wheels)
    shutil.copytree(wheels, folder, dirs_exist_ok=True)


def _compile(folder: Path) -> None:
    """Write bytecode that is valid whatever the date of its file, which a zip does not keep."""
    command = (python(), "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", folder)
    subprocess.run(command, check=True)  # noqa: S603 - of this project's own environment


def parts(folder: Path) -> list[str]:
    """Return what a package holds, by its first folder, the largest first."""
    sizes = Counter[str]()
    for file in folder.rglob("*"):
        if file.is_file():
            sizes[file.relative_to(folder).parts[0]] += file.stat().st_size
    whole = sizes.total()
    return [f"{size / whole:.0%} {name}" for name, size in sizes.most_common(TOP)]


@cache
def megabytes(folder: Path) -> float:
    """Return the size of a package's zip, in 10⁶ bytes."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                zipped.write(file, file.relative_to(folder))
    return len(archive.getvalue()) / 10**6
