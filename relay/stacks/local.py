"""The local stack as it is deployed in the emulator, and boto3 clients for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

REGION: Final = "us-east-1"


NAME: Final = "relay"


@dataclass(frozen=True, slots=True)
class Stack:
    """A deployed local stack: the emulator's endpoint, the stack's outputs and resources."""

    endpoint: str
    outputs: Mapping[str, str]
    resources: Mapping[str, str]

    def client(self, service: str) -> Any:
        """Return a boto3 client for this stack."""
        return client(self.endpoint, service)

    @property
    def gateway(self) -> str:
        """The URL at which the emulator's API Gateway serves this stack's routes."""
        return f"{self.endpoint}/_aws/execute-api/{self.resources['Api']}/$default"


def client(endpoint: str, service: str) -> Any:
    """Return a boto3 client that speaks to the emulator, with its root credentials."""
    import boto3  # noqa: PLC0415 - 0.2 s, which few commands need

    session = boto3.Session(
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the emulator's own word
        region_name=REGION,
    )
    return session.client(service, endpoint_url=endpoint)  # type: ignore[call-overload] # as named
