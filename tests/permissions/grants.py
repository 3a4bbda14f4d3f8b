"""Grants of template.yaml to the roles: one permission for each action on each resource."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from relay.paths import TEMPLATE
from relay.stacks.template import parse

NOTHING = {"Ref": "AWS::NoValue"}


@dataclass(frozen=True, slots=True, order=True)
class Permission:
    """One action that a role may do on one resource, by the names of the template."""

    role: str
    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.role} {self.action} {self.resource}"


def granted() -> frozenset[Permission]:
    """Return what the template grants, with every condition of it true."""
    resources = parse(TEMPLATE.read_text(encoding="utf-8"))["Resources"]
    return frozenset(
        Permission(name, action, _name(target))
        for name, resource in resources.items()
        if resource["Type"] == "AWS::IAM::Role"
        for policy in resource["Properties"]["Policies"]
        for action, target in pairs(policy["PolicyDocument"])
    )


def pairs(document: Any) -> Iterator[tuple[str, Any]]:
    """Give each action with each resource that the statements of a policy allow."""
    for entry in document["Statement"]:
        _, statement, otherwise = entry.get("Fn::If", ("", entry, NOTHING))
        assert (statement["Effect"], otherwise) == ("Allow", NOTHING)
        for action in _listed(statement["Action"]):
            for target in _listed(statement["Resource"]):
                yield action, target


def single(action: str) -> str:
    """Return AWS's action for one that the emulator has beside it: AWS knows no `...Batch`."""
    return action.removesuffix("Batch")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _name(target: Any) -> str:
    (function,) = target.values()  # Ref or Fn::GetAtt
    return str(_listed(function)[0])
