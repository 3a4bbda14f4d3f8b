"""A stack that SAM has deployed into the emulator, and whose functions run."""

import io
import json
import shutil
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from builder.package import FUNCTIONS
from handler.compiled_rules import FILE
from relay.local.deploy import for_emulator, import_routes
from relay.local.package import packages
from relay.paths import TEMPLATE
from relay.stacks.local import Stack
from relay.stacks.template import parse
from tests.deploy.conftest import STACK, Sam
from tests.e2e.harness import PATIENCE, Relay, sample, until

OURS: Final = ("handler", "rules")
# Lambda lets an invocation of the old code end; the emulator stops it and deletes the code.
# As a shell's child, with a copy, it does what it has begun; its answer is lost, so that its
# message comes again, after this time.
LET_IT_END: Final = """\
#!/bin/sh
kept=$(mktemp -d "$LAMBDA_TASK_ROOT.XXXXXX") && cp -rl "$LAMBDA_TASK_ROOT/." "$kept"
export LAMBDA_TASK_ROOT="$kept"
"""
COMES_AGAIN: Final = 10  # seconds
# An update lets all workers start at once. Ten keep two processors from anything else for a minute.
WORKERS: Final = 2
# What was stopped while it sent is claimed again when its lease has ended: the worker's 30 s and
# a margin of 5 s after it began.
LEASE: Final = 35  # seconds
# When the emulator has answered, whatever an update does meanwhile: an environment has 10 s to
# start and 10 s once more, its function 10 s, and up to 5 s go by at the end of each start.
ANSWERED: Final = 45  # seconds


def build(sam: Sam) -> None:
    """Run `sam build`, and change what it made as the local stack does for the emulator.

    Our code and rules stay as SAM packed them; libraries are this host's, and so is bytecode.
    """
    sam("build")
    file = sam.project / ".aws-sam" / "build" / "template.yaml"
    workers = {"DeliverConcurrency": str(WORKERS), "LowPriorityConcurrency": str(WORKERS)}
    template = parse(file.read_text(encoding="utf-8"))
    folders = {name: template["Resources"][name]["Properties"]["CodeUri"] for name in FUNCTIONS}
    template = for_emulator(template, workers)
    for name, folder in folders.items():
        template["Resources"][name]["Properties"]["CodeUri"] = folder
    for queue in ("Queue", "LowPriorityQueue"):
        template["Resources"][queue]["Properties"]["VisibilityTimeout"] = COMES_AGAIN
    file.write_text(json.dumps(template), encoding="utf-8")
    for name, content in packages(sam.project / "src" / "rules").items():
        for_this_host(built(sam, name), content)


def for_this_host(folder: Path, package: bytes) -> None:
    """Give a package that SAM has built what it takes to run here, with its rules compiled."""
    for other in [path for path in folder.iterdir() if path.name not in OURS]:
        shutil.rmtree(other) if other.is_dir() else other.unlink()
    with zipfile.ZipFile(io.BytesIO(package)) as host:
        ours = [name for name in host.namelist() if name.split("/")[0] in OURS]
        code = [name for name in ours if name.endswith((".pyc", FILE))]
        host.extractall(folder, code + sorted(set(host.namelist()) - set(ours)))
    bootstrap = folder / "bootstrap"
    start = bootstrap.read_text(encoding="utf-8").replace("exec ", "")
    bootstrap.write_text(LET_IT_END + start, encoding="utf-8")
    bootstrap.chmod(0o755)


def built(sam: Sam, function: str) -> Path:
    """Return the folder of a function's package."""
    return sam.project / ".aws-sam" / "build" / function


def deployed(sam: Sam) -> Stack:
    """Return the deployed stack, with its routes."""
    (found,) = sam.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in found["Outputs"]}
    stack = Stack(sam.endpoint, outputs, sam.resources())
    import_routes(stack, parse(TEMPLATE.read_text(encoding="utf-8")))
    return stack


Release = Mapping[str, bytes]  # the package of each function


def roll(stack: Stack, release: Release) -> None:
    """Put a release's packages in the place of the functions', as CloudFormation does."""
    storage, bucket = stack.client("s3"), "releases"
    storage.create_bucket(Bucket=bucket)
    for function, package in release.items():
        storage.put_object(Bucket=bucket, Key=function, Body=package)
        name = stack.resources[function]
        place = {"S3Bucket": bucket, "S3Key": function}
        stack.client("lambda").update_function_code(FunctionName=name, **place)


def changed(release: Release, name: str, *changes: tuple[str, str]) -> Release:
    """Return a release in one of whose files each text is replaced by another."""
    return {function: with_change(package, name, *changes) for function, package in release.items()}


def with_change(package: bytes, name: str, *changes: tuple[str, str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as before, zipfile.ZipFile(made, "w") as after:
        for entry in before.infolist():
            content = before.read(entry)
            if entry.filename == name:
                text = content.decode()
                for old, new in changes:
                    assert text.count(old) == 1
                    text = text.replace(old, new)
                content = text.encode()
            after.writestr(entry, content)
    return made.getvalue()


@dataclass
class Sender:
    """A shop that posts orders without a pause, and posts again what is not answered 200.

    It waits for each answer, however long: one that hangs up and posts again meanwhile lets the
    emulator start another environment for each post, until the machine does nothing else.
    """

    relay: Relay
    orders: list[dict[str, Any]] = field(default_factory=list)
    posted: dict[str, float] = field(default_factory=dict)
    answered: dict[str, float] = field(default_factory=dict)
    refusals: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.relay = replace(self.relay, patience=ANSWERED)

    @contextmanager
    def posting(self) -> Iterator[None]:
        over = threading.Event()
        thread = threading.Thread(target=self._post_until, args=(over,))
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _post_until(self, over: threading.Event) -> None:
        while not over.is_set():
            order = sample("shopify-order")
            order["name"] = str(order["id"])
            self.orders.append(order)
            self.posted[order["name"]] = time.monotonic()
            self._post(order)
            self.answered[order["name"]] = time.monotonic()
            over.wait(0.05)

    def _post(self, order: dict[str, Any]) -> None:
        # An update stops the invocation that runs, and perhaps the one that has just begun.
        until(lambda: self._is_taken(order), bool, "answer 200", 2 * ANSWERED)

    def _is_taken(self, order: dict[str, Any]) -> bool:
        status = self.relay.shopify("orders/create", order).status_code
        self.refusals += [status] if status != 200 else []
        return status == 200

    def repeat(self, count: int) -> None:
        """Post the first orders again, as a shop does that has not heard the answers."""
        for order in self.orders[:count]:
            self._post(order)

    def wait_for_answers(self, count: int) -> None:
        seen = len(self.answered)
        patience = 2 * ANSWERED + PATIENCE
        until(lambda: len(self.answered), lambda now: now >= seen + count, "answers", patience)
