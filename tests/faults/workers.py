"""The emulator's deliver workers as the operating system sees them: found, named and killed.

A worker is a child of the emulator under Amazon's runtime client. When it is killed, the emulator
fails that invocation, leaves its messages to their visibility timeout, waits a moment, and starts
another worker with the next batch; so does Lambda.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
_HANDLER: Final = b"handler.deliver.lambda_handler"
_READS: Final = 3
_LOCAL, _REMOTE, _INODE = 1, 2, 9  # columns of /proc/net/tcp (proc(5))


def deliver_workers() -> list[int]:
    """Return the ids of the deliver workers that descend from us: of nobody else's stack."""
    return [pid for pid in _descendants(os.getpid()) if _HANDLER in _command(pid)]


@contextmanager
def last_moment(pid: int, to_port: int) -> Iterator[set[int]]:
    """Stop a worker, and kill it at the end; give the ports from which it is connected.

    Within the block it sends nothing and learns of no answer, but it still has its messages.
    `to_port` is where its connections go.
    """
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    try:
        # The kernel's table changes while it is read, and a row may be missed; these do not change.
        yield set().union(*(ports(pid, to_port) for _ in range(_READS)))
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def ports(pid: int, to_port: int) -> set[int]:
    """Return the local ports of a worker's TCP connections to a port; none where it has ended."""
    try:
        inodes = {_inode(link) for link in (PROC / str(pid) / "fd").iterdir()}
        lines = (PROC / str(pid) / "net" / "tcp").read_text().splitlines()[1:]
    except OSError:
        return set()
    rows = [line.split() for line in lines]
    return {
        _port(row[_LOCAL])
        for row in rows
        if row[_INODE] in inodes and _port(row[_REMOTE]) == to_port
    }


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)


def _inode(link: Path) -> str:
    with suppress(OSError):
        target = str(link.readlink())
        if target.startswith("socket:["):
            return target.removeprefix("socket:[").removesuffix("]")
    return ""


def _descendants(root: int) -> Iterator[int]:
    parents = dict(_all())
    for pid in parents:
        above: int | None = pid
        while above is not None and above != root:
            above = parents.get(above)
        if above == root and pid != root:
            yield pid


def _all() -> Iterator[tuple[int, int]]:
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                # The name in the second column may hold blanks and brackets (proc(5)).
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                yield int(folder.name), int(fields[1])


def _command(pid: int) -> bytes:
    with suppress(OSError):
        return (PROC / str(pid) / "cmdline").read_bytes()
    return b""
