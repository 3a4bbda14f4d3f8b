"""The commands of `relay` and SAM in processes that are forked from one that has their modules.

A run has its own process, with its folder, environment, input and exit code; only what Python loads
is shared, which takes most of the time of a run. A program asks for one over a Unix socket, and
sends its own streams along:

    python forked.py SOCKET sam build ...         SAM's own program
    python forked.py SOCKET python SCRIPT ...     a script, in SAM's environment
"""

import gc
import json
import os
import runpy
import select
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
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
SCRIPT = "python"
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
            run = {"command": [self.command, *arguments], "env": dict(env), "cwd": str(cwd or "")}
            code = ask(self.socket, run, streams)
        said = [files[name].read_text(encoding="utf-8") for name in ("stdout", "stderr")]
        return subprocess.CompletedProcess(arguments, code, *said)


def ask(address: Path, run: Mapping[str, object], streams: Sequence[int]) -> int:
    """Have a command run in a fork, on these streams; return its exit code."""
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(str(address))
        socket.send_fds(asking, [json.dumps(run).encode()], streams)
        asking.shutdown(socket.SHUT_WR)
        return int(_read(asking))


def _read(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65_536), b""))


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
    with TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        made = Forked(command, Path(folder))
        listener.bind(str(made.socket))
        listener.listen()
        number = listener.fileno()
        with subprocess.Popen(
            # -P: the tests' folders are no packages of the command.
            [python, "-P", __file__, "--serve", command, str(number)],
            cwd=cwd,
            env=env,
            stdin=subprocess.PIPE,  # it ends with it
            pass_fds=[number],
        ):
            yield made


def read_yaml_by_libyaml() -> None:
    """Replace what reads and writes YAML: SAM reads the template seven times for one deployment."""
    yaml = import_module("yaml")
    for name in ("SafeLoader", "SafeDumper"):
        setattr(yaml, name, getattr(yaml, f"C{name}", getattr(yaml, name)))


def serve(command: str, listener: socket.socket) -> None:
    """Fork for each run that is asked for, until standard input ends."""
    if command == "sam":
        read_yaml_by_libyaml()
    module, function, later = COMMANDS[command]
    run = getattr(import_module(module), function)
    for name in later:
        import_module(name)
    gc.freeze()  # or every fork would copy the pages of all modules
    while sys.stdin not in select.select([sys.stdin, listener], [], [])[0]:
        connection, _ = listener.accept()
        with connection:
            text, streams, _, _ = socket.recv_fds(connection, 65_536, len(STREAMS))
            given = json.loads(text + _read(connection))
            child = os.fork()
            if not child:
                _run(run, given, streams)
            for descriptor in streams:
                os.close(descriptor)
            _, status = os.waitpid(child, 0)
            connection.sendall(f"{os.waitstatus_to_exitcode(status)}".encode())


def _run(run: Callable[[], object], given: dict[str, Any], streams: Sequence[int]) -> None:
    """Be the command: with new streams on all three descriptors, which its children inherit."""
    command, *arguments = given["command"]
    os.environ.clear()
    os.environ.update(given["env"])
    if given["cwd"]:
        os.chdir(given["cwd"])
    for descriptor, mode in enumerate("rww"):
        os.dup2(streams[descriptor], descriptor)
        os.close(streams[descriptor])
        opened = open(descriptor, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - to the end
        setattr(sys, STREAMS[descriptor], opened)
    code = 0
    try:
        if command == SCRIPT:
            sys.argv = arguments
            runpy.run_path(arguments[0], run_name="__main__")
        else:
            sys.argv = [command, *arguments]
            run()
    except SystemExit as end:
        code = int(end.code or 0)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)  # to take all modules down costs more than most runs


def main() -> None:
    """Serve a command in forks, or ask for a run of it."""
    first, *rest = sys.argv[1:]
    if first == "--serve":
        command, descriptor = rest
        os.set_inheritable(int(descriptor), False)  # noqa: FBT003 - it has no name
        serve(command, socket.socket(fileno=int(descriptor)))
    else:
        run = {"command": rest, "env": dict(os.environ), "cwd": str(Path.cwd())}
        sys.exit(ask(Path(first), run, [0, 1, 2]) & 0xFF)


if __name__ == "__main__":
    main()
