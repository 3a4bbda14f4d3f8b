"""The `relay` command in processes that are forked from one that has loaded its modules.

A run has its own process, with its folder, environment, input and exit code; only what Python loads
is shared, which takes most of the time of a run.
"""

import gc
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

LOADED = (
    "boto3.session",
    "botocore.handlers",
    "phonenumbers",
    "relay.dead_letters.commands",
    "relay.deploy.command",
    "relay.deploy.secrets",
    "relay.doctor.command",
    "relay.local.commands",
    "relay.operations.status",
    "relay.operations.trace",
    "relay.rules.check.command",
    "relay.rules.commands",
    "rich.markdown",
)
STREAMS = ("stdin", "stdout", "stderr")


@dataclass(frozen=True)
class Forked:
    """A process that runs the command in forks, in one folder of a project."""

    process: subprocess.Popen[str]
    folder: Path  # of the streams of the run

    def __call__(
        self, *arguments: str, env: Mapping[str, str], answers: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run the command in this environment alone, with these lines as its standard input."""
        files = {name: self.folder / name for name in STREAMS}
        files["stdin"].write_text(answers, encoding="utf-8")
        streams = [str(file) for file in files.values()]
        code = int(self._ask({"arguments": arguments, "env": dict(env), "streams": streams}))
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
    with (
        TemporaryDirectory() as folder,
        subprocess.Popen(
            [sys.executable, "-P", __file__],  # the tests' folders are no packages of the command
            cwd=project,
            env={"PYTHONPATH": f"{project}:{project / 'src'}", **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        yield Forked(process, Path(folder))


def main() -> None:
    """Fork for each run that standard input asks for; say its exit code."""
    for name in LOADED:
        import_module(name)
    gc.freeze()  # or every fork would copy the pages of all modules
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _run(**json.loads(line))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _run(arguments: list[str], env: dict[str, str], streams: list[str]) -> None:
    """Be the command: with new streams on all three descriptors, which its children inherit."""
    from relay.cli import main as relay  # noqa: PLC0415 - of the project whose command this is

    sys.argv = ["relay", *arguments]
    os.environ.clear()
    os.environ.update(env)
    for descriptor, mode in enumerate("rww"):
        with Path(streams[descriptor]).open(mode, encoding="utf-8") as file:
            os.dup2(file.fileno(), descriptor)
        opened = open(descriptor, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - to the end
        setattr(sys, STREAMS[descriptor], opened)
    code = 0
    try:
        relay()
    except SystemExit as end:
        code = int(end.code or 0)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)  # to take all modules down costs more than most runs


if __name__ == "__main__":
    main()
