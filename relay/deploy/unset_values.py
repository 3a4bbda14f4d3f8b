"""Values that must be set before a deployment: ids of campaigns, and the Braze endpoint."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from handler.core.configuration import yaml12
from handler.core.errors import Finding
from handler.core.rules.load import names
from handler.rules_directory import files
from relay.rules.check.target_ids import samples
from relay.stacks.samconfig import deployment, parameters_line
from relay.webhooks.samples import shown_folder

_ENDPOINT: Final = "BrazeEndpoint"


def undecided(rules: Path, config_env: str, arguments: Sequence[str] = ()) -> Iterator[str]:
    """Yield each value that is not set yet, with file and line.

    `rules` must load; `arguments` are those for `sam deploy`, which may give parameters too.
    """
    deployed = deployment(config_env)
    for path in files(rules):
        yield from map(str, _samples(path, deployed.stage))
    if deployed.workspace is None and not any(f"{_ENDPOINT}=" in one for one in arguments):
        yield (
            f"samconfig.toml:{parameters_line(config_env)}:1: parameter_overrides has no"
            f" {_ENDPOINT}: add the REST endpoint of your Braze instance, such as"
            f" {_ENDPOINT}=https://rest.fra-02.braze.eu (Braze dashboard, Settings, APIs and"
            " Identifiers)"
        )


def _samples(path: Path, stage: str) -> list[Finding]:
    text, shown = path.read_text(encoding="utf-8"), str(shown_folder(path.parent) / path.name)
    return samples(yaml12.load(text, shown), names(path.stem, text, shown), stage)
