"""Whom the rules of a deployment may reach."""

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from handler.core.workspace import DEFAULT


@dataclass(frozen=True, slots=True)
class Reach:
    """The workspaces that a deployment knows, None for any; and whether its rules may broadcast."""

    workspaces: Collection[str] | None = None
    broadcasts: bool = True

    def refusal(self, workspace: str | None) -> str:
        """Return why a workspace cannot be named; nothing where it can, or none is."""
        if self.workspaces is None or workspace in (None, DEFAULT, *self.workspaces):
            return ""
        there = list(dict.fromkeys([DEFAULT, *self.workspaces]))
        near = get_close_matches(str(workspace), there, n=1)
        hint = f"did you mean {near[0]}?" if near else f"workspaces.yaml has {', '.join(there)}"
        return f"there is no workspace {workspace}; {hint}"


ANYBODY: Final = Reach()  # what is not a matter of one deployment
