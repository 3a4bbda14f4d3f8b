"""JSON values as YAML that reads back the same, and differences line by line."""

import difflib
import re
from collections.abc import Iterable
from typing import Any, Final

import typer
import yaml

_COLOURS: Final = {"-": "red", "+": "green"}
_WIDTH: Final = 100_000  # a text stays on one line, however long


class _Dumper(yaml.SafeDumper):
    """Writes YAML for readers of 1.1 and of 1.2: quotes what either would read as a number."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - PyYAML's own signature
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, _data: object) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    # YAML 1.1 ends a line at these, and folds it.
    style = '"' if re.search("[\x85\u2028\u2029]", text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
# Asked last, so that it takes only what 1.1 would leave without quotes: 1e3, 0o17.
_Dumper.add_implicit_resolver(
    "tag:relay,2026:looks-like-a-number", re.compile(r"[-+.0-9][-+.\w]*"), list("-+.0123456789")
)


def written(value: Any, *, sort: bool = False) -> str:
    """Return a value as YAML."""
    text: str = yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=sort, width=_WIDTH)
    return text


def differences(old: Any, new: Any) -> list[str]:
    """Return the lines in which two values differ, with context: `-` was, `+` is."""
    before, after = (written(one, sort=True).splitlines() if one else [] for one in (old, new))
    lines = list(difflib.unified_diff(before, after, n=3, lineterm=""))[2:]
    return ["…" if line.startswith("@@") else line for line in lines][1:]


def say(lines: Iterable[str], indent: str = "  ") -> None:
    """Print the lines of a difference, in colour on a terminal."""
    for line in lines:
        typer.secho(f"{indent}{line}".rstrip(), fg=_COLOURS.get(line[:1]))
