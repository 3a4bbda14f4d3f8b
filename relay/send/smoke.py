"""`relay smoke`: a signed sample through the deployed path to a rule in shadow: nothing is sent."""

import json
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import requests
import typer
from botocore.exceptions import BotoCoreError, ClientError

from handler.core.secret_values import Secret
from handler.rules_directory import read
from relay.paths import EVENTS
from relay.send.shadowed import Served, Shadowed, shadowed
from relay.stacks.aws_errors import in_words
from relay.stacks.cloudformation import profile, resources
from relay.stacks.package import download, read_package
from relay.stacks.selection import (
    ConfigEnv,
    LocalOption,
    LocalPort,
    Operated,
    StackName,
    command,
    operated,
)
from relay.webhooks.post import send
from relay.webhooks.samples import samples

SECONDS: Final = 60  # CloudWatch Logs shows most lines within ten
_PLACE: Final = "/SOURCE"  # the end of the stack's output
_OK: Final = 200
_BEFORE: Final = 600  # seconds: clocks of this machine and of AWS differ
_EVERY: Final = 1.0  # seconds
_SHOWN: Final = 300  # characters of an answer
RECIPE: Final = 'docs/deploy.md, "A rule to try a deployment with"'


class SmokeError(Exception):
    """A sample that did not come through, or cannot be posted; the text says what was seen."""


class UntriedError(SmokeError):
    """Nothing was posted: no sample fits, or what the stack serves cannot be read."""


def smoke(  # noqa: PLR0913 - the options of a command
    event: Annotated[
        str | None,
        typer.Argument(help="A sample of events/, by name; else one that fits.", metavar="EVENT"),
    ] = None,
    *,
    wait: Annotated[
        int, typer.Option(help="Seconds to wait for its line in the log.", min=1, max=600)
    ] = SECONDS,
    stack_name: StackName = None,
    config_env: ConfigEnv = None,
    local: LocalOption = False,
    port: LocalPort = None,
) -> None:
    """Post a signed sample that only rules in shadow match, and wait for its line in the log.

    Nothing is sent to Braze: by the deployed package's own rules, the sample is
    posted only where every rule that matches it is in shadow.

    Example: relay smoke --config-env prod

    Exit codes: 0 it came through, 1 it did not, or no sample may be posted,
    2 usage or no such stack
    """
    stack = operated(stack_name, config_env, local=local, port=port)
    try:
        typer.echo(passed(stack, found(stack, event), wait))
    except SmokeError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    except (ClientError, BotoCoreError) as error:
        typer.echo(in_words(error, profile()), err=True)
        raise typer.Exit(1) from None


def found(stack: Operated, event: str | None = None) -> Shadowed:
    """Return the sample of that name, or the first that may be posted.

    Raise UntriedError where there is none, and botocore's errors.
    """
    served, now, said = _served(stack), int(time.time()), list[str]()
    for sample in samples(EVENTS, served.sources):
        if event in (None, sample.name):
            made = shadowed(sample, served, now)
            if isinstance(made, Shadowed):
                return made
            said.append(f"{EVENTS.name}/{sample.name}.json: {made}")
    if event and not said:
        said.append(f"{EVENTS.name} has no sample {event} of a source that {stack.name} serves")
    said.append(f"nothing was posted: it takes a rule in shadow ({RECIPE})")
    raise UntriedError("\n".join(said))


def passed(stack: Operated, one: Shadowed, seconds: int) -> str:
    """Post a sample and return what was seen of it; raise SmokeError, and botocore's errors."""
    log = _Log(stack.client("logs"), _resources(stack)["IngestLogGroup"], next(iter(one.rules)))
    before = {line for line, _ in log.lines()}
    begun = time.monotonic()
    _post(one, stack)
    answered = time.monotonic()
    said = f"{one.sample.name}: answered 200 after {answered - begun:.2f} s"
    while time.monotonic() < answered + seconds:
        for line, entry in log.lines():
            if line not in before:
                after = time.monotonic() - answered
                return f"{said}; {_outcome(entry, one)}, seen in the log {after:.0f} s later"
        time.sleep(_EVERY)
    raise SmokeError(
        f"{said}, but within {seconds} s no line of the log {log.group} names"
        f" {' or '.join(one.rules.values())}: the log may be late (--wait), or the functions write"
        f" none: {command(stack, 'doctor') if stack.endpoint is None else 'look at its log'}"
    )


def _outcome(entry: Mapping[str, Any], one: Shadowed) -> str:
    """Return what a line of the log says; raise SmokeError where more was made than shadows."""
    if sent := [f"{made['rule']} {made['id']}" for made in entry.get("deliveries", [])]:
        raise SmokeError(f"{one.sample.name} was sent after all: {', '.join(sent)}; pause its rule")
    return f"{' and '.join(one.rules.values())} in shadow, nothing is sent"


@dataclass(frozen=True, slots=True)
class _Log:
    """The log of ingest, as far as it names a delivery by this id."""

    client: Any
    group: str
    id: str

    def lines(self) -> Iterator[tuple[tuple[int, str], Mapping[str, Any]]]:
        """Yield the lines of the last minutes: time and text of each, and its object."""
        start = int((time.time() - _BEFORE) * 1000)
        pages = self.client.get_paginator("filter_log_events").paginate(
            logGroupName=self.group, startTime=start, filterPattern=f'"{self.id}"'
        )
        for event in (one for page in pages for one in page["events"]):
            if self.id in event["message"]:  # the emulator gives lines without it, too
                with suppress(ValueError):  # a line of the runtime's own
                    yield (event["timestamp"], event["message"]), json.loads(event["message"])


def _post(one: Shadowed, stack: Operated) -> None:
    """Post a sample; raise SmokeError for another answer than 200."""
    try:
        with requests.Session() as session:
            answer = send(one.request, session)
    except requests.RequestException as error:  # its text holds URL and headers
        why = f"no answer from {one.request.url}: {type(error).__name__}"
        raise SmokeError(f"{one.sample.name}: {why}") from None
    if answer.status_code != _OK:
        text = f"{answer.status_code} {answer.text[:_SHOWN]}".strip()
        ask = f"; {command(stack, 'doctor')} says why" if stack.endpoint is None else ""
        raise SmokeError(f"{one.sample.name}: answered {text}{ask}")


def _served(stack: Operated) -> Served:
    """Return what a stack serves, by its deployed package: not by the rules that are here."""
    given = stack.client("lambda").get_function(FunctionName=_resources(stack)["IngestFunction"])
    settings = given["Configuration"]["Environment"]["Variables"]
    try:
        rules = read_package(download(given["Code"]["Location"])).rules
    except (requests.RequestException, zipfile.BadZipFile) as error:
        name = type(error).__name__  # the error's text holds a signed URL
        raise UntriedError(f"the deployed package cannot be read: {name}") from None
    with tempfile.TemporaryDirectory(prefix="relay-smoke-") as folder:
        for name, content in rules.items():
            (Path(folder) / name).write_bytes(content)
        may_broadcast = settings.get("ALLOW_BROADCAST") == "true"
        sources = read(Path(folder), settings["RULES_STAGE"], broadcasts=may_broadcast)
    url = f"{stack.url}/webhooks" if stack.url else stack.outputs["WebhookUrl"]
    return Served(url.removesuffix(_PLACE), sources, _secret(stack), int(settings["LEDGER_DAYS"]))


def _secret(stack: Operated) -> Secret:
    arn = stack.outputs["SigningSecretsArn"]
    text = stack.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    with suppress(ValueError):
        if isinstance(values := json.loads(text), dict):
            return Secret(stack.name, "", values)
    raise UntriedError(f"the signing secrets of {stack.name} are no JSON object")


def _resources(stack: Operated) -> Mapping[str, str]:
    return stack.resources or resources(stack.name)
