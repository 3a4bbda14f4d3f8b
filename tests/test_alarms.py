"""Every alarm watches a metric that is really written, on this stack's own resources."""

import json
import re
from typing import Any

import pytest

from handler.aws.metrics import METRICS, NAMESPACE
from relay.paths import TEMPLATE
from relay.stacks.template import parse

TEMPLATE_ = parse(TEMPLATE.read_text(encoding="utf-8"))
RESOURCES: dict[str, Any] = TEMPLATE_["Resources"]
ALARMS = {
    name: one["Properties"]
    for name, one in RESOURCES.items()
    if one["Type"] == "AWS::CloudWatch::Alarm"
}
# AWS's own metrics that alarms watch: SQS developer guide, "Available CloudWatch metrics for
# Amazon SQS"; Lambda developer guide, "Types of metrics for Lambda functions".
OF_AWS = {
    "AWS/SQS": (
        "AWS::SQS::Queue",
        "QueueName",
        {
            "ApproximateNumberOfMessagesVisible",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateAgeOfOldestMessage",
        },
    ),
    "AWS/Lambda": ("AWS::Serverless::Function", "FunctionName", {"Errors", "Throttles"}),
}
EXPECTED = {
    "SignaturesRefused": ("GreaterThanOrEqualToThreshold", 10),
    "VerifiedWebhooksRefused": ("GreaterThanThreshold", 0),
    "BodiesTooLarge": ("GreaterThanThreshold", 0),
    "SourcesUnknown": ("GreaterThanOrEqualToThreshold", 10),
    "EventsUnrenderable": ("GreaterThanThreshold", 0),
    "DeliveriesPlanned": ("LessThanThreshold", 1),
    "WebhooksUnavailable": ("GreaterThanThreshold", 0),
    "TargetPaused": ("GreaterThanThreshold", 0),
    "KeyRefused": ("GreaterThanThreshold", 0),
    "Unrecorded": ("GreaterThanThreshold", 0),
    "AcceptedWithErrors": ("GreaterThanThreshold", 0),
    "BreakerOpened": ("GreaterThanThreshold", 0),
    "DeliveriesStopped": ("GreaterThanThreshold", 0),
}


def resource_of(dimension: dict[str, Any]) -> str:
    value = dimension["Value"]
    name: str = value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0]
    return name


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_watches_what_is_written(name: str) -> None:
    alarm = ALARMS[name]
    dimension, *others = alarm["Dimensions"]
    if alarm["Namespace"] == NAMESPACE:
        written = METRICS[alarm["MetricName"]].dimensions
        assert tuple(other["Name"] for other in others) in {(), written}
        assert dimension == {"Name": "service", "Value": {"Ref": "AWS::StackName"}}
        given = TEMPLATE_["Globals"]["Function"]["Environment"]["Variables"]
        assert given["POWERTOOLS_SERVICE_NAME"] == dimension["Value"]
        return
    kind, key, metrics = OF_AWS[alarm["Namespace"]]
    assert alarm["MetricName"] in metrics
    assert dimension["Name"] == key
    assert RESOURCES[resource_of(dimension)]["Type"] == kind


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_reaches_the_topic_says_what_to_do_and_only_silence_is_loud_without_data(
    name: str,
) -> None:
    alarm = ALARMS[name]
    assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]
    watches_silence = alarm["ComparisonOperator"] == "LessThanThreshold"
    assert alarm["TreatMissingData"] == ("breaching" if watches_silence else "notBreaching")
    assert len(str(alarm["AlarmDescription"]).split(". ")) > 1
    assert "AlarmName" not in alarm  # a name of its own would collide with another stack's


def test_what_the_functions_write_has_its_alarms_and_thresholds() -> None:
    found = {
        alarm["MetricName"]: (alarm["ComparisonOperator"], alarm["Threshold"])
        for alarm in ALARMS.values()
        if alarm["Namespace"] == NAMESPACE
    }
    assert found == EXPECTED
    assert {alarm["Statistic"] for alarm in ALARMS.values()} == {"Sum", "Maximum"}


@pytest.mark.parametrize("number", [1, 2, 3])
def test_each_watched_rule_has_its_own_alarm_of_so_many_hours(number: int) -> None:
    watched = {"Ref": f"WatchedRule{number}"}
    alarm = ALARMS[f"RuleSilentAlarm{number}"]
    assert [one["Value"] for one in alarm["Dimensions"][1:]] == [
        {"Fn::Select": [at, {"Fn::Split": ["/", watched]}]} for at in (0, 1)
    ]
    assert (alarm["Period"], alarm["EvaluationPeriods"]) == (3_600, {"Ref": "WatchedHours"})
    condition = RESOURCES[f"RuleSilentAlarm{number}"]["Condition"]
    assert TEMPLATE_["Conditions"][condition] == {"Fn::Not": [{"Fn::Equals": [watched, ""]}]}


def test_both_functions_all_queues_and_the_age_of_dead_letters_are_watched() -> None:
    found = {
        (resource_of(alarm["Dimensions"][0]), alarm["MetricName"], alarm["Threshold"])
        for alarm in ALARMS.values()
        if alarm["Namespace"] != NAMESPACE
    }
    assert found == {
        ("IngestFunction", "Errors", 0),
        ("IngestFunction", "Throttles", 0),
        ("DeliverFunction", "Errors", 0),
        ("Queue", "ApproximateAgeOfOldestMessage", 3_600),
        ("Queue", "ApproximateNumberOfMessagesNotVisible", 60_000),
        ("LowPriorityQueue", "ApproximateAgeOfOldestMessage", 6 * 3_600),
        ("LowPriorityQueue", "ApproximateNumberOfMessagesNotVisible", 60_000),
        ("DeadLetterQueue", "ApproximateNumberOfMessagesVisible", 0),
        ("DeadLetterQueue", "ApproximateAgeOfOldestMessage", 10 * 86_400),
    }


def test_only_alarms_of_this_account_may_publish_and_only_over_tls() -> None:
    allow, deny = RESOURCES["AlarmTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert allow["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allow["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    assert (deny["Effect"], deny["Condition"]) == (
        "Deny",
        {"Bool": {"aws:SecureTransport": "false"}},
    )


def test_cloudwatch_may_use_the_key_of_the_topic_and_the_mail_is_a_choice() -> None:
    assert RESOURCES["AlarmTopic"]["Properties"] == {"KmsMasterKeyId": {"Ref": "AlarmKey"}}
    _, alarms = RESOURCES["AlarmKey"]["Properties"]["KeyPolicy"]["Statement"]
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert set(alarms["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert RESOURCES["AlarmSubscription"]["Condition"] == "HasAlarmEmail"
    assert TEMPLATE_["Parameters"]["AlarmEmail"]["Default"] == ""


def test_the_dashboard_follows_the_path_and_shows_only_what_is_written() -> None:
    body = RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    widgets = [one["properties"] for one in json.loads(body)["widgets"]]
    titles = [re.split(r"\W", one["title"])[0].lower() for one in widgets]
    path = ["received", "refused", "unmatched", "planned", "queued"]
    path += ["accepted", "retried", "held", "dead"]
    assert [title for title in titles if title in path] == path
    shown = [metric for one in widgets for metric in one["metrics"]]
    ours = [metric for metric in shown if metric[0] == NAMESPACE]
    assert {metric[1] for metric in ours} == set(METRICS)
    assert {tuple(metric[2:4]) for metric in ours} == {("service", "${AWS::StackName}")}
    latency = [one[4]["stat"] for one in ours if one[1] == "BrazeLatency"]
    assert latency == ["p50", "p99"]
    for metric in shown:
        if metric not in ours:
            assert metric[0] == "AWS/SQS"
            assert re.fullmatch(r"\$\{(|DeadLetter|LowPriority)Queue\.QueueName\}", metric[3])
