"""CPU seconds of imports and of short commands, this checkout beside another one.

    .venv/bin/python -m bench.startup /path/to/another/checkout

Both need their `.venv` (`make .venv/ready`). The two are measured by turns, so that a machine that
becomes slower slows both; the figures are medians.
"""

import os
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Final

TURNS: Final = 15
# Both have their bytecode from the first turn on, whatever this shell says.
ENVIRONMENT: Final = {name: it for name, it in os.environ.items() if not name.startswith("PYTHON")}
HERE: Final = Path(__file__).resolve().parent.parent
MEASURED: Final = {
    "import handler.ingest": ("bin/python", "-c", "import handler.ingest"),
    "import handler.deliver": ("bin/python", "-c", "import handler.deliver"),
    "relay --help": ("bin/relay", "--help"),
    "relay rules check": ("bin/relay", "rules", "check"),
}


def cpu(checkout: Path, program: str, *arguments: str) -> float:
    """Return the CPU seconds of a program of a checkout, its own and the system's."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(  # noqa: S603 - programs of the two checkouts
        [checkout / ".venv" / program, *arguments],
        cwd=checkout,
        env=ENVIRONMENT | {"PYTHONPATH": str(checkout / "src")},
        capture_output=True,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(other: Path) -> None:
    """Print a line for each thing measured: the other checkout, this one, and the ratio."""
    for name, (program, *arguments) in MEASURED.items():
        found: dict[Path, list[float]] = {other: [], HERE: []}
        for turn in range(TURNS + 1):
            for checkout, seconds in found.items():
                spent = cpu(checkout, program, *arguments)
                if turn:  # the first one compiles
                    seconds.append(spent)
        before, now = (median(seconds) for seconds in found.values())
        sys.stdout.write(f"{name:24} {before:.3f} s  {now:.3f} s  {now / before:.2f}x\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
