"""The AWS emulator (ministack), with a clean environment and a scratch folder of its own."""

import contextlib
import os
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from relay.local.watchdog import leashed
from relay.stacks.local import REGION
from relay.virtualenvs import environment

HOST: Final = "127.0.0.1"
_START_SECONDS: Final = 60
# ministack takes what a function has logged for the next invocation's, or loses it, where its
# thread that reads the log has not come to it within 50 ms, or pauses for 5: so on a busy machine,
# whose metrics then do not add up. A second for the first line, and 20 ms for each other one.
# It gives a cold start 10 s, as AWS does, and then once more the function's timeout. A cold start
# takes a second of CPU, and eight of them at once on a busy machine take longer than both: their
# webhooks were answered 500. So it has a minute.
# It asks for dynamodb:BatchExecuteStatement on `*`, an action that AWS does not have: AWS asks for
# each statement's own, on its table (DynamoDB guide, "IAM security policies with PartiQL").
# It kills the invocations in hand where a function gets new code, and lets one that has just begun
# keep a worker of the old code for later ones. AWS lets them end, and starts anew for others.
# It writes a link of a package as a file.
# It reads YAML, such as SAM's templates, without libyaml, which takes seven times as long.
# Its own endpoints (/_ministack/: messages, reset) need no signature, and it lets every web page
# read its answers. So it answers no page, but for webhooks, whose senders' headers are passed on.
_SERVE: Final = r"""
import json
import os
import re
import stat
import threading
import time

import yaml

yaml.SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

from ministack import app as served
from ministack.core import iam_actions, lambda_runtime
from ministack.services import cloudformation, lambda_svc

own_checks = iam_actions.dynamodb_transaction_checks

def checks(action, body, region, account):
    if action != "dynamodb:BatchExecuteStatement":
        return own_checks(action, body, region, account)
    texts = [one.get("Statement", "") for one in json.loads(body).get("Statements", [])]
    found = [re.match(r'(INSERT|UPDATE)(?: INTO)? "([^"]+)" ', text) for text in texts]
    return [
        (f"dynamodb:PartiQL{one[1].capitalize()}",
         iam_actions._dynamodb_table_arn(one[2], region, account))
        if one else (action, "*")
        for one in found
    ]

iam_actions.dynamodb_transaction_checks = checks

assert lambda_runtime._PROVIDED_INIT_TIMEOUT == 10
lambda_runtime._PROVIDED_INIT_TIMEOUT = 60.0

drain = lambda_runtime.Worker._drain_stderr_bounded
assert drain.__code__.co_varnames[1:4] == ("first_line_wait", "idle_confirm", "hard_cap")
drain.__defaults__ = (1.0, 0.02, 2.0)

kill, acquire = lambda_runtime.kill_workers, lambda_runtime.acquire_worker

def kill_idle(workers):
    kill([one for one in workers if not one.in_use])
    for one in workers:
        if one.in_use:
            threading.Thread(target=kill_late, args=(one,), daemon=True).start()

def kill_late(worker):
    deadline = time.monotonic() + worker.config.get("Timeout", 30)
    while worker.in_use and time.monotonic() < deadline:
        time.sleep(0.05)
    kill([worker])

def acquire_current(name, config, code, **more):
    return acquire(name, config, lambda_svc._functions.get(name, {}).get("code_zip", code), **more)

lambda_runtime.kill_workers = kill_idle
lambda_svc.acquire_worker = acquire_current

def unpack(archive, folder):
    for entry in archive.infolist():
        mode = entry.external_attr >> 16
        if stat.S_ISLNK(mode):
            os.symlink(archive.read(entry).decode(), os.path.join(folder, entry.filename))
            continue
        path = archive.extract(entry, folder)
        if mode:
            os.chmod(path, stat.S_IMODE(mode))

lambda_svc._extract_zip_preserving_mode = unpack

answer = served.app
# It names itself localhost where it says from where a function's package can be downloaded.
names = (os.environ["BIND_HOST"], "localhost")
here = [name.encode() for name in names]

async def guarded(scope, receive, send):
    headers = dict(scope.get("headers", []))
    host = headers.get(b"host", b"").split(b":")[0]  # by any port: only the name can be rebound
    is_page = headers.keys() & {b"origin", b"sec-fetch-site"} or host not in here
    if scope["type"] == "http" and is_page and not scope["path"].startswith("/_aws/execute-api/"):
        await send({"type": "http.response.start", "status": 403, "headers": []})
        await send({"type": "http.response.body", "body": b"no web page may use the emulator"})
        return
    await answer(scope, receive, send)

served.app = guarded
served.main()
"""


def free_port() -> int:
    """Return a port of 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def listening(port: int) -> socket.socket:
    """Return a socket that listens on a port of 127.0.0.1, 0 for any free one; raise OSError.

    A stack needs seconds to start, in which no other program gets the port: who connects waits.
    """
    return socket.create_server((HOST, port))


def is_local(url: str) -> bool:
    """Return whether a URL may replace Braze's: http://127.0.0.1:port without a path."""
    prefix, _, port = url.rpartition(":")
    return prefix == f"http://{HOST}" and port.isascii() and port.isdigit()


@contextlib.contextmanager
def emulator() -> Iterator[str]:
    """Run ministack; give its endpoint; at the end stop it and delete its scratch folder."""
    with starting_emulator() as endpoint:
        yield endpoint()


@contextlib.contextmanager
def starting_emulator() -> Iterator[Callable[[], str]]:
    """Run ministack likewise; give what waits until it is up, and returns its endpoint."""
    endpoint = f"http://{HOST}:{free_port()}"
    programs = environment("emulator")
    with tempfile.TemporaryDirectory(prefix="relay-", ignore_cleanup_errors=True) as scratch:
        log = Path(scratch) / "emulator.log"
        with (
            log.open("wb") as output,
            leashed(
                [programs / "python", "-c", _SERVE], output, _environment(endpoint, scratch)
            ) as server,
        ):
            yield lambda: _up(server, endpoint, log)


def _environment(endpoint: str, scratch: str) -> dict[str, str]:
    """Return the emulator's environment, which its workers inherit: no other variable is passed."""
    return {
        "PATH": os.defpath,
        "HOME": scratch,
        "TMPDIR": scratch,
        "BIND_HOST": HOST,
        "GATEWAY_PORT": endpoint.rpartition(":")[2],
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DEFAULT_REGION": REGION,
        # These would listen on every address of this machine, were their packages there.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "AUTH": "true",  # signatures and IAM policies are enforced
    }


def _up(server: subprocess.Popen[bytes], endpoint: str, log: Path) -> str:
    """Wait until it is up; return its endpoint."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"the emulator ended at once:\n{log.read_text()[-2000:]}")
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(f"{endpoint}/_localstack/health", timeout=1).close()  # noqa: S310 - our own http address
            return endpoint
        time.sleep(0.05)
    raise RuntimeError(f"the emulator did not come up in {_START_SECONDS} s")
