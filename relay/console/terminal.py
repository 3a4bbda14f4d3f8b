"""The console that prints tables."""

from rich.console import Console


def console() -> Console:
    """Return a console; without a terminal it is 160 columns wide, so that tables fit."""
    terminal = Console()
    return terminal if terminal.is_terminal else Console(width=160)
