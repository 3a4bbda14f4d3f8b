"""Access to the page: this machine's names, the token of this start, and no page of other sites.

The token comes in the URL that the command prints, and is a cookie from then on. What changes
something, and the stream of changes, also needs a header of the browser that names our own site:
a page of another site can send a request here, and a cookie of 127.0.0.1 goes to all its ports.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_NAMES: Final = ("127.0.0.1", "localhost", "[::1]")
_SAFE: Final = frozenset({"GET", "HEAD"})
_OWN: Final = "same-origin"
# A page with Referrer-Policy: no-referrer sends `Origin: null` with what changes something
# (Fetch, "append a request Origin header"): then Sec-Fetch-Site alone tells whose page it is.
_NO_ORIGIN: Final = "null"


@dataclass(frozen=True, slots=True)
class Access:
    """The right to use the page on a port: those have it who have the token of this start."""

    port: int
    token: str

    @property
    def cookie(self) -> str:
        """The name of the cookie: pages of other local stacks have theirs."""
        return f"relay-page-{self.port}"

    def is_token(self, given: str | None) -> bool:
        """Return whether this is the token; the time it takes says nothing of the token."""
        return given is not None and hmac.compare_digest(
            given.encode(errors="surrogateescape"), self.token.encode()
        )

    def refusal(self, method: str, headers: Mapping[str, str], *, is_stream: bool) -> str | None:
        """Return why a request is refused whatever its token is, None where it is not.

        `headers` finds names in any case.
        """
        hosts = [f"{name}:{self.port}" for name in _NAMES]
        if headers.get("Host", "").lower() not in hosts:
            return f"the Host of this page is one of {', '.join(hosts)}"
        origins = {f"http://{host}" for host in hosts}
        origin, site = headers.get("Origin"), headers.get("Sec-Fetch-Site")
        if origin not in {None, _NO_ORIGIN, *origins} or site not in {None, "none", _OWN}:
            return "this page is not for pages of other sites"
        if (is_stream or method not in _SAFE) and not (site == _OWN or origin in origins):
            return "only this page itself may do this"
        return None
