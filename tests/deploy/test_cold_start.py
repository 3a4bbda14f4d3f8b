"""Modules that each function loads before its first answer, under Amazon's runtime client.

The packages are those that the local stack deploys. Each answers one invocation that needs no AWS,
so that what is made once for each environment is seen too: settings, clients, rules.
"""

import io
import json
import re
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from relay.local.package import packages
from relay.paths import PROJECT
from relay.virtualenvs import environment
from tests.test_imports import FOREIGN

# Python runs this at its start: it tells of each data file of boto3 and botocore that is opened,
# and of each file that is compiled.
TELLING = """
import sys
def tell(event, arguments):
    if event == "open" and "/data/" in str(arguments[0]):
        sys.stderr.write(f"opened: {arguments[0]}\\n")
    if event == "compile" and str(arguments[1]).endswith(".py"):
        sys.stderr.write(f"compiled: {arguments[1]}\\n")
sys.addaudithook(tell)
"""
SETTINGS = {
    "QUEUE_URL": "http://127.0.0.1:1/000000000000/queue",
    "DEAD_LETTER_QUEUE_URL": "http://127.0.0.1:1/000000000000/dead",
    "RULES_STAGE": "dev",
    "SIGNING_SECRETS_ARN": "arn:aws:secretsmanager:us-east-1:000000000000:secret:signing",
    "MAX_BODY_BYTES": "1024",
    "STAGE": "local",
    "LEDGER_TABLE": "ledger",
    "LEDGER_DAYS": "400",
    "BRAZE_KEYS_ARN": "arn:aws:secretsmanager:us-east-1:000000000000:secret:braze",
    "BRAZE_ENDPOINT": "http://127.0.0.1:1",
    "ALLOW_OTHER_BRAZE_HOST": "false",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}


@dataclass
class Runtime:
    """Lambda's Runtime API for one invocation; the question for a second one is answered 500."""

    events: list[Any]
    answers: list[Any] = field(default_factory=list)

    @contextmanager
    def serving(self) -> Iterator[str]:
        with ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self)) as server:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            yield f"127.0.0.1:{server.server_address[1]}"
            server.shutdown()


def handler_of(runtime: Runtime) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status = 200 if runtime.events else 500
            self._answer(status, runtime.events.pop() if runtime.events else {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            runtime.answers.append(json.loads(body))
            self._answer(202, {})

        def _answer(self, status: int, document: Any) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Lambda-Runtime-Aws-Request-Id", "one")
            self.send_header("Lambda-Runtime-Deadline-Ms", "4102444800000")
            self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    return Handler


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    telling = tmp_path_factory.mktemp("telling") / "sitecustomize.py"
    telling.write_text(TELLING, encoding="utf-8")
    unpacked = {}
    for name, content in packages(PROJECT / "tests" / "rules").items():
        unpacked[name] = tmp_path_factory.mktemp(name)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(unpacked[name])
        (unpacked[name] / telling.name).symlink_to(telling)
    return unpacked


def told(folder: Path, handler: str, event: Any) -> tuple[str, Any]:
    """Start a function, let it answer one event; return what Python told, and the answer."""
    runtime = Runtime([event])
    with runtime.serving() as address:
        python = environment("lambda-runtime") / "python"
        run = subprocess.run(
            [python, "-X", "importtime", "-m", "awslambdaric", handler],
            cwd=folder,
            env=SETTINGS
            | {
                "PYTHONPATH": str(folder),
                "LAMBDA_TASK_ROOT": str(folder),
                "AWS_LAMBDA_RUNTIME_API": address,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert len(runtime.answers) == 1, (run.returncode, run.stderr[-2000:])
    return run.stderr, runtime.answers[0]


@dataclass(frozen=True)
class Start:
    """What a start has loaded; `models` are the AWS services of which boto3 knows the words."""

    modules: set[str]
    models: set[str]
    resources: set[str]
    compiled: set[str]

    @classmethod
    def of(cls, text: str) -> "Start":
        return cls(
            set(re.findall(r"^import time: +\d+ \| +\d+ \| +(\S+)$", text, re.MULTILINE)),
            set(re.findall(r"^opened: \S+/data/([^/]+)/[^/]+/service-2\.", text, re.MULTILINE)),
            set(re.findall(r"^opened: (\S+/resources-1\S*)$", text, re.MULTILINE)),
            set(re.findall(r"^compiled: (\S+)$", text, re.MULTILINE)),
        )

    def loaded(self, *packages: str) -> set[str]:
        """Return which of these modules, or of what is in them, were loaded."""
        inside = tuple(f"{package}." for package in packages)
        return {one for one in self.modules if one in packages or one.startswith(inside)}


@pytest.fixture(scope="module")
def ingest(folders: dict[str, Path]) -> Start:
    event = {"requestContext": {"http": {"method": "GET"}}, "pathParameters": {"source": "shopify"}}
    text, answer = told(folders["IngestFunction"], "handler.ingest.lambda_handler", event)
    assert answer["statusCode"] == 405
    return Start.of(text)


@pytest.fixture(scope="module")
def deliver(folders: dict[str, Path]) -> Start:
    text, answer = told(
        folders["DeliverFunction"], "handler.deliver.lambda_handler", {"Records": []}
    )
    assert answer == {"batchItemFailures": []}
    return Start.of(text)


def test_ingest_reads_compiled_rules_and_loads_nothing_that_sends(ingest: Start) -> None:
    assert ingest.loaded("handler.core.rules.decode_source")
    assert not ingest.loaded(*FOREIGN["handler.ingest"])


def test_deliver_loads_what_sends_and_neither_rules_nor_verification(deliver: Start) -> None:
    assert deliver.loaded("handler.braze_client", "requests") > {"requests"}
    assert not deliver.loaded(*FOREIGN["handler.deliver"])


def test_each_knows_the_words_of_its_own_aws_services_only(ingest: Start, deliver: Start) -> None:
    assert ingest.models == {"secretsmanager", "sqs"}
    assert deliver.models == {"dynamodb", "secretsmanager", "sqs"}


@pytest.mark.parametrize("name", ["ingest", "deliver"])
def test_neither_tracing_nor_boto3s_resources_are_loaded(
    name: str, request: pytest.FixtureRequest
) -> None:
    start: Start = request.getfixturevalue(name)
    assert not start.loaded("aws_xray_sdk", "asyncio", "boto3.dynamodb", "boto3.s3", "boto3.ec2")
    assert not start.resources


@pytest.mark.parametrize("name", ["ingest", "deliver"])
def test_nothing_of_the_package_is_compiled_in_each_environment_anew(
    name: str, folders: dict[str, Path], request: pytest.FixtureRequest
) -> None:
    start: Start = request.getfixturevalue(name)
    own = tuple(str(folder) for folder in folders.values())
    assert not [file for file in start.compiled if file.startswith(own)]
