"""`python -m bench.deliver.cold FOLDER NAME`: a cold start of one function of a package.

Its event is on standard input. It prints the CPU milliseconds until the function was imported, the
interpreter's own among them, and those of the first invocation.
"""

import json
import os
import sys
import time
from importlib import import_module


class Context:
    """Lambda's context; that of `functions` would import boto3 first."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        """Return 30 s, deliver's timeout."""
        return 30_000


if __name__ == "__main__":
    event = json.load(sys.stdin)
    result = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    folder, name = sys.argv[1:]
    sys.path.insert(0, folder)
    handler = import_module(f"handler.{name}").lambda_handler
    imported = time.process_time()
    answer = handler(event, Context)
    spent = time.process_time()
    if answer.get("batchItemFailures") or answer.get("statusCode", 200) != 200:
        raise ValueError(answer)
    result.write(json.dumps([imported * 1000, (spent - imported) * 1000]))
    result.close()
