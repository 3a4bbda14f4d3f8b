"""The compiled rules of the package, or its rules files where nothing compiled is of these.

A build writes them (`handler.rules_build`), so that a start of ingest neither imports YAML and
pydantic nor parses an expression. They never decide what is served: unless they certainly are of
these rules files and this code, the files are loaded.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from handler.aws import log
from handler.core.errors import RulesError
from handler.core.rules.compiled_file import NotUsable, read_compiled
from handler.core.rules.source import Source
from handler.workspaces import FILES

FILE: Final = "compiled_rules.jsonl"
_CODE: Final = Path(__file__).resolve().parent
# Modules that make the sources of rules files, beside all of the core.
_EDGES: Final = ("compiled_rules.py", "rules_directory.py", "workspaces.py")

logger = log.logger()


def read(
    directory: Path, stage: str, *, broadcasts: bool = False
) -> Mapping[str, Source | RulesError]:
    """Return the sources by name, as `rules_directory.read` does."""
    try:
        compiled = read_compiled(_content(directory))
        compiled.check(rules_files(directory), code_files(compiled.index["code"]))
        return compiled.sources(stage, broadcasts=broadcasts)
    except OSError as error:
        why = f"{Path(error.filename).name} cannot be read"
    except NotUsable as error:
        why = str(error)
    logger.warning("compiled rules are not used: each start is slower", extra={"why": why})
    from handler import rules_directory  # noqa: PLC0415 - it imports YAML, pydantic and all checks

    return rules_directory.read(directory, stage, broadcasts=broadcasts)


def _content(directory: Path) -> bytes:
    try:
        return (directory / FILE).read_bytes()
    except OSError:
        raise NotUsable("there are none") from None


def rules_files(directory: Path) -> dict[str, bytes]:
    """Return the rules files of a folder by name, and workspaces.yaml."""
    return {file.name: file.read_bytes() for file in directory.glob(FILES)}


def code() -> dict[str, bytes]:
    """Return the code that makes or reads sources, by its path in the folder `handler`."""
    core = (file.relative_to(_CODE).as_posix() for file in (_CODE / "core").rglob("*.py"))
    return code_files([*core, *_EDGES])


def code_files(names: Iterable[str]) -> dict[str, bytes]:
    """Return those of these files of code that are there: a package lacks what it never runs."""
    found: dict[str, bytes] = {}
    for name in names:
        with suppress(OSError), open(f"{_CODE}/{name}", "rb") as file:  # noqa: PTH123 - 5 us less, of 20
            found[name] = file.read()
    return found
