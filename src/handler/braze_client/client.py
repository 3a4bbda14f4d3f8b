"""The HTTP client: one POST or GET to Braze, and how far it got. Only the queue retries."""

import io
import time
from collections.abc import Iterator
from typing import Final

from requests import RequestException, Response, Session
from urllib3 import Timeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

from handler.braze_client.session import HeadBroken
from handler.core.braze.outcome import HttpResponse

MAX_ANSWER: Final = 65_536  # bytes; Braze's answers have some hundreds
# Details of a campaign have the HTML of each of its variants, of 100 KB and more each.
MAX_DETAILS: Final = 4 * 1_048_576
USER_AGENT: Final = "braze-webhook-relay"
_CHUNK: Final = 8_192
# From special to general: ConnectTimeoutError is a base of NewConnectionError in urllib3 2.
_WORDS: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (NameResolutionError, "dns"),
    (NewConnectionError, "refused"),
    (ConnectTimeoutError, "connect_timeout"),
    (SSLError, "tls"),
    (ReadTimeoutError, "timeout"),
    (TimeoutError, "timeout"),
    (ProtocolError, "broken"),
)


class _Body(io.BytesIO):
    """A request body that records whether any of it was read (`asked`), and stops at the deadline.

    The body follows the headers, so a body that was never read was never sent: a refused or dropped
    connection or a failed TLS handshake reads none. This holds whatever exception is raised.
    """

    def __init__(self, content: bytes, deadline: float) -> None:
        super().__init__(content)
        self.asked = False
        self._deadline = deadline

    def read(self, size: int | None = -1, /) -> bytes:
        if time.monotonic() > self._deadline:
            raise TimeoutError("deadline")
        self.asked = True
        return super().read(size)


def post(session: Session, url: str, body: bytes, key: str, seconds: float) -> HttpResponse:
    """POST JSON to Braze within `seconds` in all, and return how far it got; never raise.

    `session` is one of `open_session`. `key` is the REST API key (Braze, "API overview":
    `Authorization: Bearer`); it has been checked to be a legal header value.
    """
    if seconds <= 0:
        return HttpResponse("not_connected", why="no_time")
    content = _Body(body, time.monotonic() + seconds)
    try:
        response = session.post(
            url,
            data=content,
            headers={**_headers(key), "Content-Type": "application/json"},
            timeout=Timeout(total=seconds, connect=seconds),  # type: ignore[arg-type] # requests passes urllib3's own through
            allow_redirects=False,
            stream=True,
        )
    except (RequestException, HTTPError, OSError, ValueError) as error:
        return _broken(error) if content.asked else HttpResponse("not_connected", why=_why(error))
    with response:
        return _answer(response)


def get(session: Session, url: str, key: str, seconds: float) -> HttpResponse:
    """GET JSON of Braze within `seconds` in all, as `post` does; never raise.

    Nothing depends on how far a failed one got: it is `interrupted`.
    """
    if seconds <= 0:
        return HttpResponse("not_connected", why="no_time")
    try:
        response = session.get(
            url,
            headers=_headers(key),
            timeout=Timeout(total=seconds, connect=seconds),  # type: ignore[arg-type] # as above
            allow_redirects=False,
            stream=True,
        )
    except (RequestException, HTTPError, OSError, ValueError) as error:
        return _broken(error)
    with response:
        return _answer(response, MAX_DETAILS)


def _headers(key: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {key}",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": USER_AGENT,
    }


def _answer(response: Response, most: int = MAX_ANSWER) -> HttpResponse:
    """Return the response with its body as far as it can be read: its status is known already."""
    body = bytearray()
    cut, why = False, ""
    try:
        for chunk in _chunks(response, most):
            body += chunk
    except (HTTPError, OSError, ValueError) as error:
        cut, why = True, _why(error)
    headers = {name.lower(): value for name, value in response.headers.items()}
    return HttpResponse(
        "answered",
        response.status_code,
        headers,
        bytes(body[:most]),
        cut=cut or len(body) > most,
        why=why,
    )


def _chunks(response: Response, most: int) -> Iterator[bytes]:
    size = 0
    while size <= most:
        chunk = response.raw.read1(_CHUNK, decode_content=True)
        if not chunk:
            return
        size += len(chunk)
        yield chunk


def _broken(error: BaseException) -> HttpResponse:
    """Return the response to a request that failed midway; its status line may have arrived."""
    head = next((each for each in _causes(error) if isinstance(each, HeadBroken)), None)
    if head is None:
        return HttpResponse("interrupted", why=_why(error))
    return HttpResponse("interrupted", head.status, why=_why(head.__cause__ or head))


def _why(error: BaseException) -> str:
    """Return the word for a failure: that of the exception, or of its first cause with one."""
    words = (word for each in _causes(error) for kind, word in _WORDS if isinstance(each, kind))
    return next(words, type(error).__name__)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and its causes, from the outermost to the innermost."""
    seen: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in seen:
        yield found
        seen.append(found)
        found = _inner(found)


def _inner(error: BaseException) -> BaseException | None:
    # requests wraps urllib3's error as its argument, and urllib3 keeps the cause as `reason`.
    candidates = (getattr(error, "reason", None), *error.args, error.__cause__, error.__context__)
    return next((item for item in candidates if isinstance(item, BaseException)), None)
