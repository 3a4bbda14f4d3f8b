"""`relay ci comment`: what a change does to the requests, as the comment of a pull request."""

from pathlib import Path
from typing import Annotated, Final

import typer

MARK: Final = "<!-- relay rules diff -->"  # by which the former comment is found
# Characters of a comment (GitHub). Counted in bytes, of which there are more: a variable of the
# environment takes no more than twice as many.
MOST: Final = 65_536
_TITLE: Final = "What this change does to the requests (`relay rules diff`):"
_FENCE: Final = "~~~~~~~~"
_CUT: Final = "Cut here: the whole is the artifact `rules-diff` of [this run]({whole})."


def comment(
    differences: Annotated[
        Path, typer.Argument(help="File with the output of `relay rules diff`.", exists=True)
    ],
    whole: Annotated[str, typer.Option(help="URL of the run, which has the whole.")] = "",
) -> None:
    """Print what `relay rules diff` said as the comment of a pull request, cut to fit.

    Example: relay ci comment rules-diff.txt

    Exit codes: 0 printed, 2 usage, or there is no such file
    """
    typer.echo(written(differences.read_text(encoding="utf-8", errors="replace"), whole))


def written(differences: str, whole: str) -> str:
    """Return the comment, in Markdown: the differences are in a block that they cannot end."""
    head, tail = f"{MARK}\n\n{_TITLE}\n\n{_FENCE}text\n", f"\n{_FENCE}"
    cut = f"\n\n{_CUT.format(whole=whole)}"
    text = differences.rstrip("\n").replace(_FENCE, "~ ~")
    room = MOST - len(f"{head}{tail}{cut}\n".encode())
    if len(text.encode()) <= room:
        return f"{head}{text}{tail}"
    kept = text.encode()[:room].decode("utf-8", "ignore")
    lines = kept.rpartition("\n")[0] or kept
    return f"{head}{lines}{tail}{cut}"
