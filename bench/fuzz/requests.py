"""A request as a sender makes it, and the API Gateway event that it becomes."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

HOST: Final = "hooks.example.org"


@dataclass(frozen=True, slots=True)
class Request:
    """A request on its way to `/webhooks/{source}`; names of headers are as they were sent.

    `is_flag_wrong` says that the gateway marks text as base64, or base64 as text; `without` names
    keys of the gateway's event that are left out.
    """

    source: str
    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"
    query: str = ""
    path: str = ""
    is_flag_wrong: bool = False
    without: frozenset[str] = frozenset()


def event_of(request: Request) -> dict[str, Any]:
    """Return the event (payload format 2.0): text as text, other bytes as base64."""
    try:
        text, is_base64 = request.body.decode(), False
    except UnicodeDecodeError:
        text, is_base64 = b64encode(request.body).decode("ascii"), True
    event = {
        "pathParameters": {"source": request.source},
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": dict(request.headers),
        "body": text,
        "isBase64Encoded": is_base64 != request.is_flag_wrong,
    }
    kept = {name: value for name, value in event.items() if name not in request.without}
    return {"requestContext": {"http": {"method": request.method}}, **kept}
