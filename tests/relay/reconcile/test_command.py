"""`relay reconcile`: what CloudWatch has of a stack, summed, judged and told."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from typer import Typer
from typer.testing import CliRunner, Result

from handler.aws.metrics import METRICS, NAMESPACE
from relay.operations.clients import StackClients
from relay.reconcile.accounting import DELIVERIES, EVENTS, WEBHOOKS, WISHES
from relay.reconcile.cloudwatch_counts import Period
from relay.reconcile.command import Reconciled, reconcile, reconciled, shown
from relay.rules.names import Names
from tests.relay.operations.stage import Stage
from tests.unframed import unframed

app = Typer()
app.command()(reconcile)
ORDER = ("shopify", "order")


def run(stage: Stage, *words: str) -> Result:
    chosen = ["--stack-name", stage.stack.name, "--rules", stage.rules]
    return CliRunner().invoke(app, [*words, *chosen])


def summed(stage: Stage, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(stage, "--json", *words).output)
    return found


def put(
    stage: Stage, source: str, rule: str | None = None, ago: float = 600, **counts: int
) -> None:
    """Put what a stack counts, as CloudWatch has it out of a line: for the stack, and in detail."""
    when = datetime.fromtimestamp(time.time() - ago, UTC)
    own = [{"Name": "service", "Value": stage.stack.name}]
    named = [*own, {"Name": "source", "Value": source}]
    if rule is not None:
        named.append({"Name": "rule", "Value": rule})
    data = [
        {"MetricName": name, "Timestamp": when, "Value": float(count), "Dimensions": dimensions}
        for name, count in counts.items()
        for dimensions in (own, named)
    ]
    stage.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=data)


def row(found: dict[str, Any], name: str, source: str, rule: str | None = None) -> dict[str, Any]:
    (one,) = [one for one in found["sums"][name] if (one["source"], one["rule"]) == (source, rule)]
    return dict(one)


def test_every_metric_that_a_sum_names_is_one_of_the_same_dimensions() -> None:
    for one in (WEBHOOKS, EVENTS, WISHES, DELIVERIES):
        known = {METRICS[name].dimensions for name in one.right if name in METRICS}
        assert known in ({("source",)}, {("source", "rule")}), one.name


def test_a_stack_that_has_counted_nothing_adds_up(stage: Stage) -> None:
    result = run(stage)
    assert result.exit_code == 0, result.output
    found = summed(stage)
    assert found["adds_up"] is True
    assert found["in_flight"] == {"start": None, "end": 0}
    assert [one["left"] for one in found["sums"]["deliveries"]] == [0]


def test_webhooks_that_are_all_accounted_for_add_up_by_source(stage: Stage) -> None:
    put(stage, "shopify", WebhooksReceived=7, WebhooksTaken=4, WebhooksRefused=2, WebhooksPings=1)
    put(stage, "unknown", WebhooksReceived=3, WebhooksRefused=3)
    result = run(stage)
    assert result.exit_code == 0, result.output
    found = summed(stage)
    assert row(found, "webhooks", "shopify") == {
        "source": "shopify",
        "rule": None,
        "left": 7,
        "right": dict.fromkeys(WEBHOOKS.right, 0)
        | {"WebhooksTaken": 4, "WebhooksRefused": 2, "WebhooksPings": 1},
        "difference": 0,
        "verdict": "adds up",
        "why": None,
    }
    assert row(found, "webhooks", "unknown")["verdict"] == "adds up"


def test_a_webhook_that_is_not_accounted_for_is_named_and_ends_the_command_with_1(
    stage: Stage,
) -> None:
    put(stage, "shopify", WebhooksReceived=5, WebhooksTaken=4)
    result = run(stage)
    assert result.exit_code == 1
    assert "webhooks of shopify:" in result.output
    assert f"relay status --stack-name {stage.stack.name}" in result.output
    assert row(summed(stage), "webhooks", "shopify")["difference"] == 1


def test_what_was_counted_before_the_period_or_after_it_is_left_out(stage: Stage) -> None:
    put(stage, "shopify", ago=7_200, WebhooksReceived=1)
    put(stage, "shopify", ago=3_600, WebhooksReceived=2, WebhooksTaken=2)
    put(stage, "shopify", ago=600, WebhooksReceived=1)
    found = summed(stage, "--since", "90m", "--until", "30m")
    assert row(found, "webhooks", "shopify")["left"] == 2
    assert found["adds_up"] is True
    assert summed(stage)["adds_up"] is False


def test_a_neighbours_figures_are_not_ours(stage: Stage) -> None:
    own = {"Name": "service", "Value": "another-stack"}
    stage.client("cloudwatch").put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[
            {
                "MetricName": "WebhooksReceived",
                "Timestamp": datetime.now(UTC),
                "Value": 1.0,
                "Dimensions": [own, {"Name": "source", "Value": "shopify"}],
            }
        ],
    )
    assert summed(stage)["sums"]["webhooks"] == []


def test_a_rule_that_is_gone_from_the_rules_counts_too(stage: Stage) -> None:
    put(stage, "shopify", "long-gone", DeliveriesPlanned=2, DeliveriesAccepted=2)
    assert row(summed(stage), "deliveries", "shopify", "long-gone")["left"] == 2


def test_what_is_planned_has_left_or_is_in_the_queue(stage: Stage) -> None:
    put(stage, *ORDER, DeliveriesPlanned=5, DeliveriesAccepted=2, DeliveriesDead=1)
    for output in ("QueueUrl", "LowPriorityQueueUrl"):
        stage.post(output, "a delivery")
    result = run(stage)
    assert result.exit_code == 0, result.output
    found = summed(stage)
    assert found["in_flight"]["end"] == 2
    assert row(found, "deliveries", "the stack")["verdict"] == "adds up"
    assert row(found, "deliveries", *ORDER)["why"] == "2 may be in flight"


@pytest.mark.parametrize("repeated, told", [(0, "purged"), (2, "a worker that was killed")])
def test_what_was_planned_and_is_nowhere_is_wrong(stage: Stage, repeated: int, told: str) -> None:
    put(stage, *ORDER, DeliveriesPlanned=5, DeliveriesAccepted=3, DeliveriesRedelivered=repeated)
    result = run(stage)
    assert result.exit_code == 1
    assert "deliveries of shopify/order: 2 were planned" in result.output
    assert told in result.output
    assert row(summed(stage), "deliveries", "the stack")["verdict"] == "wrong"


def test_a_rule_of_which_more_left_than_was_planned_is_named_and_is_no_loss(stage: Stage) -> None:
    put(stage, *ORDER, DeliveriesPlanned=1, DeliveriesAccepted=2)
    result = run(stage)
    assert result.exit_code == 0, result.output
    assert "deliveries of shopify/order: 1 left that were not planned" in result.output
    assert "redriven, released, or enqueued by" in unframed(result.output)
    assert "deliveries of the stack: adds up if 1 were in flight" in result.output


def test_more_of_one_rule_does_not_hide_what_is_missing_of_another(stage: Stage) -> None:
    put(stage, *ORDER, DeliveriesPlanned=1, DeliveriesAccepted=2)
    put(stage, "shopify", "welcome", DeliveriesPlanned=2, DeliveriesAccepted=1)
    assert run(stage).exit_code == 1
    found = summed(stage)
    assert row(found, "deliveries", "the stack")["difference"] == 0
    assert row(found, "deliveries", "shopify", "welcome")["verdict"] == "wrong"


def test_what_was_in_flight_at_the_start_is_taken_from_cloudwatch(stage: Stage) -> None:
    when = datetime.fromtimestamp(time.time() - 3_700, UTC)
    counts = (("Visible", 1.0), ("NotVisible", 1.0), ("Delayed", 0.0))
    low = ("LowPriorityQueueUrl", "Visible", 1.0)
    found = [*(("QueueUrl", *one) for one in counts), low]
    stage.client("cloudwatch").put_metric_data(
        Namespace="AWS/SQS",
        MetricData=[
            {
                "MetricName": f"ApproximateNumberOfMessages{kind}",
                "Timestamp": when,
                "Value": count,
                "Dimensions": [
                    {"Name": "QueueName", "Value": stage.stack.outputs[output].rpartition("/")[2]}
                ],
            }
            for output, kind, count in found
        ],
    )
    put(stage, *ORDER, DeliveriesPlanned=1, DeliveriesAccepted=4)
    sums = summed(stage, "--since", "1h")
    assert sums["in_flight"] == {"start": 3, "end": 0}
    assert row(sums, "deliveries", "the stack")["verdict"] == "adds up"


def test_a_stack_that_cannot_be_read_is_said_and_is_not_taken_for_one_that_adds_up(
    stage: Stage,
) -> None:
    url = stage.stack.outputs["QueueUrl"]
    stage.client("sqs").delete_queue(QueueUrl=url)
    result = run(stage)
    assert result.exit_code == 2
    assert "cannot be read" in result.output


def test_a_period_that_ends_before_it_begins_is_refused(stage: Stage) -> None:
    assert "not before" in run(stage, "--since", "1h", "--until", "2h").output


@pytest.mark.parametrize(
    "since, told", [("0h", "not before"), ("99999d", "before 1970"), ("0001-01-02", "before 1970")]
)
def test_a_period_that_has_nothing_in_it_proves_nothing_and_is_refused(
    stage: Stage, since: str, told: str
) -> None:
    result = run(stage, "--since", since)
    assert result.exit_code == 2
    assert told in result.output


def counted(rule: str, **counts: int) -> dict[str, Any]:
    """Return a line of metrics as the functions write it."""
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [["service", "source", "rule"]],
        "Metrics": [{"Name": name} for name in counts],
    }
    named = {"service": "relay", "source": "shopify", "rule": rule}
    return {"_aws": {"CloudWatchMetrics": [directive]}, **named, **counts}


def planned(rule: str, *ids: str) -> dict[str, Any]:
    made = [{"rule": rule, "id": one} for one in ids]
    return {"message": "webhook", "source": "shopify", "status": 200, "deliveries": made}


def locally(stage: Stage) -> Reconciled:
    """Return the sums of a stack as `--local` has it: with the emulator's endpoint."""
    now = time.time()
    services = ("sqs", "cloudwatch", "logs", "cloudformation")
    return reconciled(
        StackClients.of(stage.stack, Names(), services), Period.of(now - 900, now, now), now
    )


def test_lines_that_the_emulators_log_lost_are_no_loss_of_the_relay(stage: Stage) -> None:
    stage.log("IngestLogGroup", planned("order", "1" * 64, "2" * 64), ago=60)
    stage.log("IngestLogGroup", counted("order", DeliveriesPlanned=2), ago=60)
    stage.log("DeliverLogGroup", counted("order", DeliveriesAccepted=1), ago=60)
    stage.put(f"delivery#{'1' * 64}", {"state": "ACCEPTED"})
    assert not locally(stage).adds_up
    stage.put(f"delivery#{'2' * 64}", {"state": "FAILED"})
    assert not locally(stage).adds_up

    stage.put(f"delivery#{'2' * 64}", {"state": "ACCEPTED"})
    found = locally(stage)
    assert found.adds_up
    said = [text for text, _ in shown(found)]
    assert "deliveries of shopify/order: the emulator's log lost the lines of 1: " in "".join(said)
    assert said[-1] == "nothing is missing"


def test_what_is_missing_of_one_rule_is_not_excused_by_another(stage: Stage) -> None:
    for number, rule in enumerate(("order", "welcome")):
        stage.log("IngestLogGroup", planned(rule, str(number) * 64), ago=60)
        stage.log("IngestLogGroup", counted(rule, DeliveriesPlanned=1), ago=60)
    stage.put(f"delivery#{'0' * 64}", {"state": "ACCEPTED"})
    (_, rows) = locally(stage).sums[-1]
    assert {row.place: row.verdict for row in rows} == {
        ("shopify", "order"): "open",
        ("shopify", "welcome"): "wrong",
        ("the stack", ""): "wrong",
    }


def test_a_place_is_whole_in_one_line_and_only_terms_that_count_are_shown(stage: Stage) -> None:
    rule = "a-rule-with-a-name-of-forty-characters-xx"
    put(stage, "shopify", rule, DeliveriesPlanned=5, DeliveriesAccepted=4, DeliveriesHeld=1)
    lines = run(stage).output.splitlines()
    assert f"  shopify/{rule}:  5 planned = 4 accepted + 1 held: adds up" in lines
