"""Control API of the simulated Braze, as the page asks it."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import aiohttp
from yarl import URL

from relay.page.context import PageContext

_PATIENCE: Final = aiohttp.ClientTimeout(total=10)  # seconds
_REFUSED: Final = 400
Query = Mapping[str, str]


class NoAnswer(Exception):
    """The simulated Braze does not answer, or refuses what the page asks."""


async def control(
    context: PageContext, method: str, path: str, body: object = None, **query: str
) -> Any:
    """Return the answer of the control API to a request under /_sim; raise NoAnswer.

    `path` is quoted already where it needs to be.
    """
    if not context.is_simulated:
        raise NoAnswer("this Braze is not simulated: nothing here can be asked of it")
    url = URL(f"{context.local.braze_url}/_sim{path}", encoded=True).update_query(query)
    try:
        async with (
            aiohttp.ClientSession(timeout=_PATIENCE) as session,
            session.request(method, url, json=body) as answer,
        ):
            found = await answer.json()
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise NoAnswer(f"the simulated Braze does not answer: {error}") from None
    if answer.status >= _REFUSED:
        raise NoAnswer(f"the simulated Braze refuses this: {found.get('error')}")
    return found


def in_path(name: str) -> str:
    """Return an id of a profile or target as a part of a path."""
    return quote(name, safe="")
