"""`relay capture`: the next webhook that a local stack takes becomes a sample."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from handler.core.models import Event
from handler.core.rules.source import Source
from relay.capture.replacement import Replaced, Unreplaced, without_persons
from relay.console.options import RulesOption
from relay.local.webhook_feed import Answered, webhooks
from relay.paths import EVENTS, RULES
from relay.rules.inputs import source_of
from relay.rules.webhooks import Given, events
from relay.rules.webhooks import verified as given_as_verified
from relay.stacks.registry import local_stacks
from relay.stacks.selection import RELAY, LocalPort, picked
from relay.webhooks.samples import Sample, shown_folder

_OK: Final = 200
_NAME: Final = re.compile(r"[\w-]{1,100}", re.ASCII)
_SHOWN: Final = 200  # characters of an answer
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
    if name is not None and (not _NAME.fullmatch(name) or _file(name).exists()):
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
        elif why := _unfit(source, webhook):
            typer.echo(f"{why}; waiting for the next one", err=True)
        else:
            return webhook
    return None


def _unfit(source: Source, webhook: Answered) -> str:
    """Return why a webhook becomes no sample; empty where it does."""
    if webhook.status != _OK:
        reason = " ".join(webhook.answer.split())[:_SHOWN]
        log = "the reason is in the log lines of the stack"
        return f"{webhook.status} {reason}".rstrip() + f": {log}"
    if webhook.method != "POST" or not _events(source, webhook):
        return "200, but there is no event in it: a ping, a challenge, or nothing that can be read"
    return ""


def _events(source: Source, webhook: Answered) -> list[Event]:
    try:
        body = json.loads(webhook.body)
    except ValueError:
        return []
    sample = Sample("", source.name, kept(source, webhook), body)
    return events(given_as_verified(Given(sample), source), source)


def kept(source: Source, webhook: Answered) -> dict[str, str]:
    """Return the headers that a sample keeps: those that events of the source carry."""
    names = ("content-type", *source.headers)
    return {name: webhook.headers[name] for name in names if name in webhook.headers}


def _write(source: Source, webhook: Answered, name: str | None, *, as_is: bool) -> None:
    types = [one.type for one in _events(source, webhook)]
    headers, body = kept(source, webhook), json.loads(webhook.body)
    try:
        made = (
            Replaced(headers, body, {})
            if as_is
            else without_persons(headers, body, frozenset(types))
        )
    except Unreplaced:
        _end("an address or number in it cannot be replaced everywhere: nothing is written")
    document = {"source": source.name, "headers": dict(made.headers), "body": made.body}
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    file = _file(name) if name else _free(f"{source.name}-{_slug(types[0])}")
    with file.open("x", encoding="utf-8", newline="\n") as out:
        out.write(text)
    typer.echo(f"written: {shown_folder(file.parent) / file.name}")
    typer.echo("\n".join(_told(made, file.stem, as_is=as_is)), err=True)


def _told(made: Replaced, name: str, *, as_is: bool) -> Iterator[str]:
    if as_is:
        yield "It has the persons of the webhook in it: do not commit it."
    elif made.paths:
        yield "replaced by stand-ins:"
        yield from (f"  {path}: {', '.join(kinds)}" for path, kinds in made.paths.items())
        yield "Read it before you commit it: a name where nobody expects one is not found."
    else:
        yield "nothing in it looks like personal data; read it before you commit it"
    yield f"Next: {RELAY} rules explain {name}"


def _slug(kind: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", kind.lower()).strip("-") or "event"


def _free(name: str) -> Path:
    """Return the file of the first name that no sample has: NAME, NAME-2, NAME-3."""
    number, file = 1, _file(name)
    while file.exists():
        number += 1
        file = _file(f"{name}-{number}")
    return file


def _file(name: str) -> Path:
    return EVENTS / f"{name}.json"


def _end(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(1)
