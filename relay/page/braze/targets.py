"""Campaigns and Canvases of the rules, and their states in the simulated Braze. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from handler.core.rules.source import Source
from relay.doctor.braze_checks import TargetUse, targets

STATES: Final[Mapping[str, Mapping[str, bool]]] = {
    "active": {"exists": True, "enabled": True, "archived": False, "draft": False},
    "paused": {"exists": True, "enabled": False, "archived": False, "draft": False},
    "archived": {"exists": True, "enabled": True, "archived": True, "draft": False},
    "draft": {"exists": True, "enabled": True, "archived": False, "draft": True},
    "deleted": {"exists": False, "enabled": True, "archived": False, "draft": False},
}


class NoSuchState(Exception):
    """The form names a state that no campaign or Canvas has."""


def targets_of(sources: Iterable[Source]) -> list[TargetUse]:
    """Return each campaign and Canvas that the rules of any workspace send to."""
    known = list(sources)
    workspaces = sorted({rule.workspace for source in known for rule in source.rules})
    found = [one for workspace in workspaces for one in targets(known, workspace)]
    return list({(one.key, one.id): one for one in found}.values())


def state_of(target: Mapping[str, Any]) -> str:
    """Return the state of a target as the control API shows it; an empty one is active."""
    if not target.get("exists", True):
        return "deleted"
    if target.get("archived"):
        return "archived"
    if target.get("draft"):
        return "draft"
    return "active" if target.get("enabled", True) else "paused"


def changed(target: Mapping[str, Any], state: str) -> dict[str, Any]:
    """Return a target in another state, with all else as it was; raise NoSuchState."""
    if state not in STATES:
        raise NoSuchState(f"no campaign or Canvas is {state}")
    return {**target, **STATES[state]}
