"""curl, a client that shares nothing with this project, speaks to a simulated Braze."""

import json
import shlex
import shutil
import subprocess
from typing import Any

import pytest

from tests.relay.simulated_braze.simulated import Client

HOST = "https://rest.iad-01.braze.com"
KEYS = ("YOUR_REST_API_KEY", "YOUR-REST-API-KEY")  # as Braze's pages spell it
# Nothing of the user's own settings, a limit, and the status behind the answer.
OPTIONS = ("--disable", "--noproxy", "*", "--silent", "--show-error", "--max-time", "10")
STATUS = ("--write-out", "\n%{http_code}")


def run(braze: Client, command: str) -> tuple[int, dict[str, Any]]:
    """Run a command as a page shows it, but for its host and key; return status and answer."""
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed: no client that is not ours can be tried")
    for key in KEYS:
        command = command.replace(key, "local-braze-key")
    one_line = command.replace("\\\n", " ")  # as a shell reads it, and shlex does not
    name, *arguments = shlex.split(one_line.replace(HOST, braze.url))
    assert name == "curl"
    done = subprocess.run(
        [curl, *OPTIONS, *arguments, *STATUS], capture_output=True, text=True, check=True
    )
    answer, _, status = done.stdout.rpartition("\n")
    told: dict[str, Any] = json.loads(answer)
    return int(status), told


def command(path: str, body: str) -> str:
    """Return the command of Braze's pages that posts a body."""
    body = body.replace("'", "\\u0027")  # it stands in single quotes
    return f"""\
curl --location --request POST '{HOST}{path}' \\
--header 'Content-Type: application/json' \\
--header 'Authorization: Bearer YOUR_REST_API_KEY' \\
--data-raw '{body}'
"""
