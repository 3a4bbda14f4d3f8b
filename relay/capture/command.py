"""`relay capture`: the next webhook that a local stack takes becomes a sample."""

from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from handler.core.rules.source import Source
from relay.capture.replacement import Unreplaced
from relay.capture.sample_file import (
    NAME,
    UNREPLACED,
    free,
    named,
    replaced,
    told,
    unfit,
    write,
)
from relay.console.options import RulesOption
from relay.local.webhook_feed import Answered, webhooks
from relay.paths import EVENTS, RULES
from relay.rules.inputs import source_of
from relay.stacks.registry import local_stacks
from relay.stacks.selection import RELAY, LocalPort, picked
from relay.webhooks.samples import shown_folder

_STAGE: Final = "dev"
_INTERRUPTED: Final = 130


def capture(
    source: Annotated[str, typer.Argument(help="The source to wait for.", metavar="SOURCE")],
    *,
    name: Annotated[
        str | None, typer.Option(help="Name of the sample; by default the source and the type.")
    ] = None,
    as_is: Annotated[
        bool, typer.Option("--as-is", help="Replace nothing: keep the persons of the webhook.")
    ] = False,
    rules: RulesOption = RULES,
    port: LocalPort = None,
) -> None:
    """Write the next webhook that a local stack takes as a sample of events/.

    Only one that is answered 200 becomes a sample; of others the answer is shown.
    Names, addresses, telephone numbers and other personal data are replaced by
    stand-ins, the same for the same value, and listed. Signatures are not kept.

    Example: relay capture billing

    Exit codes: 0 written, 1 the stack ended before a webhook came, or the webhook
    cannot be stored, 2 usage or no local stack, 130 interrupted
    """
    found = source_of(source, rules, _STAGE)
    if name is not None and (not NAME.fullmatch(name) or _file(name).exists()):
        raise typer.BadParameter(
            f"takes letters, digits and dashes, and no sample that is there: {name}",
            param_hint="--name",
        )
    up = picked(local_stacks(), port)
    try:
        webhook = _next(found, up.port, f"{up.url}/webhooks/{source}")
    except KeyboardInterrupt:
        raise typer.Exit(_INTERRUPTED) from None
    except OSError as error:
        _end(f"the stack on port {up.port} shows no webhooks: {error.strerror or error}")
    if webhook is None:
        _end("the local stack has ended; no webhook was captured")
    _write(found, webhook, name, as_is=as_is)


def _next(source: Source, port: int, url: str) -> Answered | None:
    """Return the next webhook of a source that was taken; None where the stack ends before."""
    for webhook in webhooks(port):
        if webhook is None:
            typer.echo(f"waiting for the next webhook at {url} (Ctrl-C ends it)", err=True)
        elif webhook.path.removesuffix("/") != f"/webhooks/{source.name}":
            typer.echo(f"{webhook.status} to another path than /webhooks/{source.name}", err=True)
        elif why := unfit(source, webhook):
            typer.echo(f"{why}; waiting for the next one", err=True)
        else:
            return webhook
    return None


def _write(source: Source, webhook: Answered, name: str | None, *, as_is: bool) -> None:
    try:
        made = replaced(source, webhook, as_is=as_is)
    except Unreplaced:
        _end(UNREPLACED)
    file = _file(name) if name else free(EVENTS, named(source, webhook))
    write(file, source.name, made)
    typer.echo(f"written: {shown_folder(file.parent) / file.name}")
    next_step = f"Next: {RELAY} rules explain {file.stem}"
    typer.echo("\n".join([*told(made, as_is=as_is), next_step]), err=True)


def _file(name: str) -> Path:
    return EVENTS / f"{name}.json"


def _end(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(1)
