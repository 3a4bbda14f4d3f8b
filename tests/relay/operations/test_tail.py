"""`relay tail`: the lines of a stack's logs, as they come."""

import time

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from relay.operations.clients import NoSuchResource, StackClients
from relay.operations.tail import unknown, why_ended
from relay.rules.names import Named, Names
from relay.stacks.activity import Activity
from relay.stacks.logs import GROUPS
from relay.stacks.selection import Operated
from tests.relay.operations.stage import Stage, digest

ID, OLD = digest("a delivery"), digest("one that has waited")
WEBHOOK = {"message": "webhook", "source": "shopify", "status": 200}
DELIVERY = {"message": "delivery", "source": "shopify", "rule": "order", "outcome": "accepted"}
STACK, LOCAL = Operated("shop", {}), Operated("the local stack", {}, "http://127.0.0.1:1")


def made(delivery: str, reference: str) -> dict[str, object]:
    return WEBHOOK | {"deliveries": [{"rule": "order", "id": delivery, "reference": reference}]}


def test_each_line_is_shown_once_and_a_delivery_has_its_orders_name(stage: Stage) -> None:
    desk = StackClients.of(stage.stack, Names(), ("logs", "cloudformation"))
    groups = {name: desk.log_group(name) for name in GROUPS}
    activity = Activity(desk.clients["logs"], groups, time.time() - 60)
    stage.log("IngestLogGroup", made(OLD, "#7"), ago=3_000)
    stage.log("IngestLogGroup", made(ID, "#8"), ago=2)
    stage.log("DeliverLogGroup", DELIVERY | {"id": ID}, DELIVERY | {"id": OLD}, ago=1)
    assert [line.plain.partition("  ")[2] for _, line in activity.look()] == [
        "webhook   shopify  200  -> order",
        "delivery  shopify/order  #8  accepted",
        "delivery  shopify/order  #7  accepted",
    ]
    assert list(activity.look()) == []
    stage.log("DeliverLogGroup", DELIVERY | {"id": ID, "attempt": 2}, ago=1)  # it comes late
    assert [line.plain.partition("  ")[2] for _, line in activity.look()] == [
        "delivery  shopify/order  #8  accepted  attempt 2"
    ]


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "m"}}, "FilterLogEvents")


@pytest.mark.parametrize(
    "error, stack, said",
    [
        (refused("ResourceNotFoundException"), STACK, "is the stack deleted?"),
        (NoSuchResource("the stack has no IngestLogGroup"), STACK, "is the stack deleted?"),
        (refused("ExpiredTokenException"), STACK, "the AWS credentials have expired: log in again"),
        (refused("ThrottlingException"), STACK, "AWS takes no more searches of logs for now"),
        (refused("AccessDeniedException"), STACK, "docs/policies/operator.json"),
        (refused("InternalFailure"), STACK, "the logs cannot be read: An error occurred"),
        (EndpointConnectionError(endpoint_url="u"), LOCAL, "the local stack has ended"),
        (EndpointConnectionError(endpoint_url="u"), STACK, "the logs cannot be read: Could not"),
    ],
)
def test_the_end_of_the_logs_is_said_in_one_line(
    error: Exception, stack: Operated, said: str
) -> None:
    words = why_ended(error, stack)
    assert said in words
    assert "\n" not in words


def test_a_name_that_the_rules_do_not_have_is_a_note() -> None:
    names = Names({("shopify", "order"): Named("default")})
    assert unknown(names, "shopify", "shopify/order") == []
    assert unknown(names, "shopfy", "") == [
        "the rules here have no source shopfy; did you mean shopify?"
    ]
    (note,) = unknown(names, "", "shopify/ordr")
    assert note.endswith("did you mean shopify/order?")


def test_a_stack_that_is_deleted_meanwhile_ends_the_command(stage: Stage) -> None:
    for name in GROUPS:
        stage.client("logs").delete_log_group(logGroupName=stage.physical(name))
    result = stage.run("tail")
    assert result.exit_code == 1
    assert "is the stack deleted?" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("rule", ["order", "/order", "shopify/"])
def test_a_rule_is_named_with_its_source(stage: Stage, rule: str) -> None:
    assert stage.run("tail", "--rule", rule).exit_code == 2
