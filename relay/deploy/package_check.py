"""The package that was built, run on all samples and cases before it is deployed."""

import io
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import requests
import typer
from botocore.exceptions import BotoCoreError, ClientError

from handler.core.models import Plan
from relay.console.format import counted
from relay.deploy.deployed import Deployed
from relay.deploy.package_plans import NotRenderedError, plans, python
from relay.deploy.rendering import NamedSample, differing, losses, unlike, webhooks
from relay.rules.diff.comparison import Comparison
from relay.rules.diff.differences import differences
from relay.rules.diff.display import lines
from relay.stacks.aws_errors import in_words
from relay.stacks.cloudformation import client, profile
from relay.stacks.package import download
from relay.stacks.samconfig import Deployment

INGEST: Final = "IngestFunction"
_UNLIKE: Final = 10  # differences that are told: one cause has many
_ANOTHER: Final = (
    "what was built makes other requests than this checkout: remove .aws-sam and deploy again; if"
    " that does not help, compare the Python and the libraries"
)


def problems(built: Path, now: Deployment, before: Deployed | None) -> Iterator[str]:
    """Yield why what was built must not be deployed; show what else it changes.

    `before` is the stack as it is deployed.
    """
    shown = webhooks(now.stage, broadcasts=now.broadcasts)
    by, other = python()
    try:
        jobs = [one.job(one.stage, broadcasts=now.broadcasts) for one in shown]
        made = plans(built / INGEST, by, jobs)
    except NotRenderedError as error:
        if error.is_uncompiled:
            typer.echo(f"note: the package is not tried: its rules are not compiled: {error}")
        else:
            yield f"what was built cannot render webhooks: {error}"
        return
    if found := list(unlike(shown, made)):
        yield "\n".join([*found[:_UNLIKE], _ANOTHER])
        return
    typer.echo(f"the package renders {counted(len(shown), 'webhook')} as this checkout{other}")
    if before:
        pairs = zip(shown, made, strict=True)
        yield from _beside(before, by, [one for one in pairs if one[0].stage == now.stage])


def _beside(before: Deployed, by: Path, here: Sequence[tuple[NamedSample, Plan]]) -> Iterator[str]:
    """Yield what the deployed package makes and the new one does not; show all changes."""
    shown = [one for one, _ in here]
    then = Deployment("", before.parameters)
    try:
        with tempfile.TemporaryDirectory(prefix="relay-deployed-") as folder:
            _unpack(before.resources[INGEST], folder)
            jobs = [one.job(then.stage, broadcasts=then.broadcasts) for one in shown]
            plans_before = plans(Path(folder), by, jobs)
    except (ClientError, BotoCoreError) as error:
        why = in_words(error, profile())
    except (requests.RequestException, zipfile.BadZipFile) as error:
        why = type(error).__name__  # the error's text holds a signed URL
    except NotRenderedError as error:
        why = str(error)
    else:
        changes = differing(here, plans_before)
        typer.echo("beside what is deployed:")
        found = Comparison(len(shown), tuple(changes), ())
        typer.echo("\n".join(lines(found, differences(changes))))
        yield from losses(changes, shown)
        return
    typer.echo(f"note: not compared with what is deployed: {why}", err=True)


def _unpack(function: str, folder: str) -> None:
    """Write the package of a function of the account's into a folder."""
    found = client("lambda").get_function(FunctionName=function)
    with zipfile.ZipFile(io.BytesIO(download(found["Code"]["Location"]))) as package:
        package.extractall(folder)  # whose names cannot lead out of the folder
