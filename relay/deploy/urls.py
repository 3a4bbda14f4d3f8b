"""`relay urls`: the URLs that the senders of a deployed stack post to."""

from pathlib import Path
from typing import Final

import typer

from handler.rules_directory import read
from relay.console.options import RulesOption
from relay.paths import RULES
from relay.stacks.cloudformation import outputs
from relay.stacks.selection import ConfigEnv, StackName, chosen

_ANY_STAGE: Final = "dev"  # every stage has the same sources
_PLACE: Final = "SOURCE"  # in the stack's output, in place of a source's name


def urls(
    stack_name: StackName = None,
    config_env: ConfigEnv = None,
    rules: RulesOption = RULES,
) -> None:
    """Print the URL that each source's sender posts to.

    Example: relay urls --config-env prod

    Exit codes: 0 printed, 2 usage, no such stack, or no rules file
    """
    typer.echo("\n".join(shown(chosen(stack_name, config_env).stack_name, rules)))


def shown(stack_name: str, rules: Path) -> list[str]:
    """Return the URL of each source; end the command with a message where there is no stack."""
    url = outputs(stack_name, "WebhookUrl")["WebhookUrl"]
    sources = sorted(read(rules, _ANY_STAGE))
    if not sources:
        raise typer.BadParameter(f"no rules file in {rules}", param_hint="--rules")
    width = max(map(len, sources))
    return [f"{source:<{width}}  {url.removesuffix(_PLACE)}{source}" for source in sources]
