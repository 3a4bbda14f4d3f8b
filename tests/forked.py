"""The commands of `relay` and SAM, and Lambda environments, in processes that are forked from one
that has their modules: `fork_server.py`, which tests and `fork_asker.py` ask for runs.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import fork_asker, fork_server

STREAMS = ("stdin", "stdout", "stderr")


@dataclass(frozen=True)
class Forked:
    """A process that runs the command in forks: where it was started, or in another folder."""

    command: str
    folder: Path  # of its socket, and of the streams of the run

    @property
    def socket(self) -> Path:
        return self.folder / "socket"

    def __call__(
        self, *arguments: str, env: Mapping[str, str], answers: str = "", cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the command in this environment alone, with these lines as its standard input."""
        files = {name: self.folder / name for name in STREAMS}
        files["stdin"].write_text(answers, encoding="utf-8")
        with ExitStack() as closing:
            modes = zip(files.values(), "rww", strict=True)
            streams = [closing.enter_context(file.open(mode)).fileno() for file, mode in modes]
            inside, out, err = streams
            command = [self.command, *arguments]
            code = fork_asker.ask(
                str(self.socket), command, dict(env), str(cwd or ""), (inside, out, err)
            )
        said = [files[name].read_text(encoding="utf-8") for name in ("stdout", "stderr")]
        return subprocess.CompletedProcess(arguments, code, *said)


@contextmanager
def forked(project: Path, env: Mapping[str, str]) -> Iterator[Forked]:
    """Load the command of a project, in its folder and with an environment of its own."""
    path = {"PYTHONPATH": f"{project}:{project / 'src'}"}
    with forking("relay", sys.executable, project, path | dict(env)) as made:
        yield made


@contextmanager
def forked_sam(programs: Path) -> Iterator[Forked]:
    """Load SAM from its environment's folder of programs; each run names its own folder."""
    with forking("sam", programs / "python", programs, {"PATH": os.defpath}) as made:
        yield made


@contextmanager
def forking(
    command: str, python: str | Path, cwd: Path, env: Mapping[str, str]
) -> Iterator[Forked]:
    """Load a command by a Python, in a folder and an environment."""
    with (
        TemporaryDirectory() as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener,
    ):
        made = Forked(command, Path(folder))
        listener.bind(str(made.socket))
        listener.listen()
        number = listener.fileno()
        with subprocess.Popen(
            # -P: the tests' folders are no packages of the command.
            [python, "-P", fork_server.__file__, command, str(number)],
            cwd=cwd,
            env=env,
            stdin=subprocess.PIPE,  # it ends with it
            pass_fds=[number],
        ):
            yield made
