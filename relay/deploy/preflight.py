"""A look before anything is built: where a deployment goes, and what hinders it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import typer
from botocore.exceptions import BotoCoreError, ClientError

from relay.deploy.account import NoAccountError, account, value_of
from relay.deploy.alarm_address import ADDRESS, Topic, missing, unconfirmed
from relay.deploy.deployed import Deployed, deployed, hindrance
from relay.deploy.rollback import TRIGGERS, triggers
from relay.stacks.aws_errors import in_words
from relay.stacks.cloudformation import client, profile
from relay.stacks.samconfig import Deployment, deployment, parameters_line
from relay.stacks.selection import ChosenStack, chosen

_TOPIC: Final = "AlarmTopic"  # in the template


@dataclass(frozen=True, slots=True)
class Preflight:
    """A deployment that is about to begin.

    `given` is what samconfig.toml says, `settings` the same with the parameters that the stack
    keeps; `deployed` is None before the first one. `triggers` are the ARNs of rollback triggers by
    their names in the template.
    """

    stack: ChosenStack
    config_env: str
    given: Deployment
    deployed: Deployed | None = None
    topic: Topic | None = None
    triggers: dict[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> Deployment:
        """The parameters that the stack will have."""
        kept = self.deployed.parameters if self.deployed else {}
        return replace(self.given, parameters={**kept, **self.given.parameters})


def look(config_env: str, arguments: Sequence[str]) -> Preflight:
    """Return what is about to be deployed where; end the command where AWS does not answer."""
    stack, given = chosen(None, config_env), deployment(config_env)
    if name := value_of("--stack-name", arguments):
        stack = ChosenStack(name)
    try:
        where = account(given, arguments)
        found = deployed(stack.stack_name)
    except NoAccountError as error:
        raise _refused(str(error)) from None
    except (ClientError, BotoCoreError) as error:
        raise _refused(f"{stack.stack_name}: {in_words(error, profile())}") from None
    typer.echo(f"{stack.stack_name}: {'an update' if found else 'a new stack'} in {where}")
    if found is None:
        return Preflight(stack, config_env, given)
    topic = _read("who is told of alarms", lambda: _topic(found))
    ringing = _read("which alarms ring", lambda: _ringing(found)) or []
    for logical in (one for one in TRIGGERS if found.resources.get(one) in ringing):
        typer.echo(f"note: {logical} rings already, and takes nothing back this time")
    return Preflight(stack, config_env, given, found, topic, triggers(found, ringing))


def refusals(before: Preflight) -> Iterator[str]:
    """Yield why nothing must be built; note a missing address."""
    if before.deployed and (hindered := hindrance(before.deployed.status, before.stack)):
        yield hindered
    address = before.given.parameters.get(ADDRESS)
    if before.topic and (nobody := unconfirmed(address, before.topic, before.stack)):
        yield nobody
    elif note := missing(address, before.topic, _place(before.config_env)):
        typer.echo(note, err=True)


def _place(config_env: str) -> str:
    return f"parameter_overrides (samconfig.toml:{parameters_line(config_env)})"


def _topic(stack: Deployed) -> Topic | None:
    arn = stack.resources.get(_TOPIC)
    if arn is None:
        return None
    pages = client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
    heard = tuple(one["SubscriptionArn"] for page in pages for one in page["Subscriptions"])
    return Topic(arn, stack.parameters.get(ADDRESS, ""), heard)


def _ringing(stack: Deployed) -> list[str]:
    names = [stack.resources[one] for one in TRIGGERS if one in stack.resources]
    found = client("cloudwatch").describe_alarms(AlarmNames=names, StateValue="ALARM")
    return [one["AlarmName"] for one in found["MetricAlarms"]]


def _read(what: str, look: Callable[[], Any]) -> Any:
    """Return what is read; say so and return None where the deployer may not: it is no must."""
    try:
        return look()
    except (ClientError, BotoCoreError) as error:
        typer.echo(f"note: {what} cannot be read: {in_words(error, profile())}", err=True)
        return None


def _refused(why: str) -> typer.Exit:
    typer.echo(why, err=True)
    return typer.Exit(1)
