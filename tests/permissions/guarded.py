"""A stack whose functions' calls are recorded, and whose roles can be made to lack permissions."""

import json
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.harness import Relay
from tests.permissions.grants import Permission, pairs, single
from tests.permissions.recorder import Call

FUNCTIONS = {"IngestRole": "IngestFunction", "DeliverRole": "DeliverFunction"}
KMS_KEY = "arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@dataclass(frozen=True)
class Guarded:
    """A relay, the calls of its roles since permissions were last set, and each role's proxy."""

    relay: Relay
    calls: list[tuple[Permission, str]] = field(default_factory=list)
    proxies: dict[str, str] = field(default_factory=dict)

    def note(self, role: str) -> Callable[[Call], None]:
        return lambda call: self.calls.append(
            (Permission(role, call.action, self._resource(call.address)), call.denial)
        )

    def used(self) -> set[Permission]:
        return {used for used, _ in self.calls}

    def denied(self) -> dict[Permission, str]:
        return {used: denial for used, denial in self.calls if denial}

    def granted(self) -> set[Permission]:
        """Return what the roles may do, as deployed."""
        return {
            Permission(role, single(action), self._resource(address))
            for role in FUNCTIONS
            for document in self._policies(role).values()
            for action, address in pairs(document)
        }

    @contextmanager
    def without(self, taken: Collection[Permission]) -> Iterator[None]:
        """Take permissions away for a while, from functions that start with empty caches.

        A function that keeps all of its own works on: where none is taken, both start again.
        """
        losing = {one.role for one in taken} or FUNCTIONS.keys()
        before = {role: self._policies(role) for role in losing}
        for role, policies in before.items():
            for name, document in policies.items():
                self._put(role, name, self._less(role, document, taken))
            self._restart(role)
        self.calls.clear()
        try:
            yield
        finally:
            for role, policies in before.items():
                for name, document in policies.items():
                    self._put(role, name, document)

    def waiting(self, output: str) -> int:
        """Return how many messages a queue holds, in flight or not."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        found = self._client("sqs").get_queue_attributes(
            QueueUrl=self.relay.local.stack.outputs[output], AttributeNames=list(names)
        )
        return sum(map(int, found["Attributes"].values()))

    def invocations(self) -> int:
        """Return how many invocations of the functions have ended so far."""
        return sum(line.startswith("REPORT ") for line in self.relay.logs())

    def clear(self) -> None:
        """Forget all messages and faults: a message that nobody postpones is hidden for long."""
        for output in ("QueueUrl", "LowPriorityQueueUrl", "DeadLetterQueueUrl"):
            self._client("sqs").purge_queue(QueueUrl=self.relay.local.stack.outputs[output])
        self.relay.braze("DELETE", "")

    def _client(self, service: str) -> Any:
        return self.relay.local.stack.client(service)

    def _policies(self, role: str) -> dict[str, Any]:
        iam, name = self._client("iam"), self.relay.local.stack.resources[role]
        assert not iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        return {
            policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        }

    def _put(self, role: str, policy: str, document: Any) -> None:
        self._client("iam").put_role_policy(
            RoleName=self.relay.local.stack.resources[role],
            PolicyName=policy,
            PolicyDocument=json.dumps(document),
        )

    def _less(self, role: str, document: Any, taken: Collection[Permission]) -> Any:
        statements = [
            {"Effect": "Allow", "Action": action, "Resource": address}
            for action, address in pairs(document)
            if Permission(role, single(action), self._resource(address)) not in taken
        ]
        return document | {"Statement": statements}

    def _restart(self, role: str) -> None:
        """Have the next invocation start in a new environment, whose calls pass the proxy."""
        functions = self._client("lambda")
        name = self.relay.local.stack.resources[FUNCTIONS[role]]
        given = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        functions.update_function_configuration(
            FunctionName=name,
            Environment={"Variables": given | {"HTTP_PROXY": self.proxies[role]}},
        )

    def _resource(self, address: str) -> str:
        """Return the template's name of an ARN, a URL or a table; else the address itself."""
        if address == KMS_KEY:
            return "KmsKeyArn"
        names = [
            name
            for name, physical in self.relay.local.stack.resources.items()
            if _end(address).startswith(_end(physical))  # a secret's ARN has letters added
        ]
        return names[0] if len(names) == 1 else address


def _end(address: str) -> str:
    return re.split("[:/]", address.removesuffix(":*"))[-1]
