"""`relay status`: each part says what the stack says; one that cannot be read spoils no other."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from rich.console import Console

from handler.aws.metrics import NAMESPACE
from relay.operations import status
from relay.operations.clients import StackClients, StatusSection
from relay.operations.status_parts import queues, sent
from relay.rules.names import Names
from tests.relay.operations.stage import ROOT, Stage
from tests.unframed import unframed

PROGRAM = "import typer; from relay.operations.status import status; typer.run(status)"


def looked(stage: Stage) -> dict[str, Any]:
    result = stage.run("status", "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.output)
    return found


def part(stage: Stage, name: str) -> str:
    """Return the lines that the screen has of a part, in one."""
    lines = stage.run("status").output.splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith(name))
    rest = [lines[start].removeprefix(name)]
    for line in lines[start + 1 :]:
        if not line.startswith(" "):
            break
        rest.append(line)
    return " ".join(" ".join(rest).split())


def test_a_quiet_stack_has_all_parts_and_nothing_in_them(stage: Stage) -> None:
    found = looked(stage)
    assert found.pop("stack") == stage.stack.name
    assert abs(found.pop("at") - time.time()) < 10
    for name in ("queue", "low_priority"):
        assert found.pop(name) == {"visible": 0, "in_flight": 0, "delayed": 0, "oldest": None}
    assert found == {
        "sent": {"hour": 0, "day": 0},
        "dead_letters": {"count": 0},
        "braze": {name: {"open": False} for name in ("coffee", "default", "tea")},
        "rate_limit": {"coffee": {}, "default": {}, "tea": {}},
        "pauses": {},
        "surges": {},
        "alarms": [],
        "last_errors": [],
    }
    assert "CloudWatch has no figure" in part(stage, "queue")


def test_queue_and_dead_letters_are_counted_and_not_received(stage: Stage) -> None:
    for number in range(5):
        stage.post("QueueUrl", str(number))
    stage.client("sqs").receive_message(
        QueueUrl=stage.stack.outputs["QueueUrl"], MaxNumberOfMessages=2, VisibilityTimeout=60
    )
    stage.post("LowPriorityQueueUrl", "a welcome")
    stage.post("DeadLetterQueueUrl", "dead", reason="rejected")
    found = looked(stage)
    assert (found["queue"]["visible"], found["queue"]["in_flight"]) == (3, 2)
    assert found["low_priority"]["visible"] == 1
    assert "1 to be taken, 0 in work or waiting" in part(stage, "low priority")
    assert found["dead_letters"] == {"count": 1}
    assert "3 to be taken, 2 in work or waiting" in part(stage, "queue")
    assert stage.letters() == ["dead"]


def test_a_held_delivery_is_not_said_to_be_a_dead_letter(stage: Stage) -> None:
    stage.post("DeadLetterQueueUrl", "waits for a person", reason="unknown")
    said = part(stage, "dead letters")
    assert "1 letter, dead or held" in said
    for group in ("dead-letters", "held"):
        assert f"relay {group} list --stack-name {stage.stack.name}" in said


def test_the_oldest_age_is_shown_where_cloudwatch_has_it(stage: Stage) -> None:
    url = stage.stack.outputs["QueueUrl"]
    stage.client("cloudwatch").put_metric_data(
        Namespace="AWS/SQS",
        MetricData=[
            {
                "MetricName": "ApproximateAgeOfOldestMessage",
                "Dimensions": [{"Name": "QueueName", "Value": url.rpartition("/")[2]}],
                "Value": 3725,
            }
        ],
    )
    assert looked(stage)["queue"]["oldest"] == 3725
    assert "oldest: 1 h 2 min" in part(stage, "queue")


def test_an_open_breaker_says_since_when_why_and_when_it_is_probed(stage: Stage) -> None:
    now = int(time.time())
    stage.put(
        "breaker#default",
        {"opened_at": now - 600, "open_until": now + 90, "opens": 2, "reason": "failures",
         "total": 20, "failed": 12, "expires": now + 999},
    )  # fmt: skip
    stage.put(
        "breaker#tea",
        {"opened_at": now - 60, "open_until": now - 1, "reason": "key_refused", "probe": "w",
         "probe_until": now + 20, "expires": now + 999},
    )  # fmt: skip
    said = part(stage, "Braze")
    assert "default: breaker open since" in said
    assert "(10 min" in said
    assert "): failures (12 of 20 requests); nothing is sent until" in said
    assert "tea: breaker open" in said
    assert "Braze refuses the API key; a probe is on its way" in said
    assert f"secrets set --braze tea --stack-name {stage.stack.name}" in said
    assert "with all permissions that the rules need (none can be changed): .venv/bin/relay" in said
    assert "coffee: sending" in said
    found = looked(stage)["braze"]
    assert {name: one["open"] for name, one in found.items()} == {
        "coffee": False,
        "default": True,
        "tea": True,
    }
    assert found["default"]["open_until"] == now + 90


def test_a_key_that_lacks_one_permission_is_said_to_lack_that_one(stage: Stage) -> None:
    now = int(time.time())
    opened = {"opened_at": now - 9, "open_until": now + 90, "reason": "key_refused"}
    stage.put("breaker#tea#canvas.trigger.send", opened | {"expires": now + 999})
    said = part(stage, "Braze")
    assert "tea: sending" in said
    assert "tea, canvas.trigger.send: breaker open since" in said
    assert f"secrets set --braze tea --stack-name {stage.stack.name}" in said
    assert [name for name, one in looked(stage)["braze"].items() if one["open"]] == [
        "tea#canvas.trigger.send"
    ]


def test_what_is_past_its_time_to_live_is_not_shown(stage: Stage) -> None:
    stage.put("breaker#default", {"open_until": 2_000_000_000_000, "expires": 1})
    assert looked(stage)["braze"]["default"] == {"open": False}


def test_the_rate_says_what_is_left_until_when_and_whether_braze_limits(stage: Stage) -> None:
    now = int(time.time())
    seen = {"remaining": 1200, "limit": 250_000, "reset": now + 1800, "at": now - 4}
    stage.put("rate#default", seen | {"expires": now + 999})
    stage.put("rate#tea", {"until": now + 30, "expires": now + 999})
    said = part(stage, "rate limit")
    assert "default: 1,200 of 250,000 left, until" in said
    assert "tea: limited: nothing is sent until" in said
    assert "coffee: Braze has said nothing" in said
    assert looked(stage)["rate_limit"]["default"] == seen


def test_limits_of_profiles_and_consent_are_shown_beside_that_of_the_sends(stage: Stage) -> None:
    now = int(time.time())
    stage.put("rate#tea#track", {"until": now + 3, "expires": now + 999})
    kept = {"remaining": 4900, "limit": 5000, "reset": now + 40, "at": now - 4}
    stage.put("rate#default#subscription", kept | {"expires": now + 999})
    said = part(stage, "rate limit")
    assert "tea: Braze has said nothing" in said
    assert "tea, track: limited: nothing is sent until" in said
    assert "default, subscription: 4,900 of 5,000 left, until" in said
    assert "default, track" not in said
    found = looked(stage)["rate_limit"]
    assert sorted(found) == ["coffee", "default", "default#subscription", "tea", "tea#track"]


def test_pauses_and_surges_are_shown(stage: Stage) -> None:
    now = int(time.time())
    stage.run("pause", "source/shopify")
    stage.put("surge#shopify/order", {"stopped": 7, "stopped_at": now - 60, "expires": now + 99})
    found = looked(stage)
    assert found["pauses"]["source/shopify"]["by"] == ROOT
    assert found["surges"] == {"shopify/order": {"stopped": 7, "stopped_at": now - 60}}
    assert "source/shopify since" in part(stage, "pauses")
    assert "shopify/order: passed 0 of 3 in 100 d; stopped 7 since" in part(stage, "surges")


def test_only_alarms_of_this_stack_in_alarm_are_shown(stage: Stage) -> None:
    cloudwatch = stage.client("cloudwatch")
    name = stage.physical("DeadLettersAlarm")
    stranger = f"{stage.stack.name}-other"
    cloudwatch.put_metric_alarm(
        AlarmName=stranger, Namespace="X", MetricName="Y", Statistic="Sum", Period=60,
        EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    assert "none of 2 is in alarm" in part(stage, "alarms")
    for one in (name, stranger):
        cloudwatch.set_alarm_state(AlarmName=one, StateValue="ALARM", StateReason="a test")
    assert looked(stage)["alarms"] == ["DeadLettersAlarm"]
    assert "DeadLetters since" in part(stage, "alarms")
    assert "Somebody has to look." in part(stage, "alarms")


def line(outcome: str, number: int) -> dict[str, Any]:
    return {
        "message": "delivery", "source": "shopify", "rule": "order", "outcome": outcome,
        "reason": "server_error", "status": 500, "attempt": number, "id": f"{number:064x}",
    }  # fmt: skip


def test_the_last_five_errors_are_the_newest_of_a_quarter_of_an_hour(stage: Stage) -> None:
    stage.log("DeliverLogGroup", line("rejected", 1), ago=1000)
    stage.log("DeliverLogGroup", line("rejected", 2), line("accepted", 3), ago=600)
    stage.log("DeliverLogGroup", line("unknown", 4), ago=200)
    stage.log("DeliverLogGroup", line("not_sent", 5), {"message": "not now"}, ago=100)
    found = looked(stage)["last_errors"]
    assert [entry["attempt"] for entry in found] == [2, 4, 5]
    stage.log("DeliverLogGroup", *(line("not_sent", number) for number in range(6, 10)), ago=5)
    found = looked(stage)["last_errors"]
    assert [entry["attempt"] for entry in found] == [5, 6, 7, 8, 9]
    said = part(stage, "last errors")
    assert "shopify/order not_sent (server_error) status 500 attempt 9" in said


def test_an_error_of_what_was_accepted_since_is_not_shown(stage: Stage) -> None:
    stage.log("DeliverLogGroup", line("not_sent", 1), line("not_sent", 2), ago=100)
    stage.put(f"delivery#{1:064x}", {"state": "ACCEPTED"})
    assert [entry["attempt"] for entry in looked(stage)["last_errors"]] == [2]
    stage.put(f"delivery#{2:064x}", {"state": "ACCEPTED"})
    assert looked(stage)["last_errors"] == []
    said = part(stage, "last errors")
    assert "none in 15 minutes; what failed (2 attempts) was accepted since" in said


def test_what_was_sent_is_counted_by_the_hour_and_the_day(stage: Stage) -> None:
    service = [{"Name": "service", "Value": stage.stack.name}]
    for ago, count in ((1_200, 3.0), (7_200, 4.0), (90_000, 8.0)):
        stage.client("cloudwatch").put_metric_data(
            Namespace=NAMESPACE,
            MetricData=[
                {
                    "MetricName": "DeliveriesAccepted",
                    "Timestamp": datetime.fromtimestamp(time.time() - ago, UTC),
                    "Value": count,
                    "Dimensions": service,
                }
            ],
        )
    assert looked(stage)["sent"] == {"hour": 3, "day": 7}
    assert part(stage, "sent") == "3 in the last hour, 7 in the last day"


def local(stage: Stage) -> StackClients:
    """Return the stack as `--local` has it: with the emulator's endpoint."""
    services = ("sqs", "dynamodb", "logs", "cloudwatch", "cloudformation")
    return StackClients.of(stage.stack, Names(), services)


def test_the_local_stack_counts_what_was_sent_by_its_log(stage: Stage) -> None:
    stage.log("DeliverLogGroup", line("accepted", 1), line("rejected", 2), ago=9_000)
    stage.log("DeliverLogGroup", line("accepted", 3), {"message": "accepted"}, ago=60)
    found = sent(local(stage), time.time())
    assert found.document == {"hour": 1, "day": 2}


def test_the_local_stack_is_not_said_to_lack_what_its_emulator_cannot_have(stage: Stage) -> None:
    (queue, *_) = queues(local(stage), time.time())
    assert queue.lines == ("0 to be taken, 0 in work or waiting, 0 delayed",)


def test_what_one_copies_is_whole_in_one_line_of_eighty_columns(stage: Stage) -> None:
    command = f".venv/bin/relay dead-letters list --stack-name {'x' * 40}"
    shown = status.shown(stage.stack, [StatusSection("dead letters", ("1 letter", command), {})], 0)
    screen = Console(file=io.StringIO(), width=80, force_terminal=True, no_color=True)
    screen.print(shown, soft_wrap=True)
    assert f"  {command}" in "".join(screen.file.getvalue())  # type: ignore[attr-defined] # as above


def test_a_part_that_cannot_be_read_says_so_and_the_rest_is_shown(stage: Stage) -> None:
    stage.client("dynamodb").delete_table(TableName=stage.stack.outputs["LedgerTable"])
    stage.client("logs").delete_log_group(logGroupName=stage.physical("DeliverLogGroup"))
    stage.post("QueueUrl", "one")
    found = looked(stage)
    for name in ("braze", "rate_limit", "pauses", "surges"):
        assert "ResourceNotFoundException" in found[name]["unread"]
    assert "ResourceNotFoundException" in found["last_errors"]["unread"]
    assert found["queue"]["visible"] == 1
    assert found["alarms"] == []
    assert "cannot be read: " in part(stage, "pauses")


def test_a_queue_that_is_deleted_hides_no_other(stage: Stage) -> None:
    stage.client("sqs").delete_queue(QueueUrl=stage.stack.outputs["LowPriorityQueueUrl"])
    stage.post("QueueUrl", "one")
    found = looked(stage)
    assert "NonExistentQueue" in found["low_priority"]["unread"]
    assert found["queue"]["visible"] == 1


def test_where_nothing_can_be_read_the_command_fails(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stack is found, and from then on AWS refuses everything."""
    gone = replace(stage.stack, endpoint="http://127.0.0.1:1")
    monkeypatch.setattr(status, "operated", lambda *_, **__: gone)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    result = stage.run("status", "--json")
    assert result.exit_code == 1
    parts = json.loads(result.output)
    del parts["stack"], parts["at"]
    assert all("unread" in one for one in parts.values())


def test_watch_looks_again_until_it_is_interrupted(stage: Stage) -> None:
    words = ["--watch", "--stack-name", stage.stack.name, "--rules", stage.rules]
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "120"},
    ) as process:
        assert process.stdout is not None
        late = threading.Timer(30, process.kill)  # else a screen that stands still is waited for
        late.start()
        assert any("0 to be taken" in read for read in process.stdout)
        stage.post("QueueUrl", "one")
        assert any("1 to be taken" in read for read in process.stdout)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
        late.cancel()


def test_a_screen_for_scripts_is_not_watched(stage: Stage) -> None:
    assert stage.run("status", "--watch", "--json").exit_code == 2


def test_what_is_no_terminal_is_told_that_nothing_is_watched_there(stage: Stage) -> None:
    result = stage.run("status", "--watch")
    assert result.exit_code == 2
    assert "--watch needs a terminal" in unframed(result.output)
