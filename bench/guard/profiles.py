"""Braze as far as profiles go: what is written to each, and what older write spoils it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Literal

from tests.simulation.clock import Time
from tests.simulation.faults import Fault, Plan, Rates
from tests.simulation.line import Died

OLDER: Final = 1
NEWER: Final = 2
Kind = Literal["accepted", "not_sent", "unknown"]
_GOOD: Final = 0.2  # seconds of a good answer
_SECONDS: Final = 15  # that a request may take
_APPLIED: Final = ("timeout_applied", "reset_applied", "slow", "dies_after")
RATES: Final[Rates] = {
    "dynamodb.*": {
        Fault("error"): 0.01,
        Fault("error", 1.5): 0.005,
        Fault("throttled"): 0.005,
        Fault("lost", 1.0): 0.01,
        Fault("slow", 3.0): 0.01,
        Fault("dies_before"): 0.002,
        Fault("dies_after"): 0.002,
    },
    "braze.post": {
        Fault("timeout"): 0.02,
        Fault("timeout_applied"): 0.02,
        Fault("reset"): 0.02,
        Fault("reset_applied"): 0.02,
        Fault("refused"): 0.05,
        Fault("slow", 12.0): 0.05,
        Fault("dies_before"): 0.005,
        Fault("dies_after"): 0.005,
    },
    "queue.copy": {Fault("copy", 5.0): 0.02},
}


@dataclass(slots=True)
class Profiles:
    """Takes writes, each half-way through its request, and knows those that came too late."""

    clock: Time
    plan: Plan
    counts: Counter[str] = field(default_factory=Counter)
    newest: dict[int, int] = field(default_factory=dict)
    spoilt: set[int] = field(default_factory=set)

    def post(self, profile: int, version: int | None) -> Kind:
        """Send a request, without attributes where there is no version; raise Died."""
        fault = self.plan.at("braze.post") or Fault("none")
        if fault.kind == "dies_before":
            raise Died
        seconds = _SECONDS if fault.kind.startswith("timeout") else _GOOD + fault.seconds
        self.clock.sleep(seconds / 2)
        if version is not None and fault.kind in (*_APPLIED, "none"):
            self._write(profile, version)
        self.clock.sleep(seconds / 2)
        if fault.kind == "dies_after":
            raise Died
        if fault.kind in ("none", "slow"):
            return "accepted"
        return "not_sent" if fault.kind == "refused" else "unknown"

    def _write(self, profile: int, version: int) -> None:
        newest = self.newest.get(profile, 0)
        self.counts["writes"] += 1
        if version < newest:
            self.spoilt.add(profile)
        self.newest[profile] = max(newest, version)

    def judged(self, pairs: int) -> Counter[str]:
        """Return the counts, of so many pairs."""
        newest = sum(version == NEWER for version in self.newest.values())
        return Counter(
            {
                **self.counts,
                "older over newer": len(self.spoilt),
                "without the newer": pairs - newest,
            }
        )
