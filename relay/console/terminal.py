"""The console that tables are printed on."""

from rich.console import Console


def console() -> Console:
    """Return a console that does not squeeze tables where the output is not a terminal."""
    terminal = Console()
    return terminal if terminal.is_terminal else Console(width=160)
