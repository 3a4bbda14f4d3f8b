"""`relay send`: signs webhooks as their sender would, and posts them to a relay."""

import re
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import requests
import typer
from pydantic import ValidationError

from handler.core.configuration.schema_errors import SECONDS
from handler.core.errors import RulesError
from handler.core.rules.source import Source
from handler.core.suggestions import closest
from handler.core.verification.schemes import SignedScheme
from relay.console.options import RulesOption
from relay.console.terminal import console
from relay.paths import EVENTS, RULES
from relay.send.backfill import InputLines, backfill, checked
from relay.send.changed_sample import Override, WrongChange, changed
from relay.send.new_ids import NoNewId, renewed
from relay.send.target import SendTarget, address_of
from relay.stacks.selection import LocalPort, Operated, operated
from relay.webhooks.post import send as post
from relay.webhooks.samples import (
    Address,
    Sample,
    misread,
    read_sample,
    shown_folder,
    sources_in,
)
from relay.webhooks.signer import SignedRequest

_CLOCK: Final = re.compile(r"(-?)([0-9]{1,6})([smhd])")
_HEADER: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(.*)", re.DOTALL)
_SHOWN: Final = 1000  # characters of an answer; the relay's own have fewer
_OK: Final = 200
_UNVERIFIED: Final = 401
_REFUSED: Final = (
    "the signature is refused: if the relay has another secret, --secret-from FILE signs with it"
)


def send(  # noqa: PLR0913 - the options of a command
    event: Annotated[
        str | None, typer.Argument(help="A sample of events/, by name or file.", metavar="EVENT")
    ] = None,
    *,
    each: Annotated[
        Path | None,
        typer.Option(help="Backfill: post each line of a file.", exists=True, dir_okay=False),
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="The source; by default the sample's own.")
    ] = None,
    header: Annotated[
        list[str] | None, typer.Option(help="A further header, NAME=VALUE; repeatable.")
    ] = None,
    new: Annotated[
        bool, typer.Option("--new", help="Give the sample new ids, so that it is no repeat.")
    ] = False,
    given: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a value, PATH=VALUE: body.total_price=5; repeatable."),
    ] = None,
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="With --each: post although only a digest tells what was sent before."
        ),
    ] = False,
    skip: Annotated[int, typer.Option(help="With --each: lines to skip.", min=0)] = 0,
    rules: RulesOption = RULES,
    stage: Annotated[str, typer.Option(help="Stage whose `vars` the rules use.")] = "dev",
    url: Annotated[
        str | None, typer.Option(help="URL of the relay; by default the local stack's.")
    ] = None,
    port: LocalPort = None,
    stack_name: Annotated[
        str | None, typer.Option(help="A deployed stack: gives URL and signing secret.")
    ] = None,
    secret_from: Annotated[
        str | None,
        typer.Option(help="File with the secret, or JSON with all; - is standard input."),
    ] = None,
    clock: Annotated[
        str, typer.Option(help="Error of the sender's clock: 10m is fast, -10m slow.")
    ] = "0s",
    tamper: Annotated[bool, typer.Option("--tamper", help="Change a byte after signing.")] = False,
) -> None:
    """Sign a sample (EVENT), or each line of a file, and post it to a relay.

    It goes to the local stack that is up, unless --url or --stack-name says
    otherwise. With --each every line of the file is a webhook's body: a backfill
    that is safe to repeat.

    Example: relay send shopify-order --new --set body.total_price=5

    Exit codes: 0 answered 200 (--each: every line, and none made a dead letter),
    1 another answer, or a rules file is wrong, 2 usage, 130 interrupted
    """
    of_one = tamper or clock != "0s" or new or bool(given)
    _check_usage(event, each, of_one=of_one)
    sample = _sample(event) if event else None
    name = source or (sample.source if sample else None)
    if name is None:
        raise typer.BadParameter("--each needs --source")
    added = _headers(header or [])
    found = _source(sources_in(rules, stage), name, rules)
    local = _local(url, stack_name, port)
    address = address_of(found, SendTarget(local.url if local else url, stack_name, secret_from))
    if each:
        lines = InputLines(each, skip)
        total = checked(address.source, added, lines, digests=again)
        raise typer.Exit(backfill(address, added, lines, total))
    if sample:
        sample = replace(sample, headers={**sample.headers, **added})
        sample = _changed(sample, found, given or [], new=new)
        raise typer.Exit(_posted(address, sample, clock, local, tamper=tamper))


def _check_usage(event: str | None, each: Path | None, *, of_one: bool) -> None:
    if event and each:
        raise typer.BadParameter("EVENT and --each exclude each other")
    if each and of_one:
        raise typer.BadParameter("--each goes without --new, --set, --clock and --tamper")
    if not (event or each):
        raise typer.BadParameter(f"give EVENT, or --each FILE ({_there(_samples())})")
    if each and not each.is_file():
        raise typer.BadParameter("takes a file: it is read twice", param_hint="--each")


def _local(url: str | None, stack_name: str | None, port: int | None) -> Operated | None:
    """Return the local stack to send to; None where another target is named."""
    if not (url or stack_name):
        return operated(None, None, local=True, port=port)
    if port is not None:
        raise typer.BadParameter("--port is of a local stack: leave out --url and --stack-name")
    return None


def _posted(
    address: Address, sample: Sample, clock: str, local: Operated | None, *, tamper: bool
) -> int:
    """Post a sample; say of a local stack what became of it. Return the exit code."""
    began = time.time()
    now = int(began) + _offset(clock, address.source)
    request = (_tampered if tamper else _signed)(address, sample, now)
    status = _post(request)
    if status == _UNVERIFIED and not tamper and now == int(began):
        typer.echo(_REFUSED, err=True)
    if status != _OK:
        return 1
    if local:
        from relay.send.became import became, expected  # noqa: PLC0415 - it reads logs by boto3

        screen = console()
        for line in became(local, expected(request, address.source, now), began):
            screen.print(line, soft_wrap=True)
    return 0


def _changed(sample: Sample, source: Source, given: Iterable[str], *, new: bool) -> Sample:
    """Return the sample with new ids and values, as asked; say what is new, and what was added."""
    try:
        changes = [Override.of(one) for one in given]
        if new:
            made = renewed(sample, source, secrets.choice)
            sample = made.sample
            typer.echo("\n".join(f"new {one}" for one in made.changes), err=True)
        sample, notes = changed(sample, changes)
    except WrongChange as error:
        raise typer.BadParameter(str(error), param_hint="--set") from None
    except NoNewId as error:
        raise typer.BadParameter(str(error), param_hint="--new") from None
    for note in notes:
        typer.echo(note, err=True)
    return sample


def _samples() -> list[str]:
    return sorted(file.stem for file in EVENTS.glob("*.json"))


def _there(samples: Iterable[str]) -> str:
    return f"events/ has: {', '.join(samples)}"


def _sample(event: str) -> Sample:
    file = Path(event) if event.endswith(".json") else EVENTS / f"{event}.json"
    try:
        return read_sample(file)
    except OSError:
        there = _samples()
        problem = f"there is no {file}{_meant(event, there)} ({_there(there)})"
    except ValidationError as error:
        problem = misread(str(file), error)
    raise typer.BadParameter(problem, param_hint="EVENT")


def _source(found: Mapping[str, Source | RulesError], name: str, rules: Path) -> Source:
    """Return a source; mistakes in other files do not matter."""
    source = found.get(name)
    if source is None:
        known = f"{_meant(name, found)} (there are: {', '.join(found)})"
        problem = f"{shown_folder(rules)} has no source {name}{known}; --rules takes another folder"
        raise typer.BadParameter(problem, param_hint="--source")
    if isinstance(source, RulesError):
        raise source
    return source


def _meant(name: str, known: Iterable[str]) -> str:
    near = closest(name, known)
    return f"; did you mean {near}?" if near else ""


def _headers(given: Iterable[str]) -> dict[str, str]:
    found = [_HEADER.fullmatch(one) for one in given]
    if not all(found):
        raise typer.BadParameter("takes NAME=VALUE", param_hint="--header")
    return {one[1].lower(): one[2] for one in found if one}


def _offset(clock: str, source: Source) -> int:
    parts = _CLOCK.fullmatch(clock)
    if parts is None:
        raise typer.BadParameter("takes 10m or -10m, in s, m, h or d", param_hint="--clock")
    offset = int(parts[2]) * SECONDS[parts[3]] * (-1 if parts[1] else 1)
    if offset and not getattr(source.scheme, "timestamp", None):
        typer.echo(f"{source.name} signs no time, so nothing is too old", err=True)
    return offset


def _signed(address: Address, sample: Sample, now: int) -> SignedRequest:
    return address.signed(sample.headers, sample.content(now), now)


def _tampered(address: Address, sample: Sample, now: int) -> SignedRequest:
    """Return a genuine webhook, changed after it was signed: the relay must refuse it."""
    if isinstance(address.source.scheme, SignedScheme):
        request = _signed(address, sample, now)
        return replace(request, body=request.body[:-1] + bytes([request.body[-1] ^ 1]))
    typer.echo(f"{address.source.name} signs no body: its secret is changed instead", err=True)
    other = address.secret[:-1] + _other(address.secret[-1])
    return _signed(replace(address, secret=other), sample, now)


def _other(character: str) -> str:
    return "b" if character == "a" else "a"


def _post(request: SignedRequest) -> int:
    """Post a request and print the answer; return the status, 0 for none."""
    try:
        with requests.Session() as session:
            answer = post(request, session)
    except (requests.RequestException, ValueError) as error:  # their text holds URL and headers
        is_local = request.url.startswith("http:")
        ask = "; is make run serving? (--url for another port)" if is_local else ""
        typer.echo(f"no answer from {request.url}: {type(error).__name__}{ask}", err=True)
        return 0
    typer.echo(f"{answer.status_code} {answer.text[:_SHOWN]}".strip())
    return answer.status_code
