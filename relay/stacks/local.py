"""The local stack as it is deployed in the emulator, and boto3 clients for it."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import boto3

REGION: Final = "us-east-1"
NAME: Final = "relay"
_SERVICES: Final = 12  # of which a command asks some; the emulator has one endpoint for all
_MAKING: Final = threading.Lock()  # a session makes one client at a time (boto3 guide, "Session")


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


@lru_cache(maxsize=4 * _SERVICES)
def client(endpoint: str, service: str) -> Any:
    """Return the boto3 client that speaks to the emulator, with its root credentials.

    One is made of each: threads may share it (boto3 guide, "Clients").
    """
    from botocore.config import Config  # noqa: PLC0415 - as boto3 below

    # An emulator that has ended is not waited for: botocore's own five tries take half a minute.
    tries = Config(retries={"mode": "standard", "total_max_attempts": 2})
    with _MAKING:
        return _session().client(service, endpoint_url=endpoint, config=tries)  # type: ignore[call-overload] # as named


@cache
def _session() -> "boto3.Session":
    """Return the session of all clients: it reads the definition of a service once, in 50 ms."""
    import boto3  # noqa: PLC0415 - 0.2 s, which few commands need

    return boto3.Session(
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the emulator's own word
        region_name=REGION,
    )
