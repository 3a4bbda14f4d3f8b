"""The lines that the functions wrote, given to CloudWatch as it would read them: alarms go off.

The emulator does not read metrics out of logs, so the test puts them. Its alarms look at name and
period alone, so only what has an alarm's very dimensions is put.
"""

import json
from typing import Any

from handler.aws.metrics import NAMESPACE
from tests.e2e.harness import Relay, until


def metrics(relay: Relay) -> list[dict[str, Any]]:
    """Return all that the functions wrote for CloudWatch, one datum for each dimension set."""
    entries = [json.loads(line) for line in relay.logs() if line.startswith('{"_aws"')]
    return [
        {
            "MetricName": metric["Name"],
            "Unit": metric["Unit"],
            "Values": entry[metric["Name"]],
            "Dimensions": [{"Name": name, "Value": entry[name]} for name in names],
        }
        for entry in entries
        for directive in entry["_aws"]["CloudWatchMetrics"]
        for names in directive["Dimensions"]
        for metric in directive["Metrics"]
        if directive["Namespace"] == NAMESPACE
    ]


def alarms(relay: Relay) -> dict[str, dict[str, Any]]:
    found = relay.local.stack.client("cloudwatch").describe_alarms()["MetricAlarms"]
    return {alarm["MetricName"]: alarm for alarm in found if alarm["Namespace"] == NAMESPACE}


def mailbox(relay: Relay, topic: str) -> str:
    """Subscribe a queue to the topic, in the place of somebody's mail; return its URL."""
    sqs = relay.local.stack.client("sqs")
    url: str = sqs.create_queue(QueueName="mailbox")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn = found["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    relay.local.stack.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return url


def told(relay: Relay, url: str) -> set[str]:
    """Return the metrics of the alarms that somebody was told of."""
    sqs = relay.local.stack.client("sqs")
    names = set()
    while messages := sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"):
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            notice = json.loads(json.loads(message["Body"])["Message"])
            assert notice["NewStateValue"] == "ALARM"
            names.add(notice["Trigger"]["MetricName"])
    return names


def put(relay: Relay, name: str, times: int) -> None:
    """Put the first `times` of a metric that have the dimensions of its alarm."""
    wanted = alarms(relay)[name]["Dimensions"]
    found = [one for one in metrics(relay) if one["MetricName"] == name]
    matching = [one for one in found if one["Dimensions"] == wanted]
    assert len(matching) >= times, f"{name} {wanted} is not what was written: {found}"
    relay.local.stack.client("cloudwatch").put_metric_data(
        Namespace=NAMESPACE, MetricData=matching[:times]
    )


def state(relay: Relay, name: str) -> str:
    return str(alarms(relay)[name]["StateValue"])


def test_what_the_functions_wrote_sets_off_their_alarms_and_somebody_is_told(
    relay: Relay, order: dict[str, Any]
) -> None:
    url = mailbox(relay, relay.local.stack.outputs["AlarmTopicArn"])
    for _ in range(10):
        relay.shopify("orders/create", order, secret="canary-wrong")
    relay.shopify("orders/create", order | {"email": None})
    relay.dead_letter()
    relay.shopify("orders/create", b"{not JSON")
    until(
        lambda: {one["MetricName"] for one in metrics(relay)},
        {"SignaturesRefused", "EventsUnrenderable", "VerifiedWebhooksRefused"}.issubset,
        "metrics",
    )
    put(relay, "SignaturesRefused", 9)
    assert state(relay, "SignaturesRefused") != "ALARM"
    put(relay, "SignaturesRefused", 1)
    assert state(relay, "SignaturesRefused") == "ALARM"
    for name in ("EventsUnrenderable", "VerifiedWebhooksRefused"):
        assert state(relay, name) != "ALARM"
        put(relay, name, 1)
        assert state(relay, name) == "ALARM"
    assert told(relay, url) == {
        *("SignaturesRefused", "EventsUnrenderable", "VerifiedWebhooksRefused")
    }


def test_a_refused_key_is_told(relay: Relay, order: dict[str, Any]) -> None:
    body = {"message": "Error authenticating credentials"}
    relay.braze("POST", "/faults", [{"kind": "status", "status": 401, "times": 1, "body": body}])
    relay.shopify("orders/create", order)
    relay.sends(1)
    relay.wait_until_idle()
    put(relay, "KeyRefused", 1)
    assert state(relay, "KeyRefused") == "ALARM"


def test_a_watched_rule_is_looked_for_under_the_very_dimensions_that_it_writes(
    relay: Relay, order: dict[str, Any]
) -> None:
    relay.shopify("orders/create", order)
    until(lambda: metrics(relay), lambda found: bool(planned(found)), "metrics")
    put(relay, "DeliveriesPlanned", 1)
    # That nothing comes is what sets it off; the emulator does not look at alarms without data.
    assert state(relay, "DeliveriesPlanned") == "OK"


def planned(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in found if one["MetricName"] == "DeliveriesPlanned"]
