"""Permissions that a Braze API key needs for the rules of its workspace."""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from handler.core.braze.endpoints import endpoint_of
from handler.core.errors import RulesError
from handler.core.rules.source import Source
from handler.core.workspace import DEFAULT
from handler.rules_directory import read
from handler.workspaces import read as read_workspaces

# With these the worker sees that a campaign is paused, and `relay doctor` what does not send.
DETAILS: Final = ("campaigns.details", "canvas.details")


def rules_by_path(sources: Iterable[Source], workspaces: Collection[str]) -> dict[str, list[str]]:
    """Return each path that rules of these workspaces post to, with their names."""
    found: dict[str, list[str]] = {}
    for source in sources:
        for rule in source.rules:
            if rule.workspace in workspaces:
                found.setdefault(rule.path, []).append(f"{rule.name} of {source.name}")
    return found


def permissions(paths: Iterable[str]) -> list[str]:
    """Return the permissions that an API key needs to post to these paths, each once."""
    known = (endpoint_of(path) for path in paths)
    return list(dict.fromkeys(one.permission for one in known if one is not None))


def permissions_of_key(key: str, rules: Path, stage: str) -> list[str]:
    """Return the permissions that the rules need of a Braze key, by its name among the keys.

    Of a file that does not load nothing is known.
    """
    try:
        named = read_workspaces(rules, None, stage)
    except RulesError:
        named = {}
    keys = {DEFAULT: DEFAULT} | {name: one.key for name, one in named.items()}
    spaces = [name for name, one in keys.items() if one == key]
    found = read(rules, stage, broadcasts=True).values()
    return permissions(rules_by_path((one for one in found if isinstance(one, Source)), spaces))
