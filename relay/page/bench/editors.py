"""Links that open a file at a line in the user's editor.

The editor is chosen on the page; `RELAY_EDITOR` names the one that is chosen at first.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

VARIABLE: Final = "RELAY_EDITOR"
DEFAULT: Final = "vscode"
_OF_CODE: Final = "://file{path}:{line}:{column}"
_OF_JETBRAINS: Final = "://open?file={path}&line={line}&column={column}"
EDITORS: Final[Mapping[str, str]] = {
    **{name: name + _OF_CODE for name in ("vscode", "vscodium", "cursor", "windsurf", "zed")},
    **{name: name + _OF_JETBRAINS for name in ("idea", "pycharm", "webstorm")},
    "textmate": "txmt://open?url=file://{path}&line={line}&column={column}",
}


def link(editor: str, path: Path, line: int = 1, column: int = 1) -> str:
    """Return the URL by which an editor opens a file at a place; an unknown one is the default."""
    form = EDITORS.get(editor, EDITORS[DEFAULT])
    return form.format(path=quote(str(path.resolve())), line=line, column=column)


def chosen(environment: Mapping[str, str]) -> str:
    """Return the editor that the environment names, else the default."""
    named = environment.get(VARIABLE, "")
    return named if named in EDITORS else DEFAULT
