"""Target of a build: the Python and the processor that a package is for."""

import re
import sys
from dataclasses import dataclass
from typing import Final, Self

from builder.errors import BuildFailed

RUNTIME: Final = "python3.13"  # of the functions, as template.yaml has it
# Lambda's words for processors, with those of wheels' platforms.
MACHINES: Final = {"arm64": "aarch64", "x86_64": "x86_64"}
_RUNTIME: Final = re.compile(r"python(3\.\d+)")


@dataclass(frozen=True, slots=True)
class BuildTarget:
    """A Python, as `3.13`, and a machine as wheels name it; None is this machine."""

    python: str
    machine: str | None

    @classmethod
    def of(cls, runtime: str, architecture: str) -> Self:
        """Return the target of Lambda's words, such as python3.13 and arm64; raise BuildFailed."""
        known = _RUNTIME.fullmatch(runtime)
        if known is None:
            raise BuildFailed(f"unknown runtime {runtime}: a package can be built for python3.N")
        if architecture not in MACHINES:
            known_ones = ", ".join(MACHINES)
            raise BuildFailed(f"unknown architecture {architecture}: it is one of {known_ones}")
        return cls(known[1], MACHINES[architecture])

    @property
    def cache_tag(self) -> str:
        """The word for this Python in the names of bytecode files."""
        return f"cpython-{self.python.replace('.', '')}"

    def __str__(self) -> str:
        return f"Python {self.python} on {self.machine or 'this machine'}"


HERE: Final = BuildTarget(f"{sys.version_info.major}.{sys.version_info.minor}", None)  # this Python
