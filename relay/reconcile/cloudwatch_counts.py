"""Counts of a stack in a period, and the depth of its queues at both ends.

CloudWatch makes metrics of the functions' log lines (CloudWatch Logs, "Embedded metric format
specification"); the emulator does not, so for a local stack the lines themselves are read.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil, floor
from typing import Any, Final

from handler.aws.metrics import METRICS, NAMESPACE, UNKNOWN
from relay.operations.clients import StackClients, formation_name
from relay.reconcile.accounting import ASKED, Figures, Place
from relay.stacks.logs import Search

Asked = tuple[str, Place]
Query = dict[str, Any]

_GROUPS: Final = ("IngestLogGroup", "DeliverLogGroup")
_MINUTE: Final = 60
_HOUR: Final = 3_600
_DAY: Final = 86_400
# Retention of figures of one minute, and of five; later ones are of an hour (CloudWatch user guide,
# "Metrics retention").
_KEPT: Final = ((15 * _DAY, _MINUTE), (63 * _DAY, 5 * _MINUTE))
_QUERIES: Final = 500  # CloudWatch API reference, GetMetricData: queries of one call
_DEPTHS: Final = ("Visible", "NotVisible", "Delayed")
_LOOK_BACK: Final = 10 * _MINUTE  # SQS reports to CloudWatch every minute


@dataclass(frozen=True, slots=True)
class Period:
    """A period in epoch seconds; `step` is the length in seconds of one CloudWatch figure."""

    start: int
    end: int
    step: int = _MINUTE

    @classmethod
    def of(cls, start: float, end: float, now: float) -> "Period":
        """Return a period that CloudWatch can sum: its edges fall on whole steps."""
        step = next((step for kept, step in _KEPT if now - start < kept), _HOUR)
        return cls(floor(start / step) * step, ceil(end / step) * step, step)


def written(desk: StackClients, period: Period) -> Figures:
    """Return the counts in the functions' log lines; raise botocore's errors, or NoSuchResource."""
    found: Counter[Asked] = Counter()
    for group in _GROUPS:
        name = desk.log_group(group)
        for line in Search(period.start, period.end).lines(desk.clients["logs"], name):
            for asked, count in counts_of(line.entry):
                found[asked] += count
    return found


def published(desk: StackClients, sources: Iterable[Place], period: Period) -> Figures:
    """Return CloudWatch's counts of a stack, for the given rules and for all that it lists.

    Raise botocore's errors.
    """
    service = formation_name(desk.stack)
    asked = sorted(_of_rules(sources) | _listed(desk, service))
    queries = [_query(at, _metric(one, service), period.step) for at, one in enumerate(asked)]
    found: Counter[Asked] = Counter()
    for at, values in _values(desk, queries, period.start, period.end):
        if values:
            found[asked[at]] += round(sum(values))
    return found


def depth_now(desk: StackClients) -> int:
    """Return how many messages are in the queues: visible, not visible and delayed."""
    names = [f"ApproximateNumberOfMessages{kind}" for kind in ("", *_DEPTHS[1:])]
    sqs = desk.clients["sqs"]
    counts = [
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        for url in desk.stack.queues
    ]
    return sum(int(found.get(name, 0)) for found in counts for name in names)


def depth_at(desk: StackClients, at: float) -> int | None:
    """Return the depth of the queues that SQS last reported before a time; None for no figure.

    The low-priority queue counts as empty where it has none: SQS reports nothing of a queue that
    nobody has used for six hours, and it may be younger than that time.
    """
    asked = [(url, kind) for url in desk.stack.queues for kind in _DEPTHS]
    queries = []
    for number, (url, kind) in enumerate(asked):
        dimension = {"Name": "QueueName", "Value": url.rpartition("/")[2]}
        name = f"ApproximateNumberOfMessages{kind}"
        metric = {"Namespace": "AWS/SQS", "MetricName": name, "Dimensions": [dimension]}
        queries.append(_query(number, metric, _MINUTE, "Maximum"))
    newest: dict[int, float] = {}
    for number, values in _values(desk, queries, at - _LOOK_BACK, at):
        if values:
            newest.setdefault(number, values[0])
    is_known = newest.keys() >= set(range(len(_DEPTHS)))
    return round(sum(newest.values())) if is_known else None


def counts_of(entry: Mapping[str, Any]) -> Iterator[tuple[Asked, int]]:
    """Yield the counts in a line, each for a source or a rule; nothing for any other line."""
    for directive in entry.get("_aws", {}).get("CloudWatchMetrics", ()):
        if directive["Namespace"] != NAMESPACE:
            continue
        for metric in directive["Metrics"]:
            name = metric["Name"]
            if name in ASKED and name in METRICS and _has(directive, METRICS[name].dimensions):
                values = entry[name] if isinstance(entry[name], list) else [entry[name]]
                # The line may be of a rule, and the metric of its source.
                source, rule = (*(str(entry[one]) for one in METRICS[name].dimensions), "")[:2]
                yield (name, (source, rule)), round(sum(values))


def _has(directive: Mapping[str, Any], dimensions: tuple[str, ...]) -> bool:
    return {"service", *dimensions} in [set(names) for names in directive["Dimensions"]]


def _of_rules(rules: Iterable[Place]) -> set[Asked]:
    """Return the metrics that these rules and their sources may have, and those of no rule."""
    places = {*rules, (UNKNOWN, UNKNOWN)}
    return {
        (name, (source, rule if "rule" in METRICS[name].dimensions else ""))
        for name in ASKED
        if name in METRICS
        for source, rule in places
    }


def _listed(desk: StackClients, service: str) -> set[Asked]:
    """Return the metrics that CloudWatch lists of a stack: of two weeks, gone rules included."""
    pages = (
        desk.clients["cloudwatch"]
        .get_paginator("list_metrics")
        .paginate(Namespace=NAMESPACE, Dimensions=[{"Name": "service", "Value": service}])
    )
    found = set()
    for page in pages:
        for metric in page["Metrics"]:
            name = metric["MetricName"]
            given = {one["Name"]: one["Value"] for one in metric["Dimensions"]}
            wanted = {"service", *METRICS[name].dimensions} if name in METRICS else None
            if name in ASKED and given.keys() == wanted and given["service"] == service:
                found.add((name, (given["source"], given.get("rule", ""))))
    return found


def _metric(asked: Asked, service: str) -> dict[str, Any]:
    name, (source, rule) = asked
    given = {"service": service, "source": source} | ({"rule": rule} if rule else {})
    dimensions = [{"Name": key, "Value": value} for key, value in given.items()]
    return {"Namespace": NAMESPACE, "MetricName": name, "Dimensions": dimensions}


def _query(at: int, metric: Mapping[str, Any], step: int, statistic: str = "Sum") -> Query:
    return {"Id": f"q{at}", "MetricStat": {"Metric": metric, "Period": step, "Stat": statistic}}


def _values(
    desk: StackClients, queries: list[Query], start: float, end: float
) -> Iterator[tuple[int, list[float]]]:
    """Yield figures, newest first, by the number of their query; a query may occur many times."""
    reading = desk.clients["cloudwatch"].get_paginator("get_metric_data")
    for first in range(0, len(queries), _QUERIES):
        pages = reading.paginate(
            MetricDataQueries=queries[first : first + _QUERIES],
            StartTime=datetime.fromtimestamp(start, UTC),
            EndTime=datetime.fromtimestamp(end, UTC),
            ScanBy="TimestampDescending",
        )
        for page in pages:
            for one in page["MetricDataResults"]:
                yield int(one["Id"].removeprefix("q")), one["Values"]
