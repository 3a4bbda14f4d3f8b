"""`relay ci init`: writes a forge's pipeline, and the template of the roles for it."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final

import typer

from relay.ci.comment import comment
from relay.ci.roles import GITHUB, gitlab, roles
from relay.paths import PROJECT

app = typer.Typer(add_completion=False, no_args_is_help=True)
app.command()(comment)

ROLES: Final = "ci-roles.yaml"
# git@HOST:OWNER/NAME.git, or a URL of any scheme; its user and port are left out.
_REMOTE: Final = re.compile(
    r"(?:[a-z+]+://)?(?:[^@/]+@)?(?P<host>[\w.-]+)(?::\d+(?=/))?[:/](?P<path>[\w./-]+?)(?:\.git)?/?"
)


class ForgeName(StrEnum):
    """The forges that there is a pipeline for."""

    GITHUB = "github"
    GITLAB = "gitlab"


PIPELINES: Final = {
    ForgeName.GITHUB: ".github/workflows/relay.yaml",
    ForgeName.GITLAB: ".gitlab-ci.yml",
}


@dataclass(frozen=True, slots=True)
class Remote:
    """The place of the repository: the forge's host, and the repository's path there."""

    host: str = ""
    path: str = ""

    @property
    def forge(self) -> ForgeName:
        """GitLab where the host says so, else GitHub."""
        return ForgeName.GITLAB if "gitlab" in self.host else ForgeName.GITHUB

    def is_of_other(self, forge: ForgeName) -> bool:
        """Return whether the host is by its name one of another forge: it says nothing then."""
        return any(other in self.host for other in ForgeName if other is not forge)


@app.callback()
def ci() -> None:
    """Set continuous integration up: from a pull request to production.

    Example: relay ci init

    Exit codes: 0 done, 1 refused, 2 usage
    """


@app.command()
def init(
    forge: Annotated[
        ForgeName | None, typer.Option(help="The forge, if not that of git's remote `origin`.")
    ] = None,
    repository: Annotated[
        str, typer.Option(help="OWNER/NAME, if not that of git's remote `origin`.")
    ] = "",
) -> None:
    """Write the pipeline of a forge, and the template of the roles that it deploys with.

    A pull request is checked without access to AWS; main is deployed to dev, and
    to prod after an approval. Nothing is overwritten.

    Example: relay ci init --forge github

    Exit codes: 0 written, 1 a file is there already, 2 usage
    """
    remote = origin(PROJECT)
    chosen = forge or remote.forge
    if remote.is_of_other(chosen):
        remote = Remote()
    made = pipeline(chosen, remote.host, repository or remote.path)
    if there := [name for name in made if (PROJECT / name).exists()]:
        typer.echo(f"{there[0]} is there already: remove it, or keep what it says", err=True)
        raise typer.Exit(1)
    for name, text in made.items():
        (PROJECT / name).parent.mkdir(parents=True, exist_ok=True)
        (PROJECT / name).write_text(text, encoding="utf-8")
        typer.echo(f"written: {name}")
    if not forge and chosen not in remote.host:
        words = "git's remote `origin` does not say which forge: these are for GitHub"
        typer.echo(f"{words} (--forge gitlab)")
    if not (repository or remote.path):
        typer.echo(f"{ROLES} names no repository: give Repository=OWNER/NAME when you deploy it")
    typer.echo("next: docs/deploy.md, From a pull request to production: the roles of each stage")


def pipeline(forge: ForgeName, host: str, repository: str) -> Mapping[str, str]:
    """Return the files of a forge, by their paths in the repository."""
    own = gitlab(host or "gitlab.com") if forge is ForgeName.GITLAB else GITHUB
    text = files("relay.ci").joinpath(f"{forge}.yaml").read_text(encoding="utf-8")
    return {PIPELINES[forge]: text, ROLES: roles(own, repository)}


def origin(folder: Path) -> Remote:
    """Return where git's remote `origin` is; nothing where there is none, or it is a folder."""
    program = shutil.which("git")
    if program is None:
        return Remote()
    run = subprocess.run(
        [program, "-C", folder, "remote", "get-url", "origin"],
        capture_output=True,
        text=True,
        check=False,
    )
    found = _REMOTE.fullmatch(run.stdout.strip())
    if found is None or "." not in found["host"]:
        return Remote()
    return Remote(found["host"].lower(), found["path"])
