"""What goes wrong: the stack's alarms, and the last attempts that were not accepted."""

from typing import Any, Final

from relay.console.format import moment, since
from relay.operations.desk import Desk, Level, Part
from relay.operations.log_lines import Line, lines

OUTCOMES: Final = ("not_sent", "unknown", "rejected")
_SHOWN: Final = 5
# Newest first: in an outage a minute has more lines than are shown, and a quarter of an hour has
# so many that reading them takes longer than anybody waits.
_WINDOWS: Final = ((0, 60), (60, 300), (300, 900))
_PATTERN: Final = '{{ $.message = "delivery" && ({}) }}'.format(
    " || ".join(f'$.outcome = "{one}"' for one in OUTCOMES)
)
_MOST_NAMES: Final = 100  # CloudWatch, DescribeAlarms: names in one call


def alarms(desk: Desk, now: float) -> Part:
    """Return the stack's alarms that are in alarm; raise botocore's errors."""
    resources = desk.resources().items()
    names = {physical: name for (kind, name), physical in resources if kind.endswith("::Alarm")}
    found = _in_alarm(desk.clients["cloudwatch"], list(names))
    told = []
    for alarm in found:
        began = since(alarm["StateUpdatedTimestamp"].timestamp(), now)
        name, why = names[alarm["AlarmName"]], alarm.get("AlarmDescription", "")
        told.append(f"{name.removesuffix('Alarm')} {began}: {why}")
    document = [names[alarm["AlarmName"]] for alarm in found]
    quiet = f"none of {len(names)} rings"
    return Part("alarms", tuple(told) or (quiet,), [*document], "bad" if told else "good")


def last_errors(desk: Desk, now: float) -> Part:
    """Return the last attempts of 15 minutes that Braze has not accepted.

    Raise botocore's errors, and NoSuchResource where the stack has no such log.
    """
    group = desk.log_group("DeliverLogGroup")
    found: list[Line] = []
    for newest, oldest in _WINDOWS:
        within = lines(desk.clients["logs"], group, now - oldest, now - newest, _PATTERN)
        found = [*(line for line in within if _is_error(line.entry)), *found]
        if len(found) >= _SHOWN:
            break
    shown = found[-_SHOWN:]
    told = tuple(f"{moment(line.at, now)} {_words(line)}" for line in shown)
    quiet = ("none in 15 minutes",)
    level: Level = "warning" if shown else "good"
    return Part("last errors", told or quiet, [line.entry for line in shown], level)


def _is_error(entry: dict[str, Any]) -> bool:
    return entry.get("message") == "delivery" and entry.get("outcome") in OUTCOMES


def _words(line: Line) -> str:
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
