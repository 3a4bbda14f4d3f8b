"""A loop in a thread of its own ends with all that runs in it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from relay.local.loop_thread import in_thread


def test_what_a_server_has_left_behind_is_ended() -> None:
    left: list[asyncio.Task[bool]] = []

    @asynccontextmanager
    async def serving() -> AsyncIterator[int]:
        left.append(asyncio.create_task(asyncio.Event().wait()))
        yield 7

    with in_thread(serving(), "server") as given:
        assert given == 7
        assert not left[0].done()
    assert left[0].cancelled()
