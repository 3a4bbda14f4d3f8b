"""Number of examples of a property: few in a run of the suite, many where they are asked for."""

import os
from typing import Final

TIMES: Final = int(os.environ.get("EXAMPLES", "1"))


def examples(count: int) -> int:
    """Return a property's examples: this many in each run of the suite."""
    return count * TIMES
