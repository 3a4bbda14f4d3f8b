"""The same stack as for the other commands of operations."""

from tests.relay.operations.conftest import aws, endpoint, rules, stage

__all__ = ["aws", "endpoint", "rules", "stage"]
