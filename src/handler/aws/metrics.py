"""Metrics in CloudWatch's embedded metric format: lines of the log, as few as it allows.

Each metric is published for the whole stack, for alarms (an alarm cannot search), and for each
source or each of its rules, for operators. Names of sources and rules come from the rules files;
no value of a webhook is ever a dimension. CloudWatch charges for a combination of dimensions only
in the hours in which it is written, so rare metrics are cheap. These sums hold:

    webhooks received = refused + unavailable + malformed + pings + taken
    events of webhooks taken = unmatched + wanted + parked
    rule matches = rendered + unrenderable + expired
    deliveries planned = accepted + duplicate + held + withheld + stale + expired + dead + in flight

A message counts in the last sum when it leaves the queue; a redriven message leaves it again.
"""

import json
import os
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from aws_lambda_powertools.metrics import MetricUnit

NAMESPACE: Final = "BrazeRelay"
UNKNOWN: Final = "unknown"  # a source without a rules file; a message that is no delivery
_STACK: Final = "relay"  # where POWERTOOLS_SERVICE_NAME (the stack's name) is not set
# Values of a metric in one line (CloudWatch, "Specification: Embedded metric format").
_MOST_VALUES: Final = 100
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric: its unit, its dimensions beside `service`, and what it counts."""

    unit: MetricUnit
    dimensions: tuple[str, ...]
    counts: str


def _count(counts: str, *dimensions: str) -> Metric:
    return Metric(MetricUnit.Count, dimensions, counts)


_SOURCE: Final = ("source",)
_RULE: Final = ("source", "rule")

METRICS: Final[Mapping[str, Metric]] = {
    "WebhooksReceived": _count("every webhook that was answered", *_SOURCE),
    "WebhooksRefused": _count("a webhook answered 4xx", *_SOURCE),
    "WebhooksUnavailable": _count("a webhook answered 503: our own failure", *_SOURCE),
    "WebhooksMalformed": _count("a signed webhook that cannot be read, parked", *_SOURCE),
    "WebhooksPings": _count("an answered handshake, such as a challenge", *_SOURCE),
    "WebhooksTaken": _count("a webhook whose events were matched with the rules", *_SOURCE),
    "SignaturesRefused": _count("a refused webhook that did not prove its sender", *_SOURCE),
    "BodiesTooLarge": _count("a refused webhook over the limit of bytes", *_SOURCE),
    "SourcesUnknown": _count("a refused POST to a path that names no source", *_SOURCE),
    "VerifiedWebhooksRefused": _count("a refused webhook whose signature was good", *_SOURCE),
    "EventsTaken": _count("an event of a webhook that was taken", *_SOURCE),
    "EventsUnmatched": _count("an event that no rule matched", *_SOURCE),
    "EventsWanted": _count("an event that a rule matched", *_SOURCE),
    "EventsParked": _count("an event that cannot be read, or one of too many, parked", *_SOURCE),
    "EventsMatched": _count("a rule match: an event and a rule that matched it", *_RULE),
    "EventsRendered": _count("a rule match that was rendered in time, also in shadow", *_RULE),
    "EventsUnrenderable": _count("a rule match that could not be rendered, parked", *_RULE),
    "EventsExpired": _count("a rule match that was too late to be sent, parked", *_RULE),
    "DeliveriesShadow": _count("a delivery of a rule in shadow: planned, not sent", *_RULE),
    "DeliveriesPlanned": _count("a delivery that was planned for the queue", *_RULE),
    "DeliveriesAccepted": _count("a message that left the queue: Braze accepted it", *_RULE),
    "DeliveriesDuplicate": _count("a message that left the queue: sent before", *_RULE),
    "DeliveriesHeld": _count("a message that left the queue: held for an operator", *_RULE),
    "DeliveriesWithheld": _count(
        "a message that left the queue: its workspace may not reach the recipient", *_RULE
    ),
    "DeliveriesStale": _count(
        "a message that left the queue: all that it would set was newer at Braze", *_RULE
    ),
    "DeliveriesExpired": _count("a message that left the queue: too late to be sent", *_RULE),
    "DeliveriesDead": _count("a message that left the queue: a dead letter", *_RULE),
    "DeliveriesRedelivered": _count("a message that SQS repeated after it had left", *_RULE),
    "DeliveriesStopped": _count("a delivery that its surge limit stops", *_RULE),
    "AttributesStale": _count(
        "a delivery sent without attributes: newer ones were accepted", *_RULE
    ),
    "LettersReturned": _count("a message that is no delivery, buried again"),
    "DeliveriesRetried": _count("an attempt after which the message is retried", *_RULE),
    "TargetPaused": _count(
        "a try whose Canvas or campaign is paused, or unknown, or whose address is", *_RULE
    ),
    "AcceptedWithErrors": _count("an accepted attempt whose answer names errors", *_RULE),
    "KeyRefused": _count("an attempt whose API key Braze refused"),
    "BreakerOpened": _count("a breaker that opened, of a workspace or of a permission of its key"),
    "Unrecorded": _count("an accepted attempt that the ledger does not record"),
    "BrazeLatency": Metric(MetricUnit.Milliseconds, (), "how long one request to Braze took"),
    "BrazeRemaining": _count("requests that Braze says are left of its rate limit"),
}

_Place = tuple[str, ...]  # the values of a metric's dimensions: nothing, a source, or with its rule
_Values = dict[str, list[float]]


def _nothing() -> defaultdict[_Place, _Values]:
    return defaultdict(dict)


@dataclass(frozen=True, slots=True)
class MetricCounts:
    """Counts that are not yet written."""

    _values: defaultdict[_Place, _Values] = field(default_factory=_nothing)

    def count(
        self, name: str, source: str = UNKNOWN, rule: str | None = None, value: float = 1
    ) -> None:
        """Add to one of METRICS; a dimension that the metric lacks is ignored."""
        place = (source, rule or UNKNOWN)[: len(METRICS[name].dimensions)]
        self._values[place].setdefault(name, []).append(value)

    def flush(self) -> None:
        """Print the counts, and clear them: as a rule one line, else one for each rule and source.

        The counts of a source go along in a line of one of its rules, those of the stack in any.
        """
        left = dict(self._values)
        self._values.clear()
        for place in sorted(left, key=len, reverse=True):
            while place in left:
                shorter = (place[:size] for size in range(len(place), -1, -1))
                line = {one: _taken(left, one) for one in shorter if one in left}
                print(_line(place, line))  # noqa: T201 - CloudWatch reads the output


def _taken(left: dict[_Place, _Values], place: _Place) -> _Values:
    """Take as many values of each metric as one line may have."""
    values = left.pop(place)
    if more := {name: each[_MOST_VALUES:] for name, each in values.items() if each[_MOST_VALUES:]}:
        left[place] = more
    return {name: each[:_MOST_VALUES] for name, each in values.items()}


def _line(place: _Place, line: Mapping[_Place, _Values]) -> str:
    """Return a line that publishes values for the whole stack, and for their dimensions."""
    directives = ",".join(_directive(len(one), tuple(values)) for one, values in line.items())
    document: dict[str, object] = {
        "service": os.environ.get("POWERTOOLS_SERVICE_NAME") or _STACK,
        # CloudWatch takes no dimension without a visible character: whoever wrote it is unknown.
        **{name: one if one.strip() else UNKNOWN for name, one in zip(_RULE, place, strict=False)},
    }
    for values in line.values():
        document |= values
    aws = f'{{"Timestamp":{int(time.time() * 1000)},"CloudWatchMetrics":[{directives}]}}'
    return f'{{"_aws":{aws},{_ENCODER.encode(document)[1:]}'


@lru_cache(maxsize=256)  # the same few metrics are written together
def _directive(dimensions: int, names: tuple[str, ...]) -> str:
    """Return the JSON that says under which dimensions some of a line's values are published."""
    given = [["service"], ["service", *_RULE[:dimensions]]] if dimensions else [["service"]]
    metrics = [{"Name": name, "Unit": METRICS[name].unit.value} for name in names]
    return _ENCODER.encode({"Namespace": NAMESPACE, "Dimensions": given, "Metrics": metrics})
