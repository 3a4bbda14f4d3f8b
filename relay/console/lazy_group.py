"""Command groups that import a command only when it is used; listing commands imports none."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True, slots=True)
class Entry:
    """A command: its function or its `typer.Typer` as `module:name`, and its line in the list.

    `summary` is the first line of its own help (a test holds them equal).
    """

    place: str
    summary: str
    panel: str | None = None

    def load(self) -> Any:
        """Import the module; return the function or the `typer.Typer`."""
        module, _, name = self.place.partition(":")
        return getattr(import_module(module), name)


class LazyGroup(TyperGroup):
    """A group that lists its commands by their entries, and loads one when it is used."""

    entries: ClassVar[Mapping[str, Entry]] = {}

    def __init__(self, **given: Any) -> None:
        """Register each command with what a list needs: its name, summary and panel."""
        listed = [
            TyperCommand(name, help=entry.summary, rich_help_panel=entry.panel)
            for name, entry in self.entries.items()
        ]
        super().__init__(**{**given, "commands": listed})

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read `help COMMAND` as `COMMAND --help`, which most people try first."""
        if args[:1] == ["help"]:
            args = [*args[1:], "--help"]
        return list(super().parse_args(ctx, args))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command itself in place of its entry."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, command_of(name, self.entries[name]) if name else listed, rest


def group(entries: Mapping[str, Entry]) -> type[LazyGroup]:
    """Return the class of a group with these commands, for `typer.Typer(cls=...)`."""
    return type("Group", (LazyGroup,), {"entries": entries})


def command_of(name: str, entry: Entry) -> Any:
    """Return the command that typer makes of an entry's function or `typer.Typer`."""
    loaded = entry.load()
    if not isinstance(loaded, typer.Typer):
        function, loaded = loaded, typer.Typer(add_completion=False)
        loaded.command(name)(function)
    command = typer.main.get_command(loaded)
    command.name = name
    return command
