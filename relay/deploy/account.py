"""Account and region that a deployment goes to, as SAM will find them: looked at before a build."""

from collections.abc import Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from relay.stacks.aws_errors import in_words
from relay.stacks.cloudformation import client, profile, use
from relay.stacks.samconfig import Deployment


class NoAccountError(Exception):
    """No AWS account is reached; the text says what to set or to run."""


@dataclass(frozen=True, slots=True)
class Account:
    """An AWS account, by its number, and the region in it."""

    number: str
    region: str

    def __str__(self) -> str:
        return f"account {self.number}, {self.region}"


def account(found: Deployment, arguments: Sequence[str]) -> Account:
    """Return where SAM deploys an environment to with these arguments; raise NoAccountError.

    All clients use its region and profile from then on.
    """
    given = [value_of(name, arguments) for name in ("--region", "--profile")]
    try:
        use(given[0] or found.region, given[1] or found.profile)
        region = client("cloudformation").meta.region_name  # that of STS need not be one
        number = client("sts").get_caller_identity()["Account"]
    except (ClientError, BotoCoreError) as error:
        raise NoAccountError(in_words(error, given[1] or found.profile or profile())) from None
    return Account(number, region)


def value_of(option: str, arguments: Sequence[str]) -> str | None:
    """Return what the arguments of a command give to an option; None where they do not."""
    for number, one in enumerate(arguments):
        name, separator, value = one.partition("=")
        if name == option:
            return value if separator else next(iter(arguments[number + 1 :]), None)
    return None
