"""Clients, names and resources of a stack, as the reading commands share them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import JsonValue

from relay.rules.names import Names
from relay.stacks.local import NAME
from relay.stacks.selection import LOCAL, Operated

Level = Literal["good", "warning", "bad", "unread"]
Resources = Mapping[tuple[str, str], str]  # physical ids by type and logical id


class NoSuchResource(Exception):
    """The stack has no such resource: it is no stack of this relay, or of an older release."""


@dataclass(frozen=True, slots=True)
class StatusSection:
    """One part of the status screen: its lines for the terminal, and the same as JSON."""

    name: str
    lines: tuple[str, ...]
    document: JsonValue
    level: Level = "good"

    @classmethod
    def unread(cls, name: str, error: Exception) -> "StatusSection":
        """Return the part for something that could not be read, with the reason."""
        why = f"cannot be read: {error}"
        return cls(name, (why,), {"unread": str(error)}, "unread")


@dataclass(frozen=True, slots=True)
class StackClients:
    """A stack with everything that is made only once; threads share its clients."""

    stack: Operated
    names: Names
    clients: Mapping[str, Any]
    found: dict[str, Resources] = field(default_factory=dict)

    @classmethod
    def of(cls, stack: Operated, names: Names, services: Iterable[str]) -> "StackClients":
        """Return a stack with its clients, made here: boto3 makes them in one thread only."""
        return cls(stack, names, {service: stack.client(service) for service in services})

    def resources(self) -> Resources:
        """Return the stack's resources, read once; raise botocore's errors.

        Two threads may read them at the same time, with the same result.
        """
        name = formation_name(self.stack)
        if name not in self.found:
            self.found[name] = _resources(self.clients["cloudformation"], name)
        return self.found[name]

    def log_group(self, name: str) -> str:
        """Return a log group's physical name, by its name in the template.

        Raise NoSuchResource, or botocore's errors.
        """
        try:
            return self.resources()["AWS::Logs::LogGroup", name]
        except KeyError:
            raise NoSuchResource(f"the stack has no {name}") from None


def formation_name(stack: Operated) -> str:
    """Return a stack's name in CloudFormation."""
    return NAME if stack.name == LOCAL else stack.name


def _resources(formation: Any, name: str) -> Resources:
    pages = formation.get_paginator("list_stack_resources").paginate(StackName=name)
    return {
        (one["ResourceType"], one["LogicalResourceId"]): one["PhysicalResourceId"]
        for page in pages
        for one in page["StackResourceSummaries"]
        if "PhysicalResourceId" in one
    }
