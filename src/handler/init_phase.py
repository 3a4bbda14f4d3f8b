"""The init phase of an execution environment, in which Python collects no garbage.

An entry point imports this before anything else. What it loads and makes stays as long as the
environment; collections of garbage among it take a seventh of the CPU of a cold start.
"""

import gc
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Final

# Set by Lambda in each environment that it starts (Lambda guide, "Environment variables"). There an
# entry point makes its clients when it is imported: Lambda may give the init phase more CPU than
# the share that the function's memory gives an invocation.
_IN_LAMBDA: Final = "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ


def end_init_phase(make: Callable[[], object]) -> None:
    """Make what invocations use, where Lambda starts the environment.

    What fails is tried again by each invocation, which answers for it.
    """
    if _IN_LAMBDA:
        with suppress(Exception):
            make()
        gc.freeze()  # or the first collection, in an invocation, would go through all of it
        gc.enable()


if _IN_LAMBDA:
    gc.disable()
