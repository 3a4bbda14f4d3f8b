"""Parts of the status screen: queue, dead letters, Braze, rates, pauses, surge limits, alarms."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import JsonValue

from handler.aws.metrics import NAMESPACE
from handler.core.braze.endpoints import ENDPOINTS
from handler.core.delivery.claim_protocol import LedgerState
from handler.core.reasons import Reason
from relay.console.format import DAY, counted, moment, since, span, until
from relay.operations.clients import Level, StackClients, StatusSection, formation_name
from relay.operations.pause import KEY, described
from relay.operations.surge import RuleSurge, keys, surge_of
from relay.stacks.ledger import Ledger, Record, living
from relay.stacks.logs import LogLine, Search
from relay.stacks.selection import LOW_PRIORITY, Operated, command

Found = Mapping[str, Record]
_NUMBER: Final = "ApproximateNumberOfMessages"
_COUNTS: Final = (_NUMBER, f"{_NUMBER}NotVisible", f"{_NUMBER}Delayed")
_LOOK_BACK: Final = timedelta(minutes=10)  # SQS reports each minute, some minutes late
OUTCOMES: Final = ("not_sent", "unknown", "rejected")
_SHOWN: Final = 5
# Newest first: in an outage a minute has more lines than are shown, and reading those of a quarter
# of an hour takes too long.
_WINDOWS: Final = ((0, 60), (60, 300), (300, 900))
_PATTERN: Final = '{{ $.message = "delivery" && ({}) }}'.format(
    " || ".join(f'$.outcome = "{one}"' for one in OUTCOMES)
)
_ACCEPTED: Final = '{ $.message = "delivery" && $.outcome = "accepted" }'
_LOOKED_UP: Final = 100  # errors of one window whose deliveries are looked up: one read
_HOUR: Final = 3_600
_STEP: Final = 300  # seconds of one figure
_MOST_NAMES: Final = 100  # CloudWatch, DescribeAlarms: names in one call


def ledger(desk: StackClients, now: float) -> list[StatusSection]:
    """Return the parts that come from the ledger, in one read; raise botocore's errors."""
    workspaces, surges = sorted(desk.names.workspaces), keys(desk.names)
    scopes = [f"{one}#{each.permission}" for one in workspaces for each in ENDPOINTS]
    classes = sorted({each.rate for each in ENDPOINTS} - {"sends"})
    rated = [f"{one}#{each}" for one in workspaces for each in classes]
    wanted = [f"rate#{one}" for one in (*workspaces, *rated)]
    wanted += [f"breaker#{one}" for one in (*workspaces, *scopes)]
    table = Ledger(desk.clients["dynamodb"], desk.stack.outputs["LedgerTable"])
    found = table.get_many([KEY, *wanted, *surges])
    alive = {one: living(record, now) for one, record in found.items()}
    limits = [surge_of(one, alive.get(one, {}), desk.names, now) for one in surges]
    breakers = {one: alive.get(f"breaker#{one}", {}) for one in workspaces}
    breakers |= {
        one: each for one in scopes if "open_until" in (each := alive.get(f"breaker#{one}", {}))
    }
    rates = {one: alive.get(f"rate#{one}", {}) for one in workspaces}
    rates |= {one: each for one in rated if (each := alive.get(f"rate#{one}", {}))}
    return [
        _breakers(desk, dict(sorted(breakers.items())), now),
        _rates(dict(sorted(rates.items())), now),
        _pauses(alive.get(KEY, {}).get("scopes", {}), now),
        _surges(limits, desk.names.unread, now),
    ]


def _breakers(desk: StackClients, found: Found, now: float) -> StatusSection:
    lines = [line for name, record in found.items() for line in _breaker(desk, name, record, now)]
    # A permission's breaker closes by a delivery that needs it, and there may be no more of these.
    opened = [
        record
        for name, record in found.items()
        if "open_until" in record and ("#" not in name or record["open_until"] > now)
    ]
    document: JsonValue = {
        name: {"open": "open_until" in record, **_without(record, "pk", "expires")}
        for name, record in found.items()
    }
    return StatusSection("Braze", tuple(lines), document, "bad" if opened else "good")


def _breaker(desk: StackClients, name: str, record: Record, now: float) -> Iterator[str]:
    if "open_until" not in record:
        yield f"{name}: sending"
        return
    began = f" {since(record['opened_at'], now)}" if "opened_at" in record else ""
    workspace, _, permission = name.partition("#")
    where = f"{workspace}, {permission}" if permission else workspace
    what = "nothing that needs it" if permission else "nothing"
    yield f"{where}: breaker open{began}: {_why(record)}; {_next(record, now, what)}"
    if record.get("reason") == Reason.KEY_REFUSED:
        yield f"  {_remedy(desk.stack, workspace)}"


def _remedy(stack: Operated, workspace: str) -> str:
    """Return the remedy where Braze refuses the key: 401 and 403 are one reason."""
    if stack.endpoint is not None:
        return "the simulated Braze refuses it: see its /_sim/key and /_sim/faults"
    named = "" if workspace == "default" else f" {workspace}"
    wanted = "make a key in Braze with all permissions that the rules need (none can be changed)"
    return f"{wanted}: {command(stack, f'secrets set --braze{named}')}"


def _why(record: Record) -> str:
    if record.get("reason") == Reason.KEY_REFUSED:
        return "Braze refuses the API key"
    if "failed" in record and "total" in record:
        return f"failures ({record['failed']:,} of {counted(record['total'], 'request')})"
    return str(record.get("reason", "no reason given"))


def _next(record: Record, now: float, what: str) -> str:
    if "probe" in record and record.get("probe_until", 0) > now:
        return f"a probe is on its way {until(record['probe_until'], now)}"
    if record["open_until"] > now:
        return f"{what} is sent {until(record['open_until'], now)}, then a probe"
    return "the next delivery is a probe"


def _rates(found: Found, now: float) -> StatusSection:
    limited = any(record.get("until", 0) > now for record in found.values())
    # The sends' limit has the workspace's name alone, each other one its rate class behind that.
    lines = tuple(
        f"{name.replace('#', ', ')}: {_rate(record, now)}" for name, record in found.items()
    )
    document: JsonValue = {
        name: _without(record, "pk", "expires") for name, record in found.items()
    }
    return StatusSection("rate limit", lines, document, "warning" if limited else "good")


def _rate(record: Record, now: float) -> str:
    if not record:
        return "Braze has said nothing of it lately"
    words = []
    if record.get("until", 0) > now:
        words.append(f"limited: nothing is sent {until(record['until'], now)}")
    if "remaining" in record:
        most = f" of {record['limit']:,}" if "limit" in record else ""
        words.append(f"{record['remaining']:,}{most} left")
    if "reset" in record:
        reset = record["reset"]
        words.append(until(reset, now) if reset > now else f"renewed at {moment(reset, now)}")
    if "at" in record:
        words.append(f"seen {span(now - record['at'])} ago")
    return ", ".join(words) or "not limited"


def _pauses(scopes: Mapping[str, Record], now: float) -> StatusSection:
    lines = tuple(described(scope, record, now) for scope, record in sorted(scopes.items()))
    document: JsonValue = {scope: dict(record) for scope, record in scopes.items()}
    return StatusSection("pauses", lines or ("none",), document, "warning" if scopes else "good")


def _surges(surges: list[RuleSurge], unread: tuple[str, ...], now: float) -> StatusSection:
    stopped = [surge for surge in surges if surge.stopped_at is not None]
    lines = [f"{surge.rule}: {'; '.join(surge.described(now))}" for surge in stopped]
    lines += [f"{file} cannot be read: its rules are not shown" for file in unread]
    document: JsonValue = {
        surge.rule: {"stopped": surge.stopped, "stopped_at": surge.stopped_at} for surge in stopped
    }
    quiet = ("nothing is stopped",)
    is_good = not stopped and not unread
    return StatusSection(
        "surges", tuple(lines) or quiet, document, "good" if is_good else "warning"
    )


def _without(record: Record, *names: str) -> dict[str, JsonValue]:
    return {name: value for name, value in record.items() if name not in names}


def queues(desk: StackClients, now: float) -> list[StatusSection]:
    """Return how many deliveries wait in each queue.

    A stack of an earlier release has no low-priority queue, and one may be deleted.
    """
    named = {"queue": "QueueUrl", "low priority": LOW_PRIORITY}
    there = {name: one for name, one in named.items() if one in desk.stack.outputs}
    return [_queue(desk, name, output, now) for name, output in there.items()]


def _queue(desk: StackClients, name: str, output: str, now: float) -> StatusSection:
    try:
        visible, in_flight, delayed = _counts(desk, output)
    except (ClientError, BotoCoreError) as error:
        return StatusSection.unread(name, error)
    oldest, age = _oldest(desk, output, now)
    # Every wait is a visibility timeout, so SQS cannot tell the waiting from those in work.
    line = f"{visible:,} to be taken, {in_flight:,} in work or waiting, {delayed:,} delayed"
    document: JsonValue = {
        "visible": visible,
        "in_flight": in_flight,
        "delayed": delayed,
        "oldest": oldest,
    }
    return StatusSection(name, (line, *age), document)


def dead_letters(desk: StackClients, _now: float) -> StatusSection:
    """Return the number of letters, dead and held together: only a receive shows which."""
    visible, in_flight, _ = _counts(desk, "DeadLetterQueueUrl")
    number = visible + in_flight
    if not number:
        return StatusSection("dead letters", ("none",), {"count": 0})
    taken = f", {in_flight:,} of them taken by somebody now" if in_flight else ""
    found = f"{counted(number, 'letter')}{taken}, dead or held; which, and why:"
    lists = (command(desk.stack, f"{group} list") for group in ("dead-letters", "held"))
    return StatusSection("dead letters", (found, *lists), {"count": number}, "warning")


def _counts(desk: StackClients, output: str) -> tuple[int, int, int]:
    found = desk.clients["sqs"].get_queue_attributes(
        QueueUrl=desk.stack.outputs[output], AttributeNames=list(_COUNTS)
    )["Attributes"]
    visible, in_flight, delayed = (int(found.get(name, 0)) for name in _COUNTS)
    return visible, in_flight, delayed


def _oldest(desk: StackClients, output: str, now: float) -> tuple[int | None, tuple[str, ...]]:
    """Return the age of the oldest message in seconds, if CloudWatch has it, and its line."""
    if desk.stack.endpoint is not None:
        return None, ()  # the emulator's queues report nothing to CloudWatch
    try:
        age = _age(desk, output, now)
    except (ClientError, BotoCoreError) as error:
        return None, (f"oldest: cannot be read: {error}",)
    if age is None:
        return None, ("oldest: CloudWatch has no figure of the last 10 minutes",)
    return age, (f"oldest: {span(age)}",)


def _age(desk: StackClients, output: str, now: float) -> int | None:
    name = desk.stack.outputs[output].rpartition("/")[2]
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


def alarms(desk: StackClients, now: float) -> StatusSection:
    """Return the stack's alarms in state ALARM; raise botocore's errors."""
    resources = desk.resources().items()
    names = {physical: name for (kind, name), physical in resources if kind.endswith("::Alarm")}
    found = _in_alarm(desk.clients["cloudwatch"], list(names))
    texts = []
    for alarm in found:
        began = since(alarm["StateUpdatedTimestamp"].timestamp(), now)
        name, why = names[alarm["AlarmName"]], alarm.get("AlarmDescription", "")
        texts.append(f"{name.removesuffix('Alarm')} {began}: {why}")
    document = [names[alarm["AlarmName"]] for alarm in found]
    quiet = f"none of {len(names)} is in alarm"
    return StatusSection(
        "alarms", tuple(texts) or (quiet,), [*document], "bad" if texts else "good"
    )


def last_errors(desk: StackClients, now: float) -> StatusSection:
    """Return the last attempts within 15 minutes that Braze did not accept.

    Those of deliveries that were accepted since are left out. Raise botocore's errors, and
    NoSuchResource where the stack has no such log.
    """
    group = desk.log_group("DeliverLogGroup")
    found: list[LogLine] = []
    count = 0
    for newest, oldest in _WINDOWS:
        within = Search(now - oldest, now - newest, _PATTERN).lines(desk.clients["logs"], group)
        errors = [line for line in within if _is_error(line.entry)]
        count += len(errors)
        found = [*_still_open(desk, errors[-_LOOKED_UP:]), *found]
        if len(found) >= _SHOWN:
            break
    shown = found[-_SHOWN:]
    texts = tuple(f"{moment(line.at, now)} {_words(line)}" for line in shown)
    over = f"; what failed ({counted(count, 'attempt')}) was accepted since" if count else ""
    quiet = (f"none in 15 minutes{over}",)
    level: Level = "warning" if shown else "good"
    return StatusSection("last errors", texts or quiet, [dict(line.entry) for line in shown], level)


def _still_open(desk: StackClients, errors: list[LogLine]) -> list[LogLine]:
    """Return the errors of deliveries that the ledger does not know as accepted."""
    table = Ledger(desk.clients["dynamodb"], desk.stack.outputs["LedgerTable"])
    known = table.deliveries({str(line.entry.get("id", "")) for line in errors})
    over = {one for one, record in known.items() if record.state == LedgerState.ACCEPTED}
    return [line for line in errors if str(line.entry.get("id", "")) not in over]


def sent(desk: StackClients, now: float) -> StatusSection:
    """Return how many deliveries Braze accepted in the last hour, and in the last day.

    CloudWatch has them in sums of five minutes, the local stack in its log lines. Raise botocore's
    errors, and NoSuchResource where the stack has no such log.
    """
    accepted = _logged if desk.stack.endpoint is not None else _published
    found = list(accepted(desk, now))
    hour = sum(count for at, count in found if at >= now - _HOUR)
    day = sum(count for _, count in found)
    line = f"{hour:,} in the last hour, {day:,} in the last day"
    return StatusSection("sent", (line,), {"hour": hour, "day": day})


def _logged(desk: StackClients, now: float) -> Iterator[tuple[float, int]]:
    group = desk.log_group("DeliverLogGroup")
    for line in Search(now - DAY, pattern=_ACCEPTED).lines(desk.clients["logs"], group):
        entry = line.entry
        if (entry.get("message"), entry.get("outcome")) == ("delivery", "accepted"):
            yield line.at, 1


def _published(desk: StackClients, now: float) -> Iterator[tuple[float, int]]:
    dimension = {"Name": "service", "Value": formation_name(desk.stack)}
    metric = {"Namespace": NAMESPACE, "MetricName": "DeliveriesAccepted", "Dimensions": [dimension]}
    stat = {"Metric": metric, "Period": _STEP, "Stat": "Sum"}
    pages = (
        desk.clients["cloudwatch"]
        .get_paginator("get_metric_data")
        .paginate(
            StartTime=datetime.fromtimestamp(now - DAY, UTC),
            EndTime=datetime.fromtimestamp(now, UTC),
            MetricDataQueries=[{"Id": "sent", "MetricStat": stat}],
        )
    )
    for page in pages:
        for one in page["MetricDataResults"]:
            for at, value in zip(one["Timestamps"], one["Values"], strict=True):
                yield at.timestamp() + _STEP, round(value)  # the end of its five minutes


def _is_error(entry: Mapping[str, Any]) -> bool:
    return entry.get("message") == "delivery" and entry.get("outcome") in OUTCOMES


def _words(line: LogLine) -> str:
    return f"{line.words.removeprefix('delivery').strip()}  {str(line.entry.get('id', ''))[:12]}"


def _in_alarm(cloudwatch: Any, names: list[str]) -> list[Any]:
    found = []
    for start in range(0, len(names), _MOST_NAMES):
        some = names[start : start + _MOST_NAMES]
        answer = cloudwatch.describe_alarms(
            AlarmNames=some, StateValue="ALARM", MaxRecords=_MOST_NAMES
        )
        found += answer["MetricAlarms"]
    return found
