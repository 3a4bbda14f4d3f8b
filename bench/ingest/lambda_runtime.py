"""`python bench/ingest/lambda_runtime.py HANDLER COUNT`: Lambda's runtime client with a stopwatch.

It runs in the folder of a package, with the variables that Lambda sets, and prints one line of
JSON: the CPU milliseconds since the interpreter's start at each call for the next event, of which
the first ends the init, and the process's peak memory in KiB. What the function prints goes
nowhere.
"""

import json
import os
import resource
import sys
import time

from awslambdaric.__main__ import main
from awslambdaric.lambda_runtime_client import LambdaRuntimeClient


def peak() -> int:
    """Return the peak memory of this process, in KiB.

    Linux keeps that of the program which has started this one in ru_maxrss.
    """
    try:
        with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - as below
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    _, handler, count = sys.argv
    wait = LambdaRuntimeClient.wait_next_invocation
    marks: list[float] = []
    result = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    def stopwatch(self: LambdaRuntimeClient) -> object:
        """Note the CPU so far; end after the last invocation."""
        marks.append(time.process_time() * 1000)
        if len(marks) <= int(count):
            return wait(self)
        result.write(json.dumps({"marks": marks, "peak": peak()}))
        result.flush()
        os._exit(0)

    LambdaRuntimeClient.wait_next_invocation = stopwatch
    sys.path[0] = os.getcwd()  # noqa: PTH109 - pathlib would be loaded for it
    main([sys.argv[0], handler])
