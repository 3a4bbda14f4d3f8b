"""Answers of Braze's side of the page: fragments, and words where the stack does not answer."""

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any, Final

from aiohttp import web
from botocore.exceptions import BotoCoreError, ClientError

from relay.page.braze.faults import NoSuchFault
from relay.page.braze.simulated import NoAnswer
from relay.page.braze.targets import NoSuchState
from relay.page.rendering import fragment, html

_NO_ANSWER: Final = 502
_WRONG: Final = 400
Handler = Callable[[web.Request], Awaitable[web.Response]]


class Wrong(Exception):
    """A form asks for what the page does not offer."""


def in_words(handler: Handler) -> Handler:
    """Answer with words where the stack or the simulated Braze fails, or a form is wrong."""

    @wraps(handler)
    async def answer(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except (ClientError, BotoCoreError) as error:
            return _said(request, f"the stack does not answer: {error}", _NO_ANSWER)
        except NoAnswer as error:
            return _said(request, str(error), _NO_ANSWER)
        except (NoSuchFault, NoSuchState, Wrong) as error:
            return _said(request, str(error), _WRONG)

    return answer


def _said(request: web.Request, words: str, status: int) -> web.Response:
    is_step = request.headers.get("HX-Target", "").endswith("#step")
    return html(fragment("braze/failed.html", {"words": words, "is_step": is_step}), status)


def shown(name: str, values: Mapping[str, Any]) -> web.Response:
    """Return a fragment of this part."""
    return html(fragment(f"braze/{name}.html", values))
