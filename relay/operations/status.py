"""`relay status`: the state of a stack on one screen. It changes and receives nothing."""

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Final

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.live import Live
from rich.text import Text

from relay.console.format import moment
from relay.console.interrupt import noticed
from relay.console.options import RulesOption
from relay.console.terminal import console
from relay.operations.clients import NoSuchResource, StackClients, StatusSection
from relay.operations.status_parts import (
    alarms,
    dead_letters,
    last_errors,
    ledger,
    queues,
    sent,
)
from relay.paths import RULES
from relay.rules.names import Names, read_names
from relay.stacks.selection import ConfigEnv, LocalOption, LocalPort, Operated, StackName, operated

Read = Callable[[StackClients, float], StatusSection | list[StatusSection]]
_SERVICES: Final = ("sqs", "dynamodb", "cloudwatch", "logs", "cloudformation")
_EVERY: Final = 2.0
_STYLES: Final = {"good": "green", "warning": "yellow", "bad": "bold red", "unread": "magenta"}


@dataclass(frozen=True, slots=True)
class _Look:
    """One read of the screen: its parts, and for how many seconds they stay valid.

    CloudWatch's figures change once a minute, and it takes few calls a second: they stay for 10
    seconds, while queue and ledger are read each time.
    """

    names: tuple[str, ...]
    read: Read
    stands: float = 0.0


_LOOKS: Final = (
    _Look(("sent",), sent, 10),
    _Look(("queue",), queues),
    _Look(("dead letters",), dead_letters),
    _Look(("Braze", "rate limit", "pauses", "surges"), ledger),
    _Look(("alarms",), alarms, 10),
    _Look(("last errors",), last_errors, 10),
)


@dataclass(slots=True)
class Screen:
    """All parts of the screen, as last read."""

    desk: StackClients
    _read: dict[tuple[str, ...], tuple[float, list[StatusSection]]] = field(default_factory=dict)

    @classmethod
    def of(cls, stack: Operated, names: Names) -> "Screen":
        """Return the screen of a stack; nothing is read yet."""
        return cls(StackClients.of(stack, names, _SERVICES))

    def look(self, now: float) -> list[StatusSection]:
        """Read all parts that are due, at the same time, and return every part in order."""
        due = [one for one in _LOOKS if self._due(one, now)]
        with ThreadPoolExecutor(len(_LOOKS)) as pool:
            found = pool.map(lambda one: _parts(one, self.desk, now), due)
            self._read |= {one.names: (now, parts) for one, parts in zip(due, found, strict=True)}
        return [part for one in _LOOKS for part in self._read[one.names][1]]

    def _due(self, look: _Look, now: float) -> bool:
        if look.names not in self._read:
            return True
        at, parts = self._read[look.names]
        return now - at >= look.stands or any(part.level == "unread" for part in parts)


def status(  # noqa: PLR0913 - the options of a command
    *,
    watch: Annotated[
        bool, typer.Option("--watch", help="Refresh every 2 seconds, until Ctrl-C.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    rules: RulesOption = RULES,
    stack_name: StackName = None,
    config_env: ConfigEnv = None,
    local: LocalOption = False,
    port: LocalPort = None,
) -> None:
    """Show what was sent, queue, dead letters, Braze, pauses, surges, alarms, last errors.

    Example: relay status --watch

    Exit codes: 0 shown, 1 nothing could be read, 2 usage or no such stack
    """
    if watch and as_json:
        raise typer.BadParameter("--watch is for people, --json for scripts: give one")
    if watch and not console().is_terminal:
        raise typer.BadParameter("--watch needs a terminal: leave it out, or take --json")
    stack = operated(stack_name, config_env, local=local, port=port)
    screen = Screen.of(stack, read_names(rules))
    if watch:
        _watch(screen)
        return
    now = time.time()
    parts = screen.look(now)
    if as_json:
        typer.echo(json.dumps(document(stack, parts, now), indent=2, default=str))
    else:
        console().print(shown(stack, parts, now), soft_wrap=True)
    if all(part.level == "unread" for part in parts):
        raise typer.Exit(1)


def document(stack: Operated, parts: Sequence[StatusSection], now: float) -> dict[str, object]:
    """Return the screen as JSON: a part that could not be read is `{"unread": why}`."""
    found = {part.name.replace(" ", "_").lower(): part.document for part in parts}
    return {"stack": stack.name, "at": int(now), **found}


def shown(stack: Operated, parts: Sequence[StatusSection], now: float) -> Text:
    """Return the screen for the terminal, in lines that are not broken."""
    width = max(len(name) for name in (stack.name, *(part.name for part in parts)))
    found = Text()
    found.append(f"{stack.name:<{width}}  ", "bold").append(moment(now, now), "dim")
    for part in parts:
        for at, line in enumerate(part.lines):
            name = "" if at else part.name
            found.append(f"\n{name:<{width}}  ", _STYLES[part.level]).append(line)
    return found


def _parts(look: _Look, desk: StackClients, now: float) -> list[StatusSection]:
    try:
        found = look.read(desk, now)
    except (ClientError, BotoCoreError, NoSuchResource) as error:
        return [StatusSection.unread(name, error) for name in look.names]
    return found if isinstance(found, list) else [found]


def _watch(screen: Screen) -> None:
    now = time.time()
    first = shown(screen.desk.stack, screen.look(now), now)
    # A signal during a read is noted: the read's threads and locks could swallow an interrupt.
    with (
        noticed(b"") as ending,
        Live(first, console=console(), auto_refresh=False) as live,
        suppress(KeyboardInterrupt),
    ):
        while not ending.wanted:
            with ending.asking():
                time.sleep(_EVERY)
            now = time.time()
            live.update(shown(screen.desk.stack, screen.look(now), now), refresh=True)
