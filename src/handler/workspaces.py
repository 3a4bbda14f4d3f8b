"""The workspaces of a deployment, as `workspaces.yaml` in the rules directory names them."""

from pathlib import Path
from typing import Final

from handler.core.errors import Finding, RulesError
from handler.core.workspace import Workspace

RULES: Final = Path(__file__).resolve().parent.parent / "rules"
FILE: Final = "workspaces.yaml"
# The files of that directory; hidden ones are those of editors and archives.
FILES: Final = "[!.]*.yaml"


def read(
    directory: Path, default: Workspace | None, stage: str | None = None
) -> dict[str, Workspace]:
    """Return the workspaces of a deployment, by name; raise RulesError.

    `default` is the workspace of the parameter BrazeEndpoint, `stage` that of the rules, which
    decides whom each may reach; None where it does not matter.
    """
    file = directory / FILE
    if not file.exists():
        return {} if default is None else {default.name: default}
    # Deliver needs YAML for this file alone; without the file it starts sooner.
    from handler.core.configuration.workspaces_file import read_workspaces  # noqa: PLC0415 - as above

    return read_workspaces(text_of(file), shown(file), default, stage)


def may_limit(directory: Path) -> bool:
    """Return whether the file may say whom its workspaces reach, even one that does not load."""
    try:
        return b"only" in (directory / FILE).read_bytes()
    except OSError:
        return True


def text_of(file: Path) -> str:
    """Return the text of a file of the rules directory; raise RulesError where there is none."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        why = "the file is not UTF-8 text"
    except OSError as error:
        why = f"the file cannot be read: {error.strerror}"
    raise RulesError([Finding(shown(file), 1, 1, why)])


def shown(file: Path) -> str:
    """Return the name of a file in findings."""
    return f"{file.parent.name}/{file.name}"
