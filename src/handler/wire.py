"""An HTTP session in which one deadline holds for a whole request.

The timeouts of requests and urllib3 begin again with every `recv`, so that a server that drips
its answer holds a request open for as long as it likes. Here each `recv` gets what is left.
"""

import io
import socket
import time
from http.client import HTTPResponse
from socket import socket as Socket  # noqa: N812 - a class, and not its module
from typing import Any, Final

from requests import Response, Session
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

# Whoever is in between drops idle connections without a word, and a request on a dropped one ends
# in a reset: an unknown outcome. Lambda also freezes between invocations, on the wall clock only.
MAX_IDLE: Final = 20  # seconds
CONNECT: Final = 3.05  # seconds for one address; just over TCP's second retransmission, after 3 s
_SHORTEST: Final = 0.001  # a timeout of 0 would mean not to wait at all, and raise another error


def _connect(host: str, port: int, deadline: float) -> Socket:
    """Connect to the first address that answers; raise OSError where none does in time.

    urllib3 gives its whole timeout to each address, so that several that swallow packets break the
    deadline. The socket's own timeout is then what is left, for the TLS handshake.
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
    """A readable stream over a socket, each of whose reads gets the time that is left in all."""

    def __init__(self, sock: Socket) -> None:
        # urllib3 has set the socket's timeout to what is left of `Timeout(total=...)`.
        left = sock.gettimeout()
        self._deadline = None if left is None else time.monotonic() + left
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)  # it keeps the socket open

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - a writable buffer has no type in 3.11
        """Read what the next `recv` brings; raise TimeoutError once the deadline has passed."""
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


class _Socket:
    """The one method of a socket that http.client's response calls."""

    def __init__(self, sock: Socket) -> None:
        self._sock = sock

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(Deadlined(self._sock))


class _Response(HTTPResponse):
    def __init__(self, sock: Socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(_Socket(sock), *args, **kwargs)  # type: ignore[arg-type] # only makefile is called


class _Fresh:
    """A connection that counts as dropped when it has been idle for too long."""

    response_class = _Response
    _used = 0.0

    def _new_conn(self) -> Socket:
        conn: Any = self
        try:
            return _connect(conn.host, conn.port, time.monotonic() + conn.timeout)
        except socket.gaierror as error:
            raise NameResolutionError(conn.host, conn, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(conn, "no address answered in time") from error
        except OSError as error:
            raise NewConnectionError(conn, type(error).__name__) from error

    def getresponse(self) -> Any:  # noqa: ANN401 - the type is the other base's
        self._used = time.time()
        return super().getresponse()  # type: ignore[misc] # the other base has it

    @property
    def is_connected(self) -> bool:
        fresh = abs(time.time() - self._used) < MAX_IDLE
        return fresh and bool(super().is_connected)  # type: ignore[misc] # the other base has it


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
    # With it requests takes proxies from the environment, and a ~/.netrc overwrites Authorization.
    session.trust_env = False
    session.headers.clear()
    adapter = _Adapter(pool_connections=1, pool_maxsize=1, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
