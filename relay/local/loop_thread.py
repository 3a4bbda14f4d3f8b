"""Event loop in a thread of its own, for servers beside a command that waits."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def in_thread(serving: AbstractAsyncContextManager[T], name: str) -> Iterator[T]:
    """Enter an asynchronous context in a loop of its own; leave it there at the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name=name, daemon=True)
    thread.start()
    try:
        given = asyncio.run_coroutine_threadsafe(serving.__aenter__(), loop).result()
        try:
            yield given
        finally:
            ending = serving.__aexit__(None, None, None)
            asyncio.run_coroutine_threadsafe(ending, loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(_ended(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _ended() -> None:
    """End what a server has left behind, such as a request whose answer takes too long."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for one in left:
        one.cancel()
    await asyncio.gather(*left, return_exceptions=True)
