"""Which deployed stack a command is for, and the commands that mend it, ready to be pasted."""

from dataclasses import dataclass
from typing import Annotated, Final

import typer

from handler.core.workspace import DEFAULT as WORKSPACE
from relay.stacks.samconfig import DEFAULT, deployment, environment_of

StackName = Annotated[str | None, typer.Option(help="The stack; by default that of --config-env.")]
ConfigEnv = Annotated[
    str | None, typer.Option(help="Environment of samconfig.toml that deploys the stack.")
]
_RELAY: Final = ".venv/bin/relay"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A stack, and the environment of samconfig.toml that deploys it; None where none does."""

    stack_name: str
    config_env: str | None = None

    @property
    def deploy(self) -> str:
        """How it is deployed: a command, where it is known."""
        if self.config_env is None:
            return f"deploy {self.stack_name} again"
        return (
            "make deploy" if self.config_env == DEFAULT else f"make deploy CONFIG={self.config_env}"
        )

    def set_key(self, name: str) -> str:
        """Return the command that sets a Braze key."""
        named = "" if name == WORKSPACE else f" {name}"
        return f"{_RELAY} secrets set --braze{named} --stack-name {self.stack_name}"

    def set_secret(self, name: str) -> str:
        """Return the command that sets a signing secret."""
        return f"{_RELAY} secrets set --source {name} --stack-name {self.stack_name}"

    @property
    def examine(self) -> str:
        """The command that looks for what is wrong with it."""
        if self.config_env is None:
            return f"{_RELAY} doctor --stack-name {self.stack_name}"
        environment = "" if self.config_env == DEFAULT else f" --config-env {self.config_env}"
        return f"{_RELAY} doctor{environment}"


def chosen(stack_name: str | None, config_env: str | None) -> Chosen:
    """Return the stack that the options name; end the command where they name two, or none."""
    if stack_name is None:
        environment = config_env or DEFAULT
        return Chosen(deployment(environment).stack_name, environment)
    if config_env is not None:
        raise typer.BadParameter("give either --stack-name or --config-env")
    return Chosen(stack_name, environment_of(stack_name))
