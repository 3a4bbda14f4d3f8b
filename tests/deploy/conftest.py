"""SAM's own commands on a copy of the project, from its samconfig.toml, against the emulator."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import jmespath
import pytest

from builder.bytecode import find_python
from builder.target import RUNTIME, BuildTarget
from relay import virtualenvs
from relay.local.emulator import emulator
from relay.paths import PROJECT, SOURCE
from relay.stacks.local import REGION, client
from relay.virtualenvs import environment
from tests import fork_asker
from tests.e2e.harness import until
from tests.forked import Forked, forked_sam

STACK = "braze-relay-dev"


@cache
def uv_cache() -> str:
    """Return where uv keeps wheels on this machine: in a home that is new it has none of them."""
    uv = Path(sys.executable).with_name("uv")
    run = subprocess.run([uv, "cache", "dir"], capture_output=True, text=True, check=True)
    return run.stdout.strip()


Credentials = tuple[str, str]  # access key id and secret access key


@dataclass(frozen=True)
class Sam:
    """The SAM CLI in a folder that holds what a user would deploy."""

    project: Path
    endpoint: str
    credentials: Credentials = ("test", "test")  # the emulator's root
    settings: dict[str, str] = field(default_factory=dict)  # more environment variables
    forks: ClassVar[Forked]  # a start of SAM's takes a second of the processor

    def __call__(self, *arguments: str) -> str:
        """Run a command of SAM's; return what it says."""
        run = self.run(*arguments)
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout + run.stderr

    def run(self, *arguments: str, answers: str = "") -> subprocess.CompletedProcess[str]:
        programs = os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"])
        return self.forks(
            *arguments,
            cwd=self.project,
            env={
                "PATH": programs,  # uv is there; a Python of the runtime's version need not be
                "HOME": str(self.project.parent),
                "UV_CACHE_DIR": uv_cache(),
                "SAM_CLI_TELEMETRY": "0",
                "SAM_CLI_POLL_DELAY": "0.2",
            }
            | self.aws()
            | self.settings,
            answers=answers,
        )

    def aws(self) -> dict[str, str]:
        """Return the environment of a user whose AWS account is the emulator."""
        identity, secret = self.credentials
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": identity,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_DEFAULT_REGION": REGION,
        }

    def deploy(self, *arguments: str) -> None:
        # SAM names a change set by the second.
        began = int(time.time())
        until(lambda: int(time.time()), lambda now: now > began, "next second")
        self("deploy", "--no-confirm-changeset", "--no-progressbar", *arguments)

    def client(self, service: str) -> Any:
        return client(self.endpoint, service)

    def resources(self, stack: str = STACK) -> dict[str, str]:
        """Return a stack's physical ids by logical id."""
        found = self.client("cloudformation").describe_stack_resources(StackName=stack)
        return {
            one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found["StackResources"]
        }


@pytest.fixture(scope="session")
def python() -> Path:
    """Return a Python of the functions' version."""
    found = find_python(BuildTarget.of(RUNTIME, "arm64"))
    if found is None:
        pytest.skip("this machine has no Python of the functions' version")
    return found


@pytest.fixture(scope="session", autouse=True)
def _forks() -> Iterator[None]:
    with forked_sam(environment("sam")) as Sam.forks:
        yield


def forking(folder: Path) -> Path:
    """Return a folder of environments in which SAM's programs ask for forks of the started SAM."""
    programs = folder / "sam" / "bin"
    programs.mkdir(parents=True)
    asking = f"exec {sys.executable} -I -S {fork_asker.__file__} {Sam.forks.socket}"
    for name, line in {
        "sam": f'{asking} sam "$@"',
        "python": f'[ "$1" = -P ] && shift; {asking} python "$@"',
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(virtualenvs, "ENVIRONMENTS", folder)
        state = virtualenvs._state()  # noqa: SLF001 - else it would be installed there
    (programs.parent / "installed").write_text(state, encoding="utf-8")
    return folder


# What the project leaves to its user: ids of campaigns and Canvases, and an endpoint.
OWN_IDS = {
    "417220e4-5a2a-b634-7f7d-9ec891532368": "0d7b3a52-6f1e-4c88-9a3d-2b5e8f7c1a90",
    "5a8d0f2e-93b1-4c62-8a7f-1d3b6e0c9f24": "1e8c4b63-7a2f-4d99-8b4e-3c6f9a8d2ba1",
    "2f9c7b16-6d40-4e8b-a3f5-90c1e7d2b864": "2f9d5c74-8b3a-4eaa-9c5f-4d7a0b9e3cb2",
}
ENDPOINT = "BrazeEndpoint=https://rest.iad-01.braze.com"


def decide(project: Path) -> None:
    """Do what a first deployment asks for: own ids for stage dev, and the instance's endpoint."""
    for file in (project / "src" / "rules").glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        for sample, own in OWN_IDS.items():
            text = text.replace(sample, own)
        file.write_text(text, encoding="utf-8")
    config = project / "samconfig.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("=arm64", f"=arm64 {ENDPOINT}"), encoding="utf-8")


def project_in(folder: Path) -> Path:
    """Copy into a folder what a user would deploy, with the project's own rules."""
    project = folder / "project"
    project.mkdir()
    for name in ("template.yaml", "samconfig.toml", "pyproject.toml"):
        shutil.copy(PROJECT / name, project)
    shutil.copytree(PROJECT / "src", project / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.rmtree(project / "src" / "rules")
    shutil.copytree(PROJECT / "tests" / "rules", project / "src" / "rules")
    decide(project)
    return project


# In place of the project's: our code and rules as they are, without libraries.
CODE_ALONE = """\
build-IngestFunction build-DeliverFunction:
\t@cp -r handler rules "$(ARTIFACTS_DIR)"
"""
# What it takes besides for ingest to render webhooks; the same code as the copy's, with bytecode.
RENDERING = f"""\
\t@[ $@ = build-DeliverFunction ] || cp -r {Path(jmespath.__file__).parent} "$(ARTIFACTS_DIR)"
\t@[ $@ = build-DeliverFunction ] || \\
\t\tPYTHONPATH={SOURCE} {sys.executable} -m handler.rules_build "$(ARTIFACTS_DIR)/rules"
"""


def with_code_alone(project: Path, more: str = "") -> None:
    """Leave the libraries out: where no function runs, SAM packs them for nothing, in seconds."""
    for makefile in (project / "src" / "builder").glob("*/Makefile"):
        makefile.write_text(CODE_ALONE + more, encoding="utf-8")


@contextmanager
def deployable(folder: Path) -> Iterator[Sam]:
    """Give a built project, whose packages hold no library, and an account to deploy it into."""
    project = project_in(folder)
    with_code_alone(project)
    with emulator() as endpoint:
        made = Sam(project, endpoint)
        made("build")
        yield made


@pytest.fixture(scope="session")
def sam(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sam]:
    with deployable(tmp_path_factory.mktemp("user")) as made:
        yield made


def assert_compiled(package: Path) -> None:
    """What is rarely loaded has no bytecode: tests/builder shows which that is."""
    code = [*(package / "handler").rglob("*.pyc")]
    assert {file.suffixes[0] for file in code} == {".cpython-313"}
    assert {"init_phase", "models", "message"} <= {file.name.partition(".")[0] for file in code}
    assert {file.read_bytes()[4] for file in code} == {0b11}, "by the hash of the source: checked"
