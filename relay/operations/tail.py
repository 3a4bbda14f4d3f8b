"""`relay tail`: webhooks and deliveries of a stack, a line each, as they come."""

import time
from contextlib import suppress
from typing import Annotated, Any, Final

import typer
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
)

from relay.console.format import time_of
from relay.console.options import RulesOption
from relay.console.terminal import console
from relay.operations.clients import NoSuchResource, StackClients
from relay.paths import RULES
from relay.rules.names import Names, read_names, suggestion
from relay.stacks.activity import Activity, LogFilter
from relay.stacks.logs import GROUPS
from relay.stacks.selection import (
    ConfigEnv,
    LocalOption,
    LocalPort,
    Operated,
    StackName,
    operated,
)

_EVERY: Final = 2.0  # seconds; CloudWatch Logs takes 5 searches a second of an account and region
_EVERY_LOCAL: Final = 0.3
_GONE: Final = "ResourceNotFoundException"
_OVER: Final = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException", "InvalidClientTokenId"}
)
_THROTTLED: Final = frozenset({"Throttling", "ThrottlingException", "LimitExceededException"})
_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException"})


def tail(  # noqa: PLR0913 - the options of a command
    *,
    since: Annotated[str, typer.Option(help="Begin so long ago, or at a time: 10m, 2h.")] = "1m",
    source: Annotated[str, typer.Option(help="Show this source only.")] = "",
    rule: Annotated[str, typer.Option(help="Show this rule only: SOURCE/RULE.")] = "",
    failed: Annotated[
        bool, typer.Option("--failed", help="Show only what was refused, parked or not sent.")
    ] = False,
    rules: RulesOption = RULES,
    stack_name: StackName = None,
    config_env: ConfigEnv = None,
    local: LocalOption = False,
    port: LocalPort = None,
) -> None:
    """Show webhooks and deliveries as they come, a line each, until Ctrl-C.

    Example: relay tail --local

    Exit codes: 0 ended by Ctrl-C, 1 the logs cannot be read, or no longer,
    2 usage or no such stack
    """
    if rule and not all(rule.partition("/")):
        raise typer.BadParameter("takes SOURCE/RULE", param_hint="--rule")
    begin = time_of(since, time.time())
    stack, names = operated(stack_name, config_env, local=local, port=port), read_names(rules)
    for line in unknown(names, source, rule):
        typer.echo(line, err=True)
    desk = StackClients.of(stack, names, ("logs", "cloudformation"))
    try:
        with suppress(KeyboardInterrupt):
            _follow(desk, begin, LogFilter(source, rule, failed))
    except (ClientError, BotoCoreError, NoSuchResource) as error:
        typer.echo(why_ended(error, stack), err=True)
        raise typer.Exit(1) from None


def _follow(desk: StackClients, since: float, wanted: LogFilter) -> None:
    stack, screen = desk.stack, console()
    groups = {name: desk.log_group(name) for name in GROUPS}
    activity = Activity(
        desk.clients["logs"], groups, since, braze_url=stack.braze_url, wanted=wanted
    )
    every = _EVERY if stack.endpoint is None else _EVERY_LOCAL
    while True:
        for _, line in activity.look():
            screen.print(line, soft_wrap=True)
        time.sleep(every)


def unknown(names: Names, source: str, rule: str) -> list[str]:
    """Return notes on names that the rules here do not have: the stack may have others."""
    rules = [f"{one}/{each}" for one, each in sorted(names.rules)]
    return [
        f"the rules here have no {what} {name}{suggestion(name, known)}"
        for what, name, known in (("source", source, names.sources), ("rule", rule, rules))
        if name and name not in known
    ]


def why_ended(error: Exception, stack: Operated) -> str:
    """Return in one line why the logs cannot be read, and what to do."""
    code = _code(error)
    if code == _GONE or isinstance(error, NoSuchResource):
        return f"{stack.name} has no such logs, or no longer: is the stack deleted? ({error})"
    if code in _OVER:
        return "the AWS credentials have expired: log in again, and run the command again"
    if code in _THROTTLED:
        return "AWS takes no more searches of logs for now: run the command again in a minute"
    if code in _DENIED:
        return f"the logs may not be read; docs/policies/operator.json has what it needs: {error}"
    if stack.endpoint and isinstance(error, EndpointConnectionError | ConnectionClosedError):
        return f"{stack.name} has ended"
    return f"the logs cannot be read: {error}"


def _code(error: Exception) -> str:
    response: Any = getattr(error, "response", {})
    return str(response.get("Error", {}).get("Code", ""))
