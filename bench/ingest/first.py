"""`python -m bench.ingest.first FOLDER HANDLER WHAT`: where a first invocation's CPU goes.

WHAT is `imported`, or `whole` where its import is to be counted too. Its event is on standard
input; the profile is printed as JSON.
"""

import json
import os
import sys
from importlib import import_module

from bench.tasks import hush, profile


class Context:
    """Lambda's context; that of `bench.deliver.functions` would import boto3 first."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        """Return 30 s, deliver's timeout."""
        return 30_000


def main() -> None:
    """Import a function, and handle one event."""
    folder, handler, what = sys.argv[1:]
    result, event = os.fdopen(os.dup(1), "w"), json.load(sys.stdin)
    hush()
    sys.path.insert(0, folder)
    module, _, name = handler.rpartition(".")
    if what == "imported":
        import_module(module)
    lines = profile(lambda: getattr(import_module(module), name)(event, Context))
    result.write(json.dumps(lines))
    result.flush()


if __name__ == "__main__":
    main()
