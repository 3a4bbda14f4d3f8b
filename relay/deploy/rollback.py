"""Rollback triggers of an update: the alarms by which CloudFormation takes it back by itself.

CloudFormation watches them while it updates, and for some minutes more; where one goes into ALARM,
code, rules and parameters become those of before, together (CloudFormation guide, "Roll back your
CloudFormation stack on alarm breach with rollback triggers").
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from relay.deploy.deployed import Deployed

# What a release, a rule or a parameter can break; not that Braze is down, that a sender is wrong or
# silent, or that somebody paused a campaign. Five are the most that CloudFormation takes. None is
# new in the template: a trigger that an older release does not have would stop its deployments.
TRIGGERS: Final = (
    "IngestErrorsAlarm",
    "IngestThrottledAlarm",
    "WebhooksUnavailableAlarm",
    "EventsUnrenderableAlarm",
    "DeliverErrorsAlarm",
)
MINUTES: Final = 15  # three periods of these alarms
MOST_MINUTES: Final = 180  # CloudFormation's own limit
_TYPE: Final = "AWS::CloudWatch::Alarm"


def triggers(stack: Deployed, ringing: Iterable[str] = ()) -> dict[str, str]:
    """Return the ARNs of the triggers by their names in the template.

    `ringing` are physical names of alarms that ring already: they would take back at once what may
    mend them.
    """
    _, partition, _, region, account, _ = stack.id.split(":", 5)
    here = f"arn:{partition}:cloudwatch:{region}:{account}:alarm"
    return {
        name: f"{here}:{stack.resources[name]}"
        for name in TRIGGERS
        if name in stack.resources and stack.resources[name] not in set(ringing)
    }


def configuration(minutes: int, arns: Sequence[str]) -> dict[str, Any]:
    """Return the RollbackConfiguration of a change set; 0 minutes take all triggers away.

    Without one CloudFormation keeps those of the last update.
    """
    found = [{"Arn": arn, "Type": _TYPE} for arn in arns] if minutes else []
    return {"RollbackTriggers": found, "MonitoringTimeInMinutes": minutes if found else 0}


def rang(events: Iterable[Mapping[str, Any]], arns: Mapping[str, str]) -> list[str]:
    """Return the triggers that CloudFormation's events name as the reason of a rollback."""
    reasons = " ".join(one.get("ResourceStatusReason", "") for one in events)
    return [name for name, arn in arns.items() if arn in reasons]
