"""Each role has what its function uses and nothing else: taken away, one by one, it is missed.

The emulator enforces IAM on what the functions call. It asks nobody for what Lambda itself, or a
service that encrypts, does in a role's name: that stands in UNCHECKED, with the page of AWS that
says it is needed.
"""

from collections.abc import Callable

import pytest
import requests

from tests.e2e.harness import Relay, sample, until
from tests.permissions.grants import Permission, granted
from tests.permissions.guarded import Guarded

DOCS = "https://docs.aws.amazon.com"
LOGS = f"{DOCS}/lambda/latest/dg/monitoring-cloudwatchlogs.html"
SQS = f"{DOCS}/AWSSimpleQueueService/latest/SQSDeveloperGuide"
POLLER = f"{SQS}/sqs-configure-lambda-function-trigger.html"
QUEUE_KEY = f"{SQS}/sqs-key-management.html"
SECRET_KEY = f"{DOCS}/secretsmanager/latest/userguide/security-encryption.html"
TABLE_KEY = f"{DOCS}/amazondynamodb/latest/developerguide/encryption.usagenotes.html"

UNCHECKED = {
    Permission("IngestRole", "logs:CreateLogStream", "IngestLogGroup"): LOGS,
    Permission("IngestRole", "logs:PutLogEvents", "IngestLogGroup"): LOGS,
    Permission("DeliverRole", "logs:CreateLogStream", "DeliverLogGroup"): LOGS,
    Permission("DeliverRole", "logs:PutLogEvents", "DeliverLogGroup"): LOGS,
    Permission("DeliverRole", "sqs:ReceiveMessage", "Queue"): POLLER,
    Permission("DeliverRole", "sqs:DeleteMessage", "Queue"): POLLER,
    Permission("DeliverRole", "sqs:GetQueueAttributes", "Queue"): POLLER,
    Permission("DeliverRole", "sqs:ReceiveMessage", "LowPriorityQueue"): POLLER,
    Permission("DeliverRole", "sqs:DeleteMessage", "LowPriorityQueue"): POLLER,
    Permission("DeliverRole", "sqs:GetQueueAttributes", "LowPriorityQueue"): POLLER,
    # To send is to make a data key, and to see that it is whole.
    Permission("IngestRole", "kms:GenerateDataKey", "KmsKeyArn"): QUEUE_KEY,
    Permission("DeliverRole", "kms:GenerateDataKey", "KmsKeyArn"): QUEUE_KEY,
    Permission("IngestRole", "kms:Decrypt", "KmsKeyArn"): f"{QUEUE_KEY} {SECRET_KEY}",
    Permission("DeliverRole", "kms:Decrypt", "KmsKeyArn"): f"{QUEUE_KEY} {SECRET_KEY} {TABLE_KEY}",
}


def accepted(relay: Relay) -> requests.Response:
    return relay.shopify("orders/create", sample("shopify-order"))


def unrenderable(relay: Relay) -> requests.Response:
    return relay.shopify("orders/create", sample("shopify-order") | {"email": None})


def postponed(relay: Relay) -> requests.Response:
    relay.braze("POST", "/faults", [{"kind": "status", "status": 503, "times": 1}])
    return accepted(relay)


def welcome(relay: Relay) -> requests.Response:
    return relay.shopify("customers/create", sample("shopify-customer"))


def postponed_welcome(relay: Relay) -> requests.Response:
    relay.braze("POST", "/faults", [{"kind": "status", "status": 503, "times": 1}])
    return welcome(relay)


def rejected(relay: Relay) -> requests.Response:
    relay.braze("POST", "/faults", [{"kind": "status", "status": 400}])
    return accepted(relay)


def together(relay: Relay) -> requests.Response:
    """Post the orders of two customers, which the worker gets in one batch."""
    order = sample("shopify-order")
    customer = order["customer"] | {"id": order["customer"]["id"] + 1}
    with relay.workers_stopped():
        accepted(relay)
        return relay.shopify("orders/create", order | {"customer": customer})


# Without it deliveries of low priority go into the other queue, or marks go singly; all are sent.
OTHER_WAY = {
    Permission("IngestRole", "sqs:SendMessage", "LowPriorityQueue"): welcome,
    Permission("DeliverRole", "dynamodb:PartiQLUpdate", "Ledger"): together,
}
# The webhook on whose way a permission is needed.
WEBHOOKS: dict[Permission, Callable[[Relay], requests.Response]] = {
    Permission("IngestRole", "secretsmanager:GetSecretValue", "SigningSecrets"): accepted,
    Permission("IngestRole", "sqs:SendMessage", "Queue"): accepted,
    Permission("IngestRole", "sqs:SendMessage", "DeadLetterQueue"): unrenderable,
    Permission("DeliverRole", "secretsmanager:GetSecretValue", "BrazeKeys"): accepted,
    Permission("DeliverRole", "dynamodb:GetItem", "Ledger"): accepted,
    Permission("DeliverRole", "dynamodb:PartiQLInsert", "Ledger"): together,
    Permission("DeliverRole", "dynamodb:UpdateItem", "Ledger"): accepted,
    **OTHER_WAY,
    Permission("DeliverRole", "sqs:ChangeMessageVisibility", "Queue"): postponed,
    Permission("DeliverRole", "sqs:ChangeMessageVisibility", "LowPriorityQueue"): postponed_welcome,
    Permission("DeliverRole", "sqs:SendMessage", "DeadLetterQueue"): rejected,
}


def test_every_permission_of_the_template_is_proven_or_on_the_list_of_the_unchecked() -> None:
    assert not WEBHOOKS.keys() & UNCHECKED.keys()
    assert WEBHOOKS.keys() | UNCHECKED.keys() == granted()


def test_the_deployed_roles_may_do_what_the_template_says_and_no_more(guarded: Guarded) -> None:
    assert guarded.granted() == granted()


def waiting(guarded: Guarded) -> int:
    return guarded.waiting("QueueUrl") + guarded.waiting("LowPriorityQueueUrl")


@pytest.mark.parametrize("permission", sorted(granted() - UNCHECKED.keys()), ids=str)
def test_what_lacks_a_permission_is_denied_by_its_name_and_loses_nothing(
    guarded: Guarded, permission: Permission
) -> None:
    before = guarded.invocations()
    with guarded.without({permission}):
        answer = WEBHOOKS[permission](guarded.relay)
        denied = until(guarded.denied, bool, f"denial of {permission}")
        assert denied.keys() == {permission}
        assert f"not authorized to perform: {permission.action}" in denied[permission]
        if permission in OTHER_WAY:
            until(lambda: waiting(guarded), lambda left: left == 0, "empty queues")
            assert guarded.relay.sends(1)
        # Its sender comes again, or the message does.
        elif answer.status_code != 503:
            until(guarded.invocations, lambda ended: ended >= before + 2, "end of the worker")
            assert waiting(guarded) == (2 if WEBHOOKS[permission] is together else 1)
        assert guarded.waiting("DeadLetterQueueUrl") == 0


@pytest.mark.parametrize(
    "taken", [set(), UNCHECKED.keys()], ids=["nothing-taken", "the-unchecked-taken"]
)
def test_what_is_used_is_what_is_granted_and_nothing_is_denied(
    guarded: Guarded, taken: set[Permission]
) -> None:
    logged = len(guarded.relay.logs())
    with guarded.without(taken):
        for webhook in (
            *(accepted, together, postponed, welcome, postponed_welcome, unrenderable, rejected),
        ):
            assert webhook(guarded.relay).status_code == 200
            until(lambda: guarded.denied() or not waiting(guarded), bool, "empty queues")
            assert guarded.denied() == {}
        assert guarded.used() == granted() - UNCHECKED.keys()
    assert len(guarded.relay.sends(6)) == 6
    assert guarded.waiting("DeadLetterQueueUrl") == 2
    assert len(guarded.relay.logs()) > logged
