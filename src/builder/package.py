"""Package of a function: its code with the libraries that it imports, bytecode, and its rules."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from builder.bytecode import checks, compile_modules, environment, this_python
from builder.errors import BuildFailed
from builder.imports import Modules
from builder.libraries import install, libraries
from builder.target import HERE, BuildTarget

OWN: Final = "handler"
RULES: Final = "rules"
_COMPILER: Final = "handler.rules_build"
_RULES_READERS: Final = ("handler.rules_directory",)  # in place of compiled rules
WORKSPACES: Final = "workspaces.yaml"
# What no import of ours reaches when it runs, though another module's code names it.
_UNUSED: Final = (
    "aws_lambda_powertools.event_handler",  # for models of pydantic in log lines: there are none
    "pydantic.v1",  # for models of pydantic 1 in a model of ours
    "phonenumbers.shortdata.region_*",  # numbers such as 112
)
_UNUSED_DATA: Final = ("tzdata/zoneinfo/*.tab", "tzdata/zoneinfo/*.zi")  # lists of the zones
# Modules that are loaded only where the rules have a file of that name.
_OPTIONAL: Final = {"handler.core.configuration.workspaces_file": WORKSPACES}


@dataclass(frozen=True, slots=True)
class Function:
    """A function: its handler's module, which files of the rules it reads, and compiled or not."""

    entry: str
    rules: str
    compiles_rules: bool = False


FUNCTIONS: Final = {
    "IngestFunction": Function("handler.ingest", "[!.]*.yaml", compiles_rules=True),
    "DeliverFunction": Function("handler.deliver", WORKSPACES),
}


@dataclass(frozen=True, slots=True)
class Sources:
    """The contents of packages: our code and its lock, the rules, the wheels as installed."""

    code: Path
    rules: Path
    wheels: Path

    @property
    def requirements(self) -> Path:
        """The lock of the libraries."""
        return self.code / "requirements.txt"


def build(name: str, source: Path, into: Path, target: BuildTarget, python: Path | None) -> str:
    """Make a function's package of a source folder; without a Python it has no bytecode.

    Return what its operator should know. Raise BuildFailed where it cannot be made.
    """
    if name not in FUNCTIONS:
        raise BuildFailed(f"unknown function {name}: it is one of {', '.join(FUNCTIONS)}")
    function = FUNCTIONS[name]
    add_rules(function, source / RULES, into)
    with TemporaryDirectory() as wheels:
        sources = Sources(source, source / RULES, Path(wheels))
        why = compile_rules(sources, into / RULES) if function.compiles_rules else ""
        install(sources.requirements, target, sources.wheels, this_python())
        add_code(function, sources, into, python, reads_rules=bool(why))
    return why


def add_code(
    function: Function, sources: Sources, into: Path, python: Path | None, *, reads_rules: bool
) -> None:
    """Put our modules and the libraries that a function imports into its package.

    Bytecode is made of what most environments load: not of telephone plans, which are those of 250
    countries, and of what reads rules files only if that is to be expected.
    """
    absent = [name for name, file in _OPTIONAL.items() if not (sources.rules / file).exists()]
    modules = Modules([sources.code, sources.wheels], OWN, left_out=[*_UNUSED, *absent])
    needed = modules.needed(function.entry, rarely=() if reads_rules else _RULES_READERS)
    own = frozenset(path for path in needed.all if path.parts[0] == OWN)
    _copy(sources.code, own, into)
    for library in libraries(sources.wheels):
        _copy(sources.wheels, library.kept(needed.all, _UNUSED_DATA), into)
    if python is not None:
        often = needed.often
        compile_modules(python, into, checks(own & often, often - own))


def add_rules(function: Function, rules: Path, into: Path) -> None:
    """Put the rules files that a function reads into its package; not what editors hide beside.

    Raise BuildFailed where one cannot be read, or where there is none to compile.
    """
    files = sorted(rules.glob(function.rules))
    if function.compiles_rules and not [file for file in files if file.name != WORKSPACES]:
        raise BuildFailed(f"there is no rules file (NAME.yaml) in {rules}")
    if unread := next((file for file in files if not file.is_file()), None):
        raise BuildFailed(f"{unread} is no file that can be read")
    _copy(rules, (file.relative_to(rules) for file in files), into / RULES)


def compile_rules(sources: Sources, rules: Path) -> str:
    """Compile the rules of a package by our own code, which runs here, with libraries for here.

    Return why they are not compiled, empty where they are. Raise BuildFailed with their mistakes.
    """
    with TemporaryDirectory() as wheels:
        try:
            install(sources.requirements, HERE, Path(wheels), this_python())
        except BuildFailed as error:
            return f"the rules are not compiled, and each start is slower: {error}"
        run = subprocess.run(  # noqa: S603 - this Python, with our own module
            [str(this_python()), "-m", _COMPILER, str(rules.absolute())],
            env=environment(PYTHONPATH=os.pathsep.join([str(sources.code.absolute()), wheels])),
            capture_output=True,
            text=True,
            check=False,
        )
    if run.returncode:
        raise BuildFailed(f"the rules cannot be compiled:\n{run.stderr.strip()}")
    return run.stderr.strip()


def _copy(folder: Path, files: Iterable[Path], into: Path) -> None:
    for file in sorted(files):
        place = into / file
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / file, place)
