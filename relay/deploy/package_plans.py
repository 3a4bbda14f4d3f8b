"""Plans that a package of ingest makes of webhooks, in a process that has nothing but the package.

A Python of the functions' version runs it, where one is found.
"""

import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from builder.bytecode import environment, find_python
from builder.target import RUNTIME, BuildTarget
from handler.core.message import decode
from handler.core.models import Delivery, Parked, Plan, Unmatched, Verified
from relay.deploy.render_package import NOT_COMPILED

_SCRIPT: Final = Path(__file__).with_name("render_package.py")
_SECONDS: Final = 300
_ANY: Final = "arm64"  # Pythons are asked for their version alone
_Letter = TypeVar("_Letter", Delivery, Parked)


class NotRenderedError(Exception):
    """A package that does not render; `is_uncompiled` says that it has no compiled rules."""

    def __init__(self, why: str, *, is_uncompiled: bool = False) -> None:
        super().__init__(why)
        self.is_uncompiled = is_uncompiled


@dataclass(frozen=True, slots=True)
class Job:
    """A webhook to render: for a stage, and where rules may broadcast."""

    webhook: Verified
    stage: str
    broadcasts: bool

    def json(self) -> dict[str, Any]:
        """Return it for the package's process."""
        given = self.webhook.webhook
        return {
            "source": given.source,
            "headers": dict(given.headers),
            "body": b64encode(given.body).decode("ascii"),
            "received_at": given.received_at,
            "stage": self.stage,
            "broadcasts": self.broadcasts,
        }


def python() -> tuple[Path, str]:
    """Return the Python that renders, and what to know of it: that it is of another version."""
    found = find_python(BuildTarget.of(RUNTIME, _ANY))
    if found is not None:
        return found, ""
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Path(sys.executable), f" (by Python {here}, for this machine has no {RUNTIME})"


def plans(folder: Path, by: Path, jobs: Sequence[Job]) -> list[Plan]:
    """Return a package's plan for each job, an empty one where it does not serve the source.

    Raise NotRenderedError where it cannot be run, or one of them fails.
    """
    try:
        run = subprocess.run(
            [by, "-I", "-S", "-B", _SCRIPT, folder],
            input=json.dumps([one.json() for one in jobs]),
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise NotRenderedError(f"it has not ended in {_SECONDS} s") from None
    if run.returncode:
        why = (run.stderr.strip().splitlines() or [f"exit code {run.returncode}"])[-1]
        raise NotRenderedError(why, is_uncompiled=run.returncode == NOT_COMPILED)
    return [Plan(0) if one is None else _plan(one) for one in json.loads(run.stdout)]


def _plan(made: dict[str, Any]) -> Plan:
    return Plan(
        events=0,
        deliveries=_read(made["deliveries"], Delivery),
        shadow=_read(made["shadow"], Delivery),
        parked=_read(made["parked"], Parked),
        unmatched=tuple(Unmatched(rule, why) for rule, why in made["unmatched"]),
    )


def _read(messages: Sequence[str], kind: type[_Letter]) -> tuple[_Letter, ...]:
    return tuple(one for one in map(decode, messages) if isinstance(one, kind))
