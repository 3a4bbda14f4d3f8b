"""`relay pause` and `relay resume`: stop and resume sending, all or a part of it."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from relay.console.format import counted, since
from relay.console.options import RulesOption
from relay.paths import RULES
from relay.rules.names import Names, read_names, suggestion
from relay.stacks.ledger import Ledger, Record
from relay.stacks.selection import (
    ConfigEnv,
    LocalOption,
    LocalPort,
    Operated,
    StackName,
    command,
    operated,
    operator,
)

KEY: Final = "pause#"
# Two operators who pause and resume at the same time can undo each other's condition; each round
# succeeds for one of them.
_ROUNDS: Final = 5

Scopes = Mapping[str, Record]  # by scope: {since, by}
_FORM: Final = "all, source/SOURCE, rule/SOURCE/RULE or workspace/WORKSPACE"
_COUNT: Final = "ApproximateNumberOfMessages"
STOPS: Final = (
    "Within 10 seconds nothing more of it is sent. Webhooks are taken as before; what they become"
    " waits."
)
THEN: Final = (
    "Then what waits is sent within 15 minutes. A message that has waited for 24 hours by then is"
    "\na dead letter with the reason paused, so are events, profiles and consent after nine days."
    "\nWhat is past its rule's expires_after is one with the reason expired."
)
ForceOption = Annotated[
    bool, typer.Option("--force", help="Accept a name that the rules do not have.")
]


def unknown(scope: str, names: Names) -> str:
    """Return what is wrong with a scope, in words for the operator; empty for a known one."""
    if scope in names.scopes:
        return ""
    kind, _, name = scope.partition("/")
    if kind not in {"source", "rule", "workspace"} or not name:
        form = "a scope is all, source/SOURCE, rule/SOURCE/RULE or workspace/WORKSPACE"
        form = f"{form}; without one, `relay pause` lists pauses"
        return f"{form}{suggestion(scope, names.scopes)}"
    unread = f" ({', '.join(names.unread)} cannot be read)" if names.unread else ""
    hint = suggestion(scope, [one for one in names.scopes if one.startswith(kind)])
    return f"the rules know no {scope}{unread}{hint}; --force takes any"


def scopes_in(table: Ledger) -> Scopes:
    """Return the pauses of a stack."""
    return dict(table.get(KEY).get("scopes", {}))


def stop(table: Ledger, scope: str, at: int, by: str) -> tuple[bool, Record]:
    """Pause a scope; return whether it was not paused before, and its record now."""
    name = {"#scope": scope}
    value = {"M": {"since": {"N": str(at)}, "by": {"S": by}}}
    for _ in range(_ROUNDS):
        done, item = table.change(
            KEY,
            "SET scopes.#scope = :value",
            "attribute_exists(scopes) AND attribute_not_exists(scopes.#scope)",
            ExpressionAttributeNames=name,
            ExpressionAttributeValues={":value": value},
        )
        if not done and "scopes" not in item:  # the first pause of this stack
            done, item = table.change(
                KEY,
                "SET scopes = :scopes",
                "attribute_not_exists(scopes)",
                ExpressionAttributeValues={":scopes": {"M": {scope: value}}},
            )
        if record := item.get("scopes", {}).get(scope):
            return done, record
    raise RuntimeError("somebody else resumes at the same time: try again")


def go_on(table: Ledger, scope: str) -> tuple[bool, Scopes]:
    """Resume a scope; return whether it was paused, and the pauses that remain."""
    done, item = table.change(
        KEY,
        "REMOVE scopes.#scope",
        "attribute_exists(scopes.#scope)",
        ExpressionAttributeNames={"#scope": scope},
    )
    return done, item.get("scopes", {})


def meaning(stack: Operated, scope: str) -> str:
    """Return what a pause of a scope does, and how it ends, in lines."""
    return f"{STOPS}\nResume:    {command(stack, f'resume {scope}')}\n{THEN}"


def described(scope: str, record: Mapping[str, Any], now: float) -> str:
    """Return one pause in words."""
    return f"{scope}  {since(record['since'], now)} by {record['by']}"


def pause(  # noqa: PLR0913 - the options of a command
    scope: Annotated[
        str | None, typer.Argument(help=f"{_FORM}.", metavar="SCOPE", show_default=False)
    ] = None,
    *,
    force: ForceOption = False,
    rules: RulesOption = RULES,
    stack_name: StackName = None,
    config_env: ConfigEnv = None,
    local: LocalOption = False,
    port: LocalPort = None,
) -> None:
    """Stop sending within 10 seconds; webhooks are still accepted. Without SCOPE, list pauses.

    Example: relay pause rule/shopify/order-confirmation

    Exit codes: 0 paused (also if it was already) or listed, 1 AWS refused a call,
    2 usage, an unknown scope, or no such stack
    """
    if scope is not None and not force and (wrong := unknown(scope, read_names(rules))):
        raise typer.BadParameter(wrong, param_hint="SCOPE")
    stack = operated(stack_name, config_env, local=local, port=port)
    table = Ledger.of(stack)
    if scope is None:
        _list(scopes_in(table))
        return
    now = time.time()
    is_new, record = stop(table, scope, int(now), operator(stack))
    typer.echo(f"{'paused' if is_new else 'paused already'}: {described(scope, record, now)}")
    typer.echo(meaning(stack, scope))


def resume(  # noqa: PLR0913 - the options of a command
    scope: Annotated[str, typer.Argument(help=f"{_FORM}; see `relay pause`.", metavar="SCOPE")],
    *,
    force: ForceOption = False,
    rules: RulesOption = RULES,
    stack_name: StackName = None,
    config_env: ConfigEnv = None,
    local: LocalOption = False,
    port: LocalPort = None,
) -> None:
    """Resume sending; deliveries that wait are sent within 15 minutes.

    Example: relay resume rule/shopify/order-confirmation

    Exit codes: 0 resumed (also if it was not paused), 1 AWS refused a call,
    2 usage, an unknown scope, or no such stack
    """
    stack = operated(stack_name, config_env, local=local, port=port)
    was_paused, left = go_on(Ledger.of(stack), scope)
    if was_paused:
        typer.echo(f"resumed: {scope}; what waits is sent within 15 minutes")
    else:
        typer.echo(f"{scope} was not paused{_hint(scope, left, rules, force=force)}")
    if left:
        typer.echo("Still paused, whatever else is resumed:")
        _list(left)
    if was_paused:
        _say_dead(stack)


def _hint(scope: str, left: Scopes, rules: Path, *, force: bool) -> str:
    """Return what may be meant by a scope that is not paused; end the command for an unknown one.

    A rule may be gone from the folder while its pause remains: only a scope that is not paused must
    have a name that the rules have.
    """
    hint = suggestion(scope, list(left))
    if not force and (wrong := unknown(scope, read_names(rules))):
        raise typer.BadParameter(f"{scope} is not paused{hint or f': {wrong}'}")
    return hint


def _list(scopes: Scopes) -> None:
    now = time.time()
    for scope, record in sorted(scopes.items()):
        typer.echo(described(scope, record, now))
    if not scopes:
        typer.echo("nothing is paused")


def _say_dead(stack: Operated) -> None:
    """Report the number of dead and held deliveries: their reasons show only when received."""
    found = stack.client("sqs").get_queue_attributes(
        QueueUrl=stack.outputs["DeadLetterQueueUrl"], AttributeNames=[_COUNT]
    )
    if number := int(found["Attributes"][_COUNT]):
        letters = counted(number, "letter")
        look = command(stack, "dead-letters list --reason paused")
        typer.echo(f"{letters} in all, dead or held; which of them waited too long: {look}")
        typer.echo(f"Send those: {command(stack, 'dead-letters redrive --reason paused')}")
