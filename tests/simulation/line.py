"""The line between a function and an AWS service: it takes time, and it fails as faults say."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    ParamValidationError,
    ReadTimeoutError,
)

from tests.simulation.clock import Time
from tests.simulation.faults import Fault, Faults

T = TypeVar("T")

LATENCY: Final = 0.01  # seconds there and back
# What a service says when it is asked too often (the API references' common errors).
_THROTTLED: Final = {
    "dynamodb": "ProvisionedThroughputExceededException",
    "secretsmanager": "ThrottlingException",
    "sqs": "ThrottlingException",
}


class Died(BaseException):
    """The process is gone in the middle of a call. Nothing in the product may catch it."""


def refusal(operation: str, code: str, message: str, status: int = 400) -> ClientError:
    """Return the error that boto3 raises when a service refuses a call."""
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status},  # type: ignore[typeddict-item] # no ids
        },
        operation,
    )


def check_names(
    given: Mapping[str, Any], required: Collection[str], optional: Collection[str] = ()
) -> None:
    """Raise as boto3 does where a parameter is missing, or one that the call does not know."""
    for name in required:
        if name not in given:
            raise ParamValidationError(report=f'Missing required parameter in input: "{name}"')
    if len(given) > len(required):
        for name in given:
            if name not in required and name not in optional:
                raise ParamValidationError(report=f'Unknown parameter in input: "{name}"')


@dataclass(slots=True)
class Line:
    """One service's line. Its calls are named to the faults as `dynamodb.update_item`.

    Each call is one attempt, as the functions' clients have it (`retry.one_attempt`).
    """

    service: str
    clock: Time
    faults: Faults
    latency: float = LATENCY

    def call(self, operation: str, apply: Callable[[], T]) -> T:
        """Make a call: time passes, `apply` is done, or not, and its answer comes, or not."""
        fault = self.faults.at(f"{self.service}.{operation}")
        self.clock.sleep(self.latency)
        if fault is None:
            return apply()
        return self._struck(operation, apply, fault)

    def _struck(self, operation: str, apply: Callable[[], T], fault: Fault) -> T:
        if fault.kind == "dies_before":
            raise Died
        if fault.kind in ("error", "throttled"):
            self.clock.sleep(fault.seconds)
            raise self._refused(operation, fault)
        answer = apply()
        self.clock.sleep(fault.seconds)
        if fault.kind == "dies_after":
            raise Died
        if fault.kind == "lost":
            raise ReadTimeoutError(endpoint_url=f"https://{self.service}.amazonaws.com")
        return answer

    def _refused(self, operation: str, fault: Fault) -> Exception:
        if fault.kind == "throttled":
            return refusal(operation, _THROTTLED[self.service], "slow down")
        if fault.seconds:  # it took its time to say so
            return refusal(operation, "InternalServerError", "internal error", 500)
        return EndpointConnectionError(endpoint_url=f"https://{self.service}.amazonaws.com")
