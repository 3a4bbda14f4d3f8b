"""Progress of what takes longer than a blink: a line for each step as it begins."""

import time
from typing import Final

import typer

_BEGAN: Final = time.monotonic()  # this module is loaded as a command begins


def step(what: str) -> None:
    """Print a step on standard error, with the seconds since the command began."""
    typer.echo(f"{time.monotonic() - _BEGAN:5.1f} s  {what}", err=True)
