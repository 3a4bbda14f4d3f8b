"""samconfig.toml, as far as the relay's own commands need it: `sam` reads all of it."""

import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import typer

from handler.core.suggestions import closest
from handler.core.workspace import Workspace
from relay.paths import PROJECT
from relay.stacks.parameters import problems

DEFAULT: Final = "default"  # the environment that SAM takes where none is named
_WATCHED: Final = "WatchedRule"
_TEMPLATES: Final = "arm64"  # the default of Architecture
_OURS: Final = ("stack_name", "parameter_overrides")
_PLACE: Final = ("region", "profile")
_ALIKE: Final = 0.85  # similarity of two keys: one is a misspelling of the other
_LEFT_EMPTY: Final = re.compile(r"(?:^|\s)(\w+)=(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Deployment:
    """One environment of samconfig.toml, such as `[prod.*]`: a stack and its parameters.

    `region` and `profile` are None where it leaves them to the AWS configuration.
    """

    stack_name: str
    parameters: Mapping[str, str]
    region: str | None = None
    profile: str | None = None

    @property
    def stage(self) -> str:
        """The stage whose `vars` its rules use; the defaults are the template's."""
        return self.parameters.get("RulesStage") or self.parameters.get("Stage", "dev")

    @property
    def workspace(self) -> Workspace | None:
        """The workspace of its rules that name none; None without BrazeEndpoint."""
        endpoint = self.parameters.get("BrazeEndpoint")
        return None if endpoint is None else Workspace.default(endpoint)

    @property
    def broadcasts(self) -> bool:
        """Whether its rules may broadcast."""
        return self.parameters.get("AllowBroadcast") == "true"

    @property
    def watched(self) -> tuple[str, ...]:
        """The rules, as SOURCE/RULE, whose silence raises an alarm."""
        given = self.parameters.items()
        return tuple(value for name, value in given if name.startswith(_WATCHED) and value)


def deployment(config_env: str = DEFAULT) -> Deployment:
    """Return an environment of samconfig.toml; end the command with a message without one."""
    return read(_text(), config_env)


def stages() -> list[str]:
    """Return the stages of all environments of samconfig.toml, without those of wrong ones."""
    found: list[str] = []
    for value in _loaded(_text()).values():
        if isinstance(value, dict):
            with suppress(typer.BadParameter):
                found.append(Deployment("", _parameters(_settings(value, "deploy"))).stage)
    return list(dict.fromkeys(found))


def environment_of(stack_name: str) -> str | None:
    """Return the first environment of samconfig.toml that deploys a stack; None for none."""
    config = _loaded(_text())
    for name, value in config.items():
        if isinstance(value, dict) and _settings(value, "deploy").get("stack_name") == stack_name:
            return name
    return None


def parameters_line(config_env: str) -> int:
    """Return the line of samconfig.toml with the parameters of an environment."""
    return _parameters_line(_text(), config_env)


def _parameters_line(text: str, config_env: str) -> int:
    """Return the last such line: the one under `deploy`, where `--guided` saves, counts."""
    lines = {0: 1}
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        section = line.strip() if line.startswith("[") else section
        if section.startswith((f"[{config_env}.global.", f"[{config_env}.deploy.")):
            lines[2 if line.startswith("parameter_overrides") else 1] = number
    return lines[max(lines)]


def read(text: str, config_env: str) -> Deployment:
    """Return an environment of a samconfig.toml; raise BadParameter where it is missing or wrong.

    SAM prefers what is under `deploy` or `build` to what is under `global` (AWS SAM developer
    guide, "AWS SAM CLI configuration file"); `--guided` saves it there.
    """
    config = _loaded(text)
    if config_env not in config:
        there = ", ".join(name for name, value in config.items() if isinstance(value, dict))
        problem = f"samconfig.toml has no [{config_env}.*]; it has {there}"
        raise typer.BadParameter(problem, param_hint="--config-env")
    build, deploy = (_settings(config[config_env], command) for command in ("build", "deploy"))
    if wrong := "; ".join(_wrong(build, deploy)):
        raise _refused(f"[{config_env}.*]: {wrong}")
    region, profile = (str(deploy[key]) if deploy.get(key) else None for key in _PLACE)
    return Deployment(str(deploy["stack_name"]), _parameters(deploy), region, profile)


def _wrong(build: Mapping[str, Any], deploy: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the settings of one environment."""
    yield from _misspelt({**build, **deploy})
    if "stack_name" not in deploy:
        yield "there is no stack_name"
    yield from problems(_parameters(deploy))
    here, there = (_parameters(one).get("Architecture", _TEMPLATES) for one in (build, deploy))
    if here != there:
        yield (
            f"it builds for {here} and deploys for {there}: "
            "keep parameter_overrides under global alone"
        )


def _text() -> str:
    return (PROJECT / "samconfig.toml").read_text(encoding="utf-8")


def _loaded(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _refused(f"not TOML: {error}") from None


def _settings(environment: Mapping[str, Any], command: str) -> dict[str, Any]:
    found = [environment.get(name, {}).get("parameters", {}) for name in ("global", command)]
    return {**found[0], **found[1]}


def _misspelt(settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield keys that are misspellings of ours; SAM would ignore them."""
    for key in settings.keys() - set(_OURS):
        if near := closest(key, _OURS, _ALIKE):
            yield f"unknown key {key}; did you mean {near}?"


def _parameters(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters as SAM reads them: from a text, a list of texts, or a table."""
    given = settings.get("parameter_overrides", "")
    if isinstance(given, Mapping):
        return {name: str(value) for name, value in given.items()}
    text = given if isinstance(given, str) else " ".join(map(str, given))
    if empty := _LEFT_EMPTY.search(text):
        name = empty[1]
        raise _refused(f"SAM passes over {name}= with nothing after it; write {name}=''")
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise _refused(f"parameter_overrides: {error}") from None
    return {name: value for name, _, value in (word.partition("=") for word in words)}


def _refused(problem: str) -> typer.BadParameter:
    return typer.BadParameter(f"samconfig.toml: {problem}")
