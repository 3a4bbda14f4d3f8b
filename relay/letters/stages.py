"""The rules as a stack's stage sees them: with its `vars`, and with broadcasts if it takes them."""

from collections.abc import Mapping
from pathlib import Path

from relay import deployed
from relay.letters.rendering import Sources
from relay.stack.deploy import NAME
from relay.stacks.selection import Operated
from relay.webhooks.samples import sources_in


def sources_of(stack: Operated, rules: Path, stage: str | None) -> Sources:
    """Return the sources of a folder of rules for a stack, or for a stage of one's choice."""
    given = _parameters(stack)
    applies = stage or given.get("RulesStage") or given.get("Stage", "dev")
    return sources_in(rules, applies, broadcasts=given.get("AllowBroadcast") == "true")


def _parameters(stack: Operated) -> Mapping[str, str]:
    if stack.endpoint is None:
        return deployed.parameters(stack.name)
    (found,) = stack.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"]
    return {one["ParameterKey"]: one["ParameterValue"] for one in found["Parameters"]}
