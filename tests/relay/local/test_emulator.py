"""The emulator listens on this machine alone."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from relay.local.emulator import _environment, emulator

LISTENS = "0A"  # state of a socket (proc(5), /proc/net/tcp)
LOOPBACK = "0100007F"  # 127.0.0.1, the last byte first


def processes(port: str) -> Iterator[Path]:
    """Yield the processes of the emulator at a port: all inherit its environment."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"GATEWAY_PORT={port}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                yield folder


def listeners(process: Path) -> Iterator[str]:
    """Yield the address and port, in hex, of each socket on which a process listens."""
    with suppress(OSError):
        own = {one.readlink().name for one in (process / "fd").iterdir()}
        for name in ("tcp", "tcp6"):
            for line in (process / "net" / name).read_text().splitlines()[1:]:
                _, local, _, state, *_, inode = line.split()[:10]
                if state == LISTENS and f"socket:[{inode}]" in own:
                    yield local


def test_nothing_of_it_listens_beyond_the_loopback_interface() -> None:
    with emulator() as endpoint:
        port = endpoint.rpartition(":")[2]
        found = {one for process in processes(port) for one in listeners(process)}
    assert f"{LOOPBACK}:{int(port):04X}" in found
    assert {one.partition(":")[0] for one in found} == {LOOPBACK}


def test_listeners_that_keep_to_no_address_are_switched_off() -> None:
    given = _environment("http://127.0.0.1:4566", "/scratch")
    assert (given["BIND_HOST"], given["GATEWAY_PORT"]) == ("127.0.0.1", "4566")
    assert (given["IOT_MTLS_ENABLED"], given["SFTP_ENABLED"]) == ("0", "0")
