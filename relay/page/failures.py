"""Failures of the page that nobody has foreseen: said in a line, and the page goes on.

A traceback could hold what a webhook brought, or a secret: the line has the error's kind and place.
"""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import typer
from aiohttp import web
from aiohttp.typedefs import Handler

from relay.page.rendering import html
from relay.paths import PROJECT

_FAILED: Final = 500
_PAUSE_SECONDS: Final = 1.0  # before what has failed begins again
# aiohttp writes tracebacks of requests that are no HTTP; it answers them 400 all the same.
SILENT: Final = logging.getLogger("relay.page.http")
SILENT.disabled = True


@web.middleware
async def in_a_line(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 500 with a sentence where an answer cannot be made."""
    try:
        return await handler(request)
    except (web.HTTPException, ConnectionError):
        raise
    except Exception as error:  # noqa: BLE001 - what it is, is said; other requests are answered
        said = _words(error)
        _say(request.path, said)
        return html(f'<p class="bad" role="alert">The page has failed: {said}.</p>', _FAILED)


async def kept_up(follow: Callable[[], Awaitable[None]]) -> None:
    """Follow for as long as the page is up: what fails begins again after a pause.

    What fails in the same way each time is said once.
    """
    said: set[str] = set()
    while True:
        try:
            await follow()
        except Exception as error:  # noqa: BLE001 - what it is, is said; the page stays up to date
            if (words := _words(error)) not in said:
                said.add(words)
                _say("what it follows", words)
        await asyncio.sleep(_PAUSE_SECONDS)


def _say(what: str, words: str) -> None:
    """Write a line on standard error."""
    typer.echo(f"page: {what[:80]!a}: {words}", err=True)


def _words(error: Exception) -> str:
    """Return what failed, without any value."""
    return f"{type(error).__name__} at {_place(error)}"


def _place(error: Exception) -> str:
    """Return the line of our own code that an error comes from."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [one for one in frames if Path(one.filename).is_relative_to(PROJECT / "relay")]
    return f"{Path(own[-1].filename).relative_to(PROJECT)}:{own[-1].lineno}" if own else "?"
