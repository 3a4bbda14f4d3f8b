"""How much is on its way, and how much was given up."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import JsonValue

from relay.console.format import command, counted, span
from relay.operations.desk import Desk, Part

_NUMBER: Final = "ApproximateNumberOfMessages"
_COUNTS: Final = (_NUMBER, f"{_NUMBER}NotVisible", f"{_NUMBER}Delayed")
_LOOK_BACK: Final = timedelta(minutes=10)  # SQS tells CloudWatch every minute, some minutes late


def queue(desk: Desk, now: float) -> Part:
    """Return how many deliveries wait; raise botocore's errors."""
    visible, in_flight, delayed = _counts(desk, "QueueUrl")
    oldest, words = _oldest(desk, now)
    # Every wait is a visibility timeout, so SQS cannot tell the waiting from those in work.
    line = f"{visible:,} to be taken, {in_flight:,} in work or waiting, {delayed:,} delayed"
    document: JsonValue = {
        "visible": visible,
        "in_flight": in_flight,
        "delayed": delayed,
        "oldest": oldest,
    }
    return Part("queue", (line, words), document)


def dead_letters(desk: Desk, _now: float) -> Part:
    """Return how many letters there are, dead or held: which, only a receive would tell."""
    visible, in_flight, _ = _counts(desk, "DeadLetterQueueUrl")
    number = visible + in_flight
    if not number:
        return Part("dead letters", ("none",), {"count": 0})
    taken = f", {in_flight:,} of them taken by somebody now" if in_flight else ""
    found = f"{counted(number, 'letter')}{taken}, dead or held; which, and why:"
    lists = (command(desk.stack, f"{group} list") for group in ("dead-letters", "held"))
    return Part("dead letters", (found, *lists), {"count": number}, "warning")


def _counts(desk: Desk, output: str) -> tuple[int, int, int]:
    found = desk.clients["sqs"].get_queue_attributes(
        QueueUrl=desk.stack.outputs[output], AttributeNames=list(_COUNTS)
    )["Attributes"]
    visible, in_flight, delayed = (int(found.get(name, 0)) for name in _COUNTS)
    return visible, in_flight, delayed


def _oldest(desk: Desk, now: float) -> tuple[int | None, str]:
    """Return the age of the oldest message in seconds, if CloudWatch has it, and words for it."""
    try:
        age = _age(desk, now)
    except (ClientError, BotoCoreError) as error:
        return None, f"oldest: cannot be read: {error}"
    if age is None:
        return None, "oldest: CloudWatch has no figure of the last 10 minutes"
    return age, f"oldest: {span(age)}"


def _age(desk: Desk, now: float) -> int | None:
    name = desk.stack.outputs["QueueUrl"].rpartition("/")[2]
    end = datetime.fromtimestamp(now, UTC)
    metric: dict[str, Any] = {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateAgeOfOldestMessage",
        "Dimensions": [{"Name": "QueueName", "Value": name}],
    }
    answer = desk.clients["cloudwatch"].get_metric_data(
        StartTime=end - _LOOK_BACK,
        EndTime=end,
        ScanBy="TimestampDescending",
        MetricDataQueries=[
            {"Id": "age", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"}}
        ],
    )
    values = [value for one in answer["MetricDataResults"] for value in one["Values"]]
    return int(values[0]) if values else None
