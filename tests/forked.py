"""The commands of `relay` and SAM in processes that are forked from one that has their modules.

A run has its own process, with its folder, environment, input and exit code; only what Python loads
is shared, which takes most of the time of a run.
"""

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

LOADED = (
    "boto3.session",
    "botocore.handlers",
    "phonenumbers",
    "relay.dead_letters.commands",
    "relay.deploy.command",
    "relay.deploy.secrets",
    "relay.doctor.command",
    "relay.run.commands",
    "relay.operations.status",
    "relay.operations.trace",
    "relay.rules.check.command",
    "relay.rules.commands",
    "rich.markdown",
)
LOADED_OF_SAM = (
    "samcli.commands.build.build_context",
    "samcli.commands.build.command",
    "samcli.commands.delete.command",
    "samcli.commands.delete.delete_context",
    "samcli.commands.deploy.command",
    "samcli.commands.deploy.deploy_context",
    "samcli.commands.deploy.guided_context",
    "samcli.commands.package.command",
    "samcli.commands.package.package_context",
)
# The module and function that each command is, and what it loads later.
COMMANDS = {
    "relay": ("relay.cli", "main", LOADED),
    "sam": ("samcli.cli.main", "cli", LOADED_OF_SAM),
}
STREAMS = ("stdin", "stdout", "stderr")


@dataclass(frozen=True)
class Forked:
    """A process that runs the command in forks: where it was started, or in another folder."""

    process: subprocess.Popen[str]
    folder: Path  # of the streams of the run

    def __call__(
        self, *arguments: str, env: Mapping[str, str], answers: str = "", cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the command in this environment alone, with these lines as its standard input."""
        files = {name: self.folder / name for name in STREAMS}
        files["stdin"].write_text(answers, encoding="utf-8")
        streams = [str(file) for file in files.values()]
        run = {"arguments": arguments, "env": dict(env), "streams": streams, "cwd": str(cwd or "")}
        code = int(self._ask(run))
        said = [files[name].read_text(encoding="utf-8") for name in ("stdout", "stderr")]
        return subprocess.CompletedProcess(arguments, code, *said)

    def _ask(self, run: Mapping[str, object]) -> str:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{json.dumps(run)}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()


@contextmanager
def forked(project: Path, env: Mapping[str, str]) -> Iterator[Forked]:
    """Load the command of a project, in its folder and with an environment of its own."""
    path = {"PYTHONPATH": f"{project}:{project / 'src'}"}
    with _forking("relay", sys.executable, project, path | dict(env)) as made:
        yield made


@contextmanager
def forked_sam(programs: Path) -> Iterator[Forked]:
    """Load SAM from its environment's folder of programs; each run names its own folder."""
    with _forking("sam", programs / "python", programs, {"PATH": os.defpath}) as made:
        yield made


@contextmanager
def _forking(
    command: str, python: str | Path, cwd: Path, env: Mapping[str, str]
) -> Iterator[Forked]:
    with (
        TemporaryDirectory() as folder,
        subprocess.Popen(
            [python, "-P", __file__, command],  # the tests' folders are no packages of the command
            cwd=cwd,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        yield Forked(process, Path(folder))


def main() -> None:
    """Fork for each run that standard input asks for; say its exit code."""
    command = sys.argv[1]
    module, function, later = COMMANDS[command]
    run = getattr(import_module(module), function)
    for name in later:
        import_module(name)
    gc.freeze()  # or every fork would copy the pages of all modules
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _run(command, run, json.loads(line))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _run(command: str, run: Callable[[], object], given: dict[str, Any]) -> None:
    """Be the command: with new streams on all three descriptors, which its children inherit."""
    sys.argv = [command, *given["arguments"]]
    os.environ.clear()
    os.environ.update(given["env"])
    if given["cwd"]:
        os.chdir(given["cwd"])
    for descriptor, mode in enumerate("rww"):
        with Path(given["streams"][descriptor]).open(mode, encoding="utf-8") as file:
            os.dup2(file.fileno(), descriptor)
        opened = open(descriptor, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - to the end
        setattr(sys, STREAMS[descriptor], opened)
    code = 0
    try:
        run()
    except SystemExit as end:
        code = int(end.code or 0)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)  # to take all modules down costs more than most runs


if __name__ == "__main__":
    main()
