"""A Braze workspace, and the hosts that its API key may be sent to."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from handler.core.suggestions import closest

DEFAULT: Final = "default"
# Braze, "API overview": REST endpoints by instance. A pattern, not the list of today's instances:
# Braze opens new ones, and all names below these two domains are Braze's.
_BRAZE: Final = re.compile(r"https://rest\.[a-z]{2,8}-[0-9]{2}\.braze\.(?:com|eu)", re.ASCII)
_OTHER: Final = re.compile(r"https://[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.ASCII)
_LOOPBACK: Final = re.compile(r"http://127\.0\.0\.1:[0-9]{1,5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Workspace:
    """A Braze workspace: its REST endpoint, and the name of its key among the Braze keys.

    `only` are the patterns of those it may reach (see `core.delivery.withheld`); None: everybody.
    """

    name: str
    endpoint: str
    key: str
    only: tuple[str, ...] | None = None

    @classmethod
    def default(cls, endpoint: str) -> "Workspace":
        """Return the workspace that needs no configuration: that of the parameter BrazeEndpoint."""
        return cls(DEFAULT, endpoint, DEFAULT)


def is_braze(endpoint: str) -> bool:
    """Return whether a REST endpoint is one of Braze's."""
    return bool(_BRAZE.fullmatch(endpoint))


def is_other_host(endpoint: str) -> bool:
    """Return whether an endpoint is https:// and a host name, with nothing after it."""
    return bool(_OTHER.fullmatch(endpoint))


def is_loopback(endpoint: str) -> bool:
    """Return whether an endpoint is a port of this machine, where the simulated Braze runs."""
    return bool(_LOOPBACK.fullmatch(endpoint))


@dataclass(frozen=True, slots=True)
class Reach:
    """The workspaces of a deployment (None for any), and whether its rules may broadcast."""

    workspaces: Collection[str] | None = None
    broadcasts: bool = True

    def refusal(self, workspace: str | None) -> str:
        """Return why a rule cannot name a workspace; empty where it can, or names none."""
        if self.workspaces is None or workspace in (None, DEFAULT, *self.workspaces):
            return ""
        there = list(dict.fromkeys([DEFAULT, *self.workspaces]))
        near = closest(str(workspace), there)
        hint = f"did you mean {near}?" if near else f"workspaces.yaml has {', '.join(there)}"
        return f"there is no workspace {workspace}; {hint}"


ANYBODY: Final = Reach()  # for whatever does not depend on one deployment
