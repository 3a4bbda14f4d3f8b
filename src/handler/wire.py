"""An HTTP session in which one deadline holds for a whole request.

The timeouts of requests and urllib3 begin again with every `recv`, so that a server that drips
its answer holds a request open for as long as it likes. Here each `recv` gets what is left.
"""

import io
import time
from http.client import HTTPResponse
from socket import socket
from typing import Any, Final

from requests import Session
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

# Whoever is in between drops idle connections without a word, and a request on a dropped one ends
# in a reset: an unknown outcome. Lambda also freezes between invocations, on the wall clock only.
MAX_IDLE: Final = 20  # seconds


class Deadlined(io.RawIOBase):
    """A readable stream over a socket, each of whose reads gets the time that is left in all."""

    def __init__(self, sock: socket) -> None:
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

    def __init__(self, sock: socket) -> None:
        self._sock = sock

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(Deadlined(self._sock))


class _Response(HTTPResponse):
    def __init__(self, sock: socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(_Socket(sock), *args, **kwargs)  # type: ignore[arg-type] # only makefile is called


class _Fresh:
    """A connection that counts as dropped when it has been idle for too long."""

    response_class = _Response
    _used = 0.0

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


def open_session() -> Session:
    """Return a session of one connection that keeps deadlines and reads no environment."""
    session = Session()
    # With it requests takes proxies from the environment, and a ~/.netrc overwrites Authorization.
    session.trust_env = False
    session.headers.clear()
    adapter = _Adapter(pool_connections=1, pool_maxsize=1, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
