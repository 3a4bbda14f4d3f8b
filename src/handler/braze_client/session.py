"""The HTTP session: one deadline for a whole request, and no answer read as another request's.

The timeouts of requests and urllib3 begin again with every `recv`, so a server that drips its
answer can hold a request open without end. Here each `recv` gets the time that is left.

http.client skips the interim answer 100 and takes every other one (102, 103) for final. The final
answer then stays on the connection, and is read as the answer to the next request: all later
answers are one request late. Here all interim answers are skipped (RFC 9110, section 15.2), and a
connection is reused only if nothing else can arrive on it.
"""

import io
import socket
import time
from http.client import HTTPException, HTTPResponse
from socket import socket as Socket  # noqa: N812 - a class, and not its module
from typing import Any, Final

from requests import Response, Session
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
)

# Proxies and gateways drop idle connections silently, and a request on a dropped one ends in a
# reset: an unknown outcome. While Lambda is frozen between invocations only the wall clock goes on.
MAX_IDLE: Final = 20  # seconds
CONNECT: Final = 3.05  # seconds for one address; just over TCP's second retransmission, after 3 s
MAX_INTERIM: Final = 65_536  # bytes of all interim answers to one request; a 103 has some hundreds
_EMPTY: Final = (b"\r\n", b"\n")  # the line that ends a head
_SHORTEST: Final = 0.001  # seconds; a timeout of 0 means not to wait, and raises another error
_HTTP_1_1: Final = 11  # as http.client writes it
_SWITCHING: Final = 101  # RFC 9110, 15.2.2: the only 1xx after which no other answer comes
# Statuses whose body http.client never reads: 101, 204 No Content, 304 Not Modified.
_WITHOUT_BODY: Final = (_SWITCHING, 204, 304)


class HeadBroken(HTTPException):
    """An answer of which only the status line can be read; `status` is its number."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def _connect(host: str, port: int, deadline: float) -> Socket:
    """Connect to the first address that answers; raise OSError where none does in time.

    urllib3 gives its whole timeout to each address: several that drop packets would exceed the
    deadline. The connected socket's timeout is the time that is left, for the TLS handshake.
    """
    last: OSError = TimeoutError("deadline")
    for family, kind, protocol, _, address in socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM
    ):
        left = deadline - time.monotonic()
        if left <= 0:
            break
        sock = Socket(family, kind, protocol)
        try:
            sock.settimeout(min(CONNECT, left))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(max(_SHORTEST, deadline - time.monotonic()))
        except OSError as error:
            sock.close()
            last = error
        else:
            return sock
    raise last


class Deadlined(io.RawIOBase):
    """A readable stream over a socket; each read gets the time that is left of the deadline."""

    def __init__(self, sock: Socket) -> None:
        # urllib3 has set the socket's timeout to what is left of `Timeout(total=...)`.
        left = sock.gettimeout()
        self._deadline = None if left is None else time.monotonic() + left
        self.ended = False
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)  # it keeps the socket open

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - a writable buffer has no type in 3.11
        """Read the bytes of the next `recv`; raise TimeoutError once the deadline has passed.

        A stream that has `ended` is at its end, whatever the socket still holds.
        """
        if self.ended:
            return 0
        if self._deadline is not None:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("deadline")
            self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Close the stream, and with it the socket if its connection is closed already."""
        self._raw.close()
        super().close()


class _Reader(io.BufferedReader):
    """The bytes of one answer; once closed, `left` is whether bytes behind it were read."""

    left = False
    line = b""  # the last line that was read

    def __init__(self, stream: Deadlined) -> None:
        super().__init__(stream)
        self._stream = stream

    def readline(self, size: int | None = -1, /) -> bytes:
        """Return the next line, and keep it."""
        self.line = super().readline(size)
        return self.line

    def close(self) -> None:
        """Note whether the buffer holds further bytes, and close."""
        if not self.closed:
            self._stream.ended = True  # bytes that are not read yet show on the socket
            self.left = bool(self.peek(1))
        super().close()


class _Socket:
    """The one method of a socket that http.client's response calls."""

    def __init__(self, sock: Socket) -> None:
        self._sock = sock

    def makefile(self, _mode: str) -> _Reader:
        return _Reader(Deadlined(self._sock))


class _Response(HTTPResponse):
    """The final answer to a request; `final` is its status once its status line was read."""

    final: int | None = None

    def __init__(self, sock: Socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(_Socket(sock), *args, **kwargs)  # type: ignore[arg-type] # only makefile is called
        self._reader: Any = self.fp

    @property
    def is_spent(self) -> bool:
        """Whether the answer was read to its end, and nothing behind it."""
        return self._reader.closed and not self._reader.left

    def begin(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        super().begin(*args, **kwargs)
        if self._reader.line not in _EMPTY:
            raise ProtocolError("the head breaks off")  # http.client takes it for a whole head
        has_two_ends = bool(self.chunked) and "content-length" in self.headers
        if self.version != _HTTP_1_1 or self.status in _WITHOUT_BODY or has_two_ends:
            self.will_close = True  # the answer's end is not known for certain

    def _read_status(self) -> tuple[str, int, str]:
        left = MAX_INTERIM
        while True:
            line: tuple[str, int, str] = super()._read_status()  # type: ignore[misc] # it is there in every version
            status = line[1]
            if status // 100 != 1 or status == _SWITCHING:
                self.final = status
                return line
            left = self._skip_head(left)

    def _skip_head(self, left: int) -> int:
        """Read an interim answer to its end; return how many bytes further ones may have."""
        while True:
            line = self.fp.readline(left + 1)
            left -= len(line)
            if left < 0:
                raise HTTPException("interim answers without an end")
            if line in (*_EMPTY, b""):
                return left


class _Fresh:
    """A connection that counts as dropped unless it is fit for another request.

    It is fit if it was not idle for too long, its last request was sent and its answer read as a
    whole, and nothing has arrived since.
    """

    _used = 0.0
    _whole = True
    _has_body = True
    _answer: _Response | None = None  # the last answer on this socket

    def _new_conn(self) -> Socket:
        conn: Any = self
        self._answer = None
        try:
            return _connect(conn.host, conn.port, time.monotonic() + conn.timeout)
        except socket.gaierror as error:
            raise NameResolutionError(conn.host, conn, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(conn, "no address answered in time") from error
        except OSError as error:
            raise NewConnectionError(conn, type(error).__name__) from error

    def request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        self._whole = False  # urllib3 reads the answer even if sending has failed
        self._has_body = kwargs.get("body") is not None
        super().request(*args, **kwargs)  # type: ignore[misc] # the other base has it
        self._whole = True

    def endheaders(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        # As late as possible before the whole request is sent: bytes that have arrived by then are
        # no answer to it.
        if not self._has_body:
            self._expect_quiet()
        super().endheaders(*args, **kwargs)  # type: ignore[misc] # the other base has it
        if self._has_body:
            self._expect_quiet()

    def _expect_quiet(self) -> None:
        # A new connection holds nothing of another request, but may hold unread session tickets of
        # TLS 1.3; one that is yet to be made holds nothing at all.
        is_reused = self._answer is not None and self.sock is not None  # type: ignore[attr-defined] # the other base has it
        if is_reused and not self._is_quiet:
            raise ConnectionError("something came before the request was sent")

    def response_class(self, *args: Any, **kwargs: Any) -> _Response:  # noqa: ANN401 - passed on
        self._answer = _Response(*args, **kwargs)
        return self._answer

    def getresponse(self) -> Any:  # noqa: ANN401 - the type is the other base's
        self._used = time.time()
        self._answer = None  # a failure from here on is not the former answer's
        try:
            return super().getresponse()  # type: ignore[misc] # the other base has it
        except (HTTPException, HTTPError, OSError, ValueError) as error:
            status = self._end_broken()
            if status is None:
                raise
            raise HeadBroken(status) from error

    def _end_broken(self) -> int | None:
        """Close an answer that cannot be read; return its status if its status line was read."""
        if self._answer is None:
            return None
        self._answer.close()
        return self._answer.final

    @property
    def is_connected(self) -> bool:
        fresh = abs(time.time() - self._used) < MAX_IDLE
        spent = self._answer is not None and self._answer.is_spent
        return fresh and self._whole and spent and self._is_quiet

    @property
    def _is_quiet(self) -> bool:
        """Whether nothing can be read now, not even the end of the connection."""
        pending = getattr(self.sock, "pending", int)  # type: ignore[attr-defined] # as above
        # Bytes that TLS has decrypted already do not show on the socket.
        return bool(super().is_connected) and not pending()  # type: ignore[misc] # as above


class _Http(_Fresh, HTTPConnection):  # type: ignore[misc] # the first base overrides the second
    pass


class _Https(_Fresh, HTTPSConnection):  # type: ignore[misc] # as _Http
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


class _Session(Session):
    def get_redirect_target(self, _response: Response) -> None:
        """Return None: requests would read a redirect's whole body, however long that takes."""


def open_session() -> Session:
    """Return a session of one connection that keeps deadlines and reads no environment."""
    session = _Session()
    # By default requests takes proxies from the environment, and Authorization from a ~/.netrc.
    session.trust_env = False
    session.headers.clear()
    adapter = _Adapter(pool_connections=1, pool_maxsize=1, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
