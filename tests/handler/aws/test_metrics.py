"""Counts of the functions, read from the lines that CloudWatch reads; the sums come out even."""

import base64
import hmac
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from aws_lambda_powertools.metrics import EphemeralMetrics

from handler.aws.metrics import METRICS, NAMESPACE, MetricCounts
from handler.core.message import encode
from handler.core.models import Delivery
from relay.console.log_format import sentence
from tests.handler.stage import Braze, Queue
from tests.handler.test_ingest import ORDER, Aws, ingest, request

Capture = pytest.CaptureFixture[str]


def written(text: str) -> dict[tuple[str, ...], Counter[str]]:
    """Return the sums by dimension set: its values of `service`, `source` and `rule`."""
    sums: dict[tuple[str, ...], Counter[str]] = {}
    for line in text.splitlines():
        entry = json.loads(line)
        if "_aws" not in entry:
            continue
        assert sentence(line) is None
        for directive in entry["_aws"]["CloudWatchMetrics"]:
            assert directive["Namespace"] == NAMESPACE
            for names in directive["Dimensions"]:
                found = sums.setdefault(tuple(entry[name] for name in names), Counter())
                for metric in directive["Metrics"]:
                    assert metric["Unit"] == METRICS[metric["Name"]].unit.value
                    found[metric["Name"]] += sum(entry[metric["Name"]])
    return sums


def mix(aws: Aws) -> None:
    taking = ingest(aws)
    good = "first-secret"
    for each in (
        request(good),
        request(good),
        request("wrong-secret"),
        request(good, ORDER | {"note": "x" * 1000}),
        request(good, ORDER | {"test": True}),
        request(good, ORDER | {"email": None}),
        request(good, [1]),
        request(good) | {"pathParameters": {"source": "canary-of-a-path"}},
        request(good) | {"requestContext": {"http": {"method": "GET"}}},
    ):
        taking.answer(each)
    nameless = request(good)
    del nameless["headers"]["X-Shopify-Topic"]
    taking.answer(nameless)
    aws.is_dead_away = True
    taking.answer(request(good, ORDER | {"email": None}))


def test_what_ingest_counts_adds_up_as_accounted(capsys: Capture) -> None:
    aws = Aws({"shopify": "first-secret"})
    mix(aws)
    sums = written(capsys.readouterr().out)
    all_ = sums["relay",]
    assert all_["WebhooksReceived"] == 11 == sum(
        all_[f"Webhooks{kind}"] for kind in ("Refused", "Unavailable", "Malformed", "Taken")
    )  # fmt: skip
    assert all_["WebhooksTaken"] == sum(
        all_[f"Events{kind}"] for kind in ("Unmatched", "Wanted", "Parked")
    )
    assert (all_["WebhooksRefused"], all_["WebhooksUnavailable"]) == (4, 1)
    assert all_["WebhooksMalformed"] == 2
    assert (all_["SignaturesRefused"], all_["BodiesTooLarge"]) == (1, 1)
    assert all_["DeliveriesPlanned"] == len(aws.queues["queue"])
    assert all_["EventsUnrenderable"] + all_["WebhooksMalformed"] == len(aws.queues["dead"])
    assert sums["relay", "shopify", "order-confirmation"]["EventsUnrenderable"] == 1


def test_no_value_of_a_webhook_is_a_dimension(capsys: Capture) -> None:
    mix(Aws({"shopify": "first-secret"}))
    text = capsys.readouterr().out
    assert "canary" not in text
    sources = {key[1] for key in written(text) if len(key) > 1}
    assert sources == {"shopify", "unknown"}


def test_a_good_signature_on_what_is_not_json_is_counted_for_itself(capsys: Capture) -> None:
    event = request("first-secret") | {"body": "{not JSON"}
    signature = base64.b64encode(hmac.digest(b"first-secret", b"{not JSON", "sha256")).decode()
    event["headers"] = event["headers"] | {"x-shopify-hmac-sha256": signature}
    assert ingest(Aws({"shopify": "first-secret"})).answer(event)["statusCode"] == 400
    all_ = written(capsys.readouterr().out)["relay",]
    assert all_ == {"WebhooksReceived": 1, "WebhooksRefused": 1, "VerifiedWebhooksRefused": 1}


def test_what_sqs_refuses_for_good_is_planned_and_dead(capsys: Capture) -> None:
    ingest(Aws({"shopify": "first-secret"}, fault=True)).answer(request("first-secret"))
    all_ = written(capsys.readouterr().out)["relay",]
    assert (all_["DeliveriesPlanned"], all_["DeliveriesDead"]) == (1, 1)


def test_each_message_counts_once_when_it_leaves_the_queue(
    queue: Queue, braze: Braze, delivery: Delivery, capsys: Capture
) -> None:
    refused = (400, b'{"message": "no"}')
    notice = (201, b'{"message": "success", "notice": "something new"}')
    paused = (201, b'{"message": "success", "notice": "The Canvas is paused."}')
    errors = (201, b'{"message": "success", "errors": ["one"]}')
    key = (401, b'{"message": "Error authenticating credentials"}')
    braze.replies += [refused, notice, paused, errors, key]
    made = [replace(delivery, id=f"{delivery.id}-{number}") for number in range(5)]
    bodies = [*map(encode, made), encode(made[3]), "not ours"]
    bodies.append(encode(replace(delivery, id="late", expires_at=1)))
    for body in bodies:
        queue.send(body)
        queue.deliver()
    all_ = written(capsys.readouterr().out)["relay",]
    left = {name: all_[f"Deliveries{name}"] for name in ("Accepted", "Held", "Expired")}
    assert left == {"Accepted": 1, "Held": 1, "Expired": 1}
    assert (all_["TargetPaused"], all_["KeyRefused"], all_["AcceptedWithErrors"]) == (1, 1, 1)
    assert all_["DeliveriesRetried"] == 2
    total = sum(
        all_[f"Deliveries{name}"] for name in ("Accepted", "Duplicate", "Held", "Expired", "Dead")
    )
    assert all_["LettersReturned"] == 1
    assert total + all_["LettersReturned"] + queue.waiting() == len(bodies)
    assert all_["BrazeLatency"] > 0


# What is counted: a metric, its dimensions, how often.
COUNTED = [
    ("DeliveriesAccepted", {"source": "shopify", "rule": "order-confirmation"}, 50),
    ("DeliveriesRetried", {"source": "shopify", "rule": "order-confirmation"}, 2),
    ("DeliveriesAccepted", {"source": "stripe", "rule": "Z\u00fcrich"}, 101),
    ("DeliveriesDead", {"source": "stripe", "rule": "Z\u00fcrich"}, 250),
    ("WebhooksReceived", {"source": "shopify"}, 1),
    ("BrazeLatency", {}, 3),
    ("BrazeRemaining", {}, 1),
]


def by_powertools(name: str) -> None:
    """Print COUNTED as Powertools does, for a stack of this name."""
    line = EphemeralMetrics(namespace=NAMESPACE, service=name)
    for dimensions in (
        dict(each) for each in dict.fromkeys(tuple(it.items()) for _, it, _ in COUNTED)
    ):
        if dimensions:
            line.add_dimensions(service=name, **dimensions)
        for metric, given, count in COUNTED:
            for value in range(count if given == dimensions else 0):
                line.add_metric(metric, METRICS[metric].unit, value)
        line.flush_metrics()


def published(text: str) -> dict[str, list[float]]:
    """Return what CloudWatch reads of lines: the values of each metric under its dimensions."""
    found: dict[str, list[float]] = {}
    for line in text.splitlines():
        entry = json.loads(line)
        assert isinstance(entry["_aws"]["Timestamp"], int)
        for directive in entry["_aws"]["CloudWatchMetrics"]:
            places = [{name: entry[name] for name in names} for names in directive["Dimensions"]]
            for metric in directive["Metrics"]:
                values = entry[metric["Name"]]
                assert len(values) <= 100
                key = json.dumps([directive["Namespace"], places, metric], sort_keys=True)
                found.setdefault(key, []).extend(values)
    return found


def test_a_line_says_what_powertools_says(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "a-stack")
    tally = MetricCounts()
    for name, dimensions, count in COUNTED:
        for value in range(count):
            tally.count(name, **dimensions, value=value)
    tally.flush()
    ours = capsys.readouterr().out
    by_powertools("a-stack")

    assert published(ours) == published(capsys.readouterr().out)
    assert len(ours.splitlines()) == 4  # a line for each rule, and for each hundred of a metric


def test_a_webhook_has_one_line_of_counts(capsys: Capture) -> None:
    ingest(Aws({"shopify": "first-secret"})).answer(request("first-secret"))
    ours = capsys.readouterr().out
    (counts,) = (json.loads(each) for each in ours.splitlines() if "_aws" in each)
    assert (counts["source"], counts["rule"]) == ("shopify", "order-confirmation")
    taken = ("WebhooksReceived", "WebhooksTaken", "EventsTaken", "EventsWanted")
    planned = ("DeliveriesPlanned", "EventsMatched", "EventsRendered")
    assert written(ours) == {
        ("relay",): dict.fromkeys((*taken, *planned), 1),
        ("relay", "shopify"): dict.fromkeys(taken, 1),
        ("relay", "shopify", "order-confirmation"): dict.fromkeys(planned, 1),
    }


def test_what_is_written_is_not_written_again(capsys: Capture) -> None:
    tally = MetricCounts()
    tally.count("KeyRefused")
    tally.flush()
    tally.flush()

    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_dimension_is_never_blank(capsys: Capture) -> None:
    tally = MetricCounts()
    tally.count("DeliveriesDead", " ", "")
    tally.flush()

    assert written(capsys.readouterr().out)["relay", "unknown", "unknown"] == {"DeliveriesDead": 1}


def test_every_metric_of_the_table_is_counted_somewhere() -> None:
    code = "".join(
        file.read_text(encoding="utf-8")
        for file in (Path(__file__).parents[3] / "src" / "handler").rglob("*.py")
        if file.name != "metrics.py"
    )
    assert [name for name in METRICS if f'"{name}"' not in code] == []
