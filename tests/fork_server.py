"""Program that loads what a command needs, and forks for each run of it.

    python fork_server.py COMMAND DESCRIPTOR

A run has its own process, with its folder, environment, input and exit code; only what Python loads
is shared, which takes most of the time of a run. It is asked for over a Unix socket.
"""

import gc
import marshal
import os
import runpy
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path

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
# Not Amazon's client: it reads where to ask as soon as it is loaded.
LOADED_OF_WORKERS = (
    "aws_lambda_powertools.logging",
    "aws_lambda_powertools.metrics",
    "dateutil.parser",
    "requests",
)
# The services that runs of a command call.
SERVICES = {
    "relay": ("cloudformation", "cloudwatch", "dynamodb", "lambda", "secretsmanager", "sqs"),
    "sam": ("cloudformation", "s3", "sts"),
    "worker": ("dynamodb", "secretsmanager", "sqs"),
}
LOADED_OF_BRAZE = ("aiohttp.web", "typer.main")
# Not the emulator itself: it reads its port as soon as it is loaded.
LOADED_OF_EMULATORS = ("botocore.handlers", "boto3.session", "hypercorn.asyncio", "jsonata")
# The module and function that each command is, and what it loads later.
COMMANDS = {
    "relay": ("relay.cli", "main", LOADED),
    "sam": ("samcli.cli.main", "cli", LOADED_OF_SAM),
    "braze": ("relay.simulated_braze.app", "create_app", LOADED_OF_BRAZE),
    "emulator": ("samtranslator.translator.transform", "transform", LOADED_OF_EMULATORS),
    "worker": ("boto3", "client", LOADED_OF_WORKERS),
}
SCRIPT, MODULE, CODE = "python", "-m", "-c"
STREAMS = ("stdin", "stdout", "stderr")
KILLED = 137  # the exit code, as a shell would say it
LARGEST = 1_000_000  # of what is asked


def read_yaml_by_libyaml() -> None:
    """Replace what reads and writes YAML: SAM reads the template seven times for one deployment."""
    yaml = import_module("yaml")
    for name in ("SafeLoader", "SafeDumper"):
        setattr(yaml, name, getattr(yaml, f"C{name}", getattr(yaml, name)))


def check_policies_once() -> None:
    """Check the same file of samtranslator's by its schema once, and not in each transform."""
    module = import_module("samtranslator.policy_template_processor.processor")
    processor = module.PolicyTemplatesProcessor
    known = processor.get_default_policy_templates_json()
    check = processor._is_valid_templates_dict  # noqa: SLF001 - it has no other name
    check(known)
    processor._is_valid_templates_dict = staticmethod(  # noqa: SLF001 - as above
        lambda given, schema=None: given == known or check(given, schema)
    )


def read_services(names: Sequence[str]) -> None:
    """Read what boto3 knows of services, and which there are."""
    loaders = import_module("botocore.loaders")
    read, listed = loaders.JSONFileLoader, cache(loaders.Loader().list_available_services)
    read.load_file = staticmethod(cache(read().load_file))
    loaders.Loader.list_available_services = lambda _, type_name: listed(type_name)
    session = import_module("boto3").Session("-", "-", region_name="us-east-1")
    for name in names:
        session.client(name)


def leave_libraries() -> None:
    """Let workers have the libraries of their packages, and write no bytecode, as in Lambda."""
    sys.dont_write_bytecode = True
    sys.path.remove(os.environ["PYTHONPATH"])


def load(command: str) -> Callable[[], object]:
    """Load what a command needs; return it."""
    if command == "sam":
        read_yaml_by_libyaml()
    module, function, later = COMMANDS[command]
    run: Callable[[], object] = getattr(import_module(module), function)
    for name in later:
        import_module(name)
    if command in ("sam", "emulator"):
        check_policies_once()
    if names := SERVICES.get(command):
        read_services(names)
    if command == "worker":
        leave_libraries()
    gc.freeze()  # or every fork would copy the pages of all modules
    return run


def serve(command: str, listener: socket.socket) -> None:
    """Fork for each run that is asked for, until standard input ends."""
    run = load(command)
    signal.signal(signal.SIGCHLD, _reap)
    while sys.stdin not in select.select([sys.stdin, listener], [], [])[0]:
        connection, _ = listener.accept()
        with connection:
            asked, streams, _, _ = socket.recv_fds(connection, LARGEST, len(STREAMS))
            if not os.fork():
                os.setsid()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                listener.close()
                _run(run, marshal.loads(asked), streams, connection)  # noqa: S302 - of our own
            for descriptor in streams:
                os.close(descriptor)


def _reap(*_: object) -> None:
    """Take note of all runs that have ended, so that their time is counted as the tests'."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _end_with(asker: socket.socket) -> None:
    """End a run, with all that it has started, where its asker ends."""
    asker.recv(1)  # it sends nothing more
    os.killpg(0, signal.SIGKILL)


def _run(
    run: Callable[[], object],
    asked: tuple[list[str], dict[str, str], str],
    streams: Sequence[int],
    asker: socket.socket,
) -> None:
    """Be the command: with new streams on all three descriptors, which its children inherit."""
    (command, *arguments), env, cwd = asked
    os.environ.clear()
    os.environ.update(env)
    if cwd:
        os.chdir(cwd)
    for descriptor, mode in enumerate("rww"):
        os.dup2(streams[descriptor], descriptor)
        os.close(streams[descriptor])
        opened = open(descriptor, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - to the end
        setattr(sys, STREAMS[descriptor], opened)
    threading.Thread(target=_end_with, args=(asker,), daemon=True).start()
    code = 0
    try:
        if command == SCRIPT:
            sys.argv = arguments
            runpy.run_path(arguments[0], run_name="__main__")
        elif command == CODE:
            sys.argv = [CODE, *arguments[1:]]
            exec(arguments[0], {"__name__": "__main__"})  # noqa: S102 - what Python's own -c does
        elif command == MODULE:
            sys.argv = arguments
            sys.path.insert(0, str(Path.cwd()))
            runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
        else:
            sys.argv = [command, *arguments]
            run()
    except SystemExit as end:
        code = int(end.code or 0)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    asker.sendall(f"{code}".encode())
    os._exit(code)  # to take all modules down costs more than most runs


if __name__ == "__main__":
    name, descriptor = sys.argv[1:]
    os.set_inheritable(int(descriptor), False)  # noqa: FBT003 - it has no name
    serve(name, socket.socket(fileno=int(descriptor)))
