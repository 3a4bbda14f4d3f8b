"""Answers of the server that stands for Braze, and the requests that it has seen."""

import time
from typing import Any, Final

from tests.handler.stage import REQUEST, Braze, Reply

BAD: Final[Reply] = (400, b'{"message": "bad recipient"}')
REFUSED: Final[Reply] = (401, b'{"message": "Invalid API key"}')
LIMITED: Final[Reply] = (429, b'{"message": "Rate Limited"}')
DOWN: Final[Reply] = (503, b'{"message": "5XX Internal Server Error"}')

EDGE: Final[Reply] = (502, b"<html>bad gateway</html>")  # nobody knows what came of it


def hang() -> None:
    """Answer once nobody waits for it any more."""
    time.sleep(REQUEST + 0.3)


def recipients(braze: Braze) -> list[list[dict[str, Any]]]:
    """Return the recipients of each request; those of an audience have none."""
    return [request.get("recipients", []) for request in braze.requests]


def sizes(braze: Braze) -> list[int]:
    return [len(those) for those in recipients(braze)]


def users(braze: Braze) -> list[list[str]]:
    return [[it["external_user_id"] for it in those] for those in recipients(braze)]
