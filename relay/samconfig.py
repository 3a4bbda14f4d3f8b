"""samconfig.toml, as far as our own commands need it: `sam` reads all of it."""

import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import typer

from relay.paths import PROJECT

_WATCHED: Final = "WatchedRule"
_TEMPLATES: Final = "arm64"  # the default of Architecture


@dataclass(frozen=True, slots=True)
class Deployment:
    """One environment of samconfig.toml, such as `[prod.*]`: a stack and its parameters."""

    stack_name: str
    parameters: Mapping[str, str]

    @property
    def stage(self) -> str:
        """The stage whose `vars` its rules see; the template's defaults are these."""
        return self.parameters.get("RulesStage") or self.parameters.get("Stage", "dev")

    @property
    def watched(self) -> tuple[str, ...]:
        """The rules, as SOURCE/RULE, whose silence is to be an alarm."""
        given = self.parameters.items()
        return tuple(value for name, value in given if name.startswith(_WATCHED) and value)


def deployment(config_env: str = "default") -> Deployment:
    """Return an environment of samconfig.toml; end the command with a clear word without one."""
    return read((PROJECT / "samconfig.toml").read_text(encoding="utf-8"), config_env)


def read(text: str, config_env: str) -> Deployment:
    """Return what a samconfig.toml says of an environment; raise BadParameter where it cannot be.

    SAM takes what stands under `deploy` or `build` in the place of what stands under `global`
    (AWS SAM developer guide, "AWS SAM CLI configuration file"); `--guided` saves it there.
    """
    config = tomllib.loads(text)
    if config_env not in config:
        there = ", ".join(name for name, value in config.items() if isinstance(value, dict))
        problem = f"samconfig.toml has no [{config_env}.*]; it has {there}"
        raise typer.BadParameter(problem, param_hint="--config-env")
    build, deploy = (_settings(config[config_env], command) for command in ("build", "deploy"))
    built, deployed = _parameters(build), _parameters(deploy)
    here, there = (one.get("Architecture", _TEMPLATES) for one in (built, deployed))
    if here != there:
        raise typer.BadParameter(
            f"samconfig.toml builds for {here} and deploys for {there}: keep "
            f"parameter_overrides under [{config_env}.global.parameters] alone",
            param_hint="--config-env",
        )
    return Deployment(str(deploy["stack_name"]), deployed)


def _settings(environment: Mapping[str, Any], command: str) -> dict[str, Any]:
    found = [environment.get(name, {}).get("parameters", {}) for name in ("global", command)]
    return {**found[0], **found[1]}


def _parameters(settings: Mapping[str, Any]) -> dict[str, str]:
    given = settings.get("parameter_overrides", "")
    words = shlex.split(given) if isinstance(given, str) else given
    pairs = (word.partition("=") for word in words)
    return {name: value for name, _, value in pairs}
