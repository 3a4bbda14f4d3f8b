"""Address that is told of alarms, judged before a deployment. Pure, and shows no address."""

from dataclasses import dataclass
from typing import Final

from relay.stacks.selection import ChosenStack

ADDRESS: Final = "AlarmEmail"


@dataclass(frozen=True, slots=True)
class Topic:
    """The alarm topic of a stack that exists: its ARN, the stack's AlarmEmail, its listeners.

    `subscriptions` are their ARNs. One that waits for its confirmation has a word in place of it,
    and is deleted after two days (SNS guide, "Confirm your subscription").
    """

    arn: str
    address: str
    subscriptions: tuple[str, ...]

    @property
    def is_heard(self) -> bool:
        """Whether anybody is told."""
        return any(one.startswith("arn:") for one in self.subscriptions)


def missing(address: str | None, topic: Topic | None, place: str) -> str:
    """Return that there is no AlarmEmail, and what to do; empty where there is one.

    `address` is what samconfig.toml gives at `place`; without it a stack keeps its own.
    """
    kept = topic.address if topic else ""
    if (topic and topic.is_heard) or (kept if address is None else address):
        return ""
    return f"note: nobody is told of alarms: add {ADDRESS}=YOU@EXAMPLE.COM to {place}"


def unconfirmed(address: str | None, topic: Topic, stack: ChosenStack) -> str:
    """Return that nobody has confirmed the AlarmEmail of a stack, and what to do.

    Empty where somebody is told, and where the deployment changes the address.
    """
    if topic.is_heard or not topic.address or address not in (None, topic.address):
        return ""
    return (
        f"nobody has confirmed the {ADDRESS} of {stack.stack_name}, so nobody is told of alarms:"
        ' follow the link in the mail "AWS Notification - Subscription Confirmation". To have it'
        f" sent again: aws sns subscribe --topic-arn {topic.arn} --protocol email"
        f" --notification-endpoint THE_ADDRESS; or set another {ADDRESS}, or {ADDRESS}='' for none"
    )
