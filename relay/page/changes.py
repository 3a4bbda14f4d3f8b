"""Stream of changes: tells the pages that are open what to fetch again (server-sent events).

An event names a kind of thing, no thing itself. Kinds that change while a page is told of others
are told together.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

PATH: Final = "/changes"
_PAUSE_SECONDS: Final = 0.1  # between two events of one stream
_ALIVE_SECONDS: Final = 15.0  # a page that has gone is noticed by writing to it


@dataclass(eq=False, slots=True)
class _Listener:
    kinds: set[str] = field(default_factory=set)
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    async def next(self) -> list[str]:
        """Return what has changed since the last call; nothing after some seconds without."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.woken.wait(), _ALIVE_SECONDS)
        kinds = sorted(self.kinds)
        self.kinds.clear()
        self.woken.clear()
        return kinds


@dataclass(slots=True)
class Changes:
    """The open pages; used in the loop that serves them."""

    _listeners: set[_Listener] = field(default_factory=set)
    _opened: asyncio.Event = field(default_factory=asyncio.Event)
    _has_ended: bool = False

    async def until_watched(self) -> None:
        """Return as soon as a page is open: what nobody sees need not be looked up."""
        await self._opened.wait()

    def publish(self, *kinds: str) -> None:
        """Say that things of these kinds have changed."""
        for one in self._listeners:
            one.kinds.update(kinds)
            one.woken.set()

    @property
    def has_ended(self) -> bool:
        """Whether the page is served no more."""
        return self._has_ended

    def end(self) -> None:
        """End all streams."""
        self._has_ended = True
        self.publish()

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Serve the stream to one page until it goes."""
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        with self._listening() as own, suppress(ConnectionResetError):
            await answer.prepare(request)
            while not self._has_ended:
                kinds = await own.next()
                lines = "".join(f"event: {one}\ndata:\n\n" for one in kinds)
                await answer.write((lines or ":\n\n").encode())
                await asyncio.sleep(_PAUSE_SECONDS)
        return answer

    @contextmanager
    def _listening(self) -> Iterator[_Listener]:
        own = _Listener()
        self._listeners.add(own)
        self._opened.set()
        try:
            yield own
        finally:
            self._listeners.discard(own)
            if not self._listeners:
                self._opened.clear()
