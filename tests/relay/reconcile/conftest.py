"""The same stack as for the other commands of operations."""

from tests.relay.operations.conftest import aws, rules, stage

__all__ = ["aws", "rules", "stage"]
