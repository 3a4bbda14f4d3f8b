"""Guard of the control API: programs of this machine may use it, web pages of others may not.

A browser sends requests of any page to 127.0.0.1. It hides the answers from the page, but not
where the page's own name leads to 127.0.0.1 (DNS rebinding): then Host is that name.
"""

from collections.abc import Mapping
from typing import Final

_NAMES: Final = ("127.0.0.1", "localhost", "[::1]")
_DEFAULT_PORT: Final = 80  # of http: neither Host nor Origin says it
_OWN_SITES: Final = frozenset({"same-origin", "none"})  # none: typed into the browser
_NO_PAGE: Final = "no web page of another site may use the control API"


def refusal(headers: Mapping[str, str], port: int) -> str | None:
    """Return why a request to the control API at a port is refused, None where it is not.

    `headers` finds names in any case. Host must be this machine with the port; Origin and
    Sec-Fetch-Site, which browsers add, must be absent or the server's own.
    """
    hosts = [f"{name}:{port}" for name in _NAMES]
    hosts += _NAMES if port == _DEFAULT_PORT else ()
    if headers.get("Host", "").lower() not in hosts:
        return f"the Host of a request to the control API is one of {', '.join(hosts)}"
    if headers.get("Origin", f"http://{hosts[0]}") not in {f"http://{host}" for host in hosts}:
        return f"{_NO_PAGE}: Origin is not http://{hosts[0]}"
    if headers.get("Sec-Fetch-Site", "none") not in _OWN_SITES:
        return f"{_NO_PAGE}: Sec-Fetch-Site is not same-origin"
    return None
