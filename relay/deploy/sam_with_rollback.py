"""SAM CLI with rollback triggers on the change set of one stack: no option of SAM's sets them.

    python sam_with_rollback.py STACK '{"RollbackTriggers": [], ...}' deploy ...

It is run by the Python of SAM's own environment, and imports nothing of the relay.
"""

import json
import sys
from typing import Any

from botocore import handlers
from samcli.cli.main import cli  # type: ignore[import-not-found] # SAM's environment has it


def main(stack_name: str, rollback: str, *arguments: str) -> None:
    """Run a command of SAM's whose change set of the stack has this RollbackConfiguration."""

    def add(params: dict[str, Any], **_: object) -> None:
        if params["StackName"] == stack_name:  # SAM's bucket is a stack of its own
            params["RollbackConfiguration"] = json.loads(rollback)

    # Of each client that SAM makes from here on: botocore registers these when it makes a session.
    handlers.BUILTIN_HANDLERS.append(("before-parameter-build.cloudformation.CreateChangeSet", add))
    sys.argv = ["sam", *arguments]
    cli(prog_name="sam")


if __name__ == "__main__":
    main(*sys.argv[1:])
