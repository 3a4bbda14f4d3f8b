"""Reads a request to the simulated Braze as Braze would, and words its refusals."""

from typing import Final

from aiohttp import web
from pydantic_core import from_json

from relay.braze.profiles import Json

_SYNTAX: Final = "Error while parsing request body. Please check your syntax."


class Refused(Exception):
    """Braze refuses the request: the status, the text and its key in the body of the answer."""

    def __init__(self, status: int, text: str, key: str = "message") -> None:
        super().__init__(text)
        self.status = status
        self.body = {key: text}


async def read(request: web.Request) -> bytes | None:
    """Return the body of a request; None for one that is too large."""
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        return None


def parsed(raw: bytes) -> Json:
    """Return the JSON object that a body holds; raise Refused."""
    try:
        body = from_json(raw, allow_inf_nan=False)
    except ValueError:
        raise Refused(400, _SYNTAX, "error") from None
    if not isinstance(body, dict):
        raise Refused(400, _SYNTAX, "error")
    return body


def shown(raw: bytes | None) -> object:
    """Return a body as the record of its request shows it: JSON, or else its text."""
    try:
        return from_json(raw or b"null", allow_inf_nan=False)
    except ValueError:
        return (raw or b"").decode(errors="replace")
