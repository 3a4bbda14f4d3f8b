"""Feed of the webhooks that a local stack answers: a socket that only its user can open.

Nothing is kept: a webhook goes to those who listen when it comes. The feed has no port, so that a
tunnel to the stack shows no webhook to anybody.
"""

import asyncio
import base64
import json
import os
import socket
import stat
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_MOST_WAITING: Final = 32 * 1024 * 1024  # bytes for a listener that does not read


@dataclass(frozen=True, slots=True)
class Answered:
    """A webhook as it came, and the status and text of its answer; headers in lower case.

    `query` is the raw query string without `?`: it may hold the secret that proves the sender.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    status: int
    answer: str
    query: str = field(default="", repr=False)

    def line(self) -> bytes:
        """Return it as a line of the feed."""
        document = {
            "method": self.method,
            "path": self.path,
            "headers": dict(self.headers),
            "body": base64.b64encode(self.body).decode(),
            "status": self.status,
            "answer": self.answer,
            "query": self.query,
        }
        return json.dumps(document).encode() + b"\n"

    @classmethod
    def of(cls, line: bytes) -> "Answered":
        """Return the webhook of a line."""
        document = json.loads(line)
        return cls(**{**document, "body": base64.b64decode(document["body"])})


@dataclass(slots=True)
class Feed:
    """The listeners of a stack; used in the loop that serves it."""

    _listeners: set[asyncio.StreamWriter] = field(default_factory=set)

    def publish(self, webhook: Answered) -> None:
        """Give a webhook to all who listen."""
        line = webhook.line() if self._listeners else b""
        for one in list(self._listeners):
            if one.transport.get_write_buffer_size() > _MOST_WAITING:
                one.close()
            else:
                one.write(line)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a listener until it goes."""
        self._listeners.add(writer)
        writer.write(b"\n")  # from here on nothing is missed
        try:
            await reader.read()
        finally:
            self._listeners.discard(writer)
            writer.close()

    def end(self) -> None:
        """Let all listeners go."""
        for one in list(self._listeners):
            one.close()


@asynccontextmanager
async def feed_at(port: int) -> AsyncIterator[Feed]:
    """Serve the feed of the stack on a port; where there can be no socket, nobody listens."""
    feed, server = Feed(), None
    with suppress(OSError):
        place = feed_place(port)
        place.parent.mkdir(mode=0o700, exist_ok=True)
        if _is_private(place.parent):
            server = await asyncio.start_unix_server(feed.serve, place)
    try:
        yield feed
    finally:
        if server:
            feed.end()
            server.close()
            place.unlink(missing_ok=True)
            with suppress(OSError):  # another stack has its socket there
                place.parent.rmdir()


def feed_place(port: int) -> Path:
    """Return the path of the socket of the stack on a port."""
    return Path(tempfile.gettempdir()) / f".relay-feeds-{os.getuid()}" / f"{port}.sock"


def webhooks(port: int) -> Iterator[Answered | None]:
    """Yield None once they are listened for, then the webhooks that the stack on a port answers.

    It ends with the stack. Raise OSError where there is no feed.
    """
    place = feed_place(port)
    if not _is_private(place.parent):
        raise PermissionError(f"{place.parent} is not yours alone")
    with socket.socket(socket.AF_UNIX) as opened:
        opened.connect(str(place))
        with opened.makefile("rb") as lines:
            for line in lines:
                yield Answered.of(line) if line.strip() else None


def _is_private(folder: Path) -> bool:
    """Return whether a folder is this user's, and nobody else may enter it."""
    found = folder.lstat()
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.getuid()
        and not stat.S_IMODE(found.st_mode) & 0o077
    )
