"""Calls of AWS, repeated where that may help; botocore itself makes one attempt a call.

Its own repeats take as long as a server says: from version 1.44 on it waits for
`x-amz-retry-after` up to 5 s and its back-off. The time of a function is ours to spend.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from typing import Final, Self, TypeVar

from botocore import exceptions
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from handler.core.errors import Unavailable

T = TypeVar("T")

_PAUSE: Final = 0.2  # seconds before the second try at most; doubled before each further one
# What botocore's standard mode repeats too: throttles and failures of a service that may be over in
# a moment (the services' API references, "Common errors"), and calls without an answer.
_CODES: Final = frozenset(
    {
        *("Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled"),
        *("RequestThrottledException", "TooManyRequestsException", "RequestLimitExceeded"),
        *("ProvisionedThroughputExceededException", "SlowDown", "PriorRequestNotComplete"),
        *("RequestTimeout", "RequestTimeoutException"),
    }
)
_STATUSES: Final = (429, 500, 502, 503, 504)


def one_attempt(connect: float, read: float) -> Config:
    """Return a client's configuration: an attempt takes `connect` and `read` seconds at most."""
    return Config(
        retries={"mode": "standard", "total_max_attempts": 1},
        connect_timeout=connect,
        read_timeout=read,
        parameter_validation=False,  # 65 us for each recipient; the tests' clients have it
        user_agent="braze-webhook-relay",  # botocore's own is put together anew for each call
    )


# Ledger and queue, in deliver: with the default Retry a call takes 4 s at most.
QUICK: Final = one_attempt(0.5, 1)


@dataclass(frozen=True, slots=True)
class Retry:
    """The number of a call's tries, and the seconds that all of them may take.

    A try takes `each` seconds at most, and another one begins only where it ends in time. So a
    silent service has two tries of the three, 1.5 + 0.2 + 1.5 = 3.2 s. No try begins that might
    not end by `until`, a time of `clock`: see `ending_in`. `random` returns a number in [0, 1).
    """

    tries: int = 3
    each: float = 1.5  # connect and read of the client, here QUICK
    seconds: float = 4  # it fits into the margin after a POST (`Timing.margin`)
    until: float = inf
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random

    def ending_in(self, seconds: float) -> Self:
        """Return the same for several calls that share so many seconds from now on."""
        return replace(self, until=self.clock() + seconds)

    def call(self, ask: Callable[[], T]) -> T:
        """Return what `ask` returns; a call whose answer was lost is made again too.

        Raise botocore's error of the last try, or Unavailable where no time is left for one.
        """
        ends = min(self.until, self.clock() + self.seconds)
        if self.clock() + self.each > ends:
            raise Unavailable("no time is left for a call of AWS")
        for number in range(self.tries - 1):
            try:
                return ask()
            except (BotoCoreError, ClientError) as error:
                pause = _PAUSE * 2**number * self.random()
                if not _is_passing(error) or self.clock() + pause + self.each > ends:
                    raise
            self.sleep(pause)
        return ask()


ONCE: Final = Retry(tries=1)  # for a client that repeats by itself


def _is_passing(error: BotoCoreError | ClientError) -> bool:
    """Return whether an error may be over at once; a mistake or a missing permission is not."""
    if not isinstance(error, ClientError):
        return isinstance(error, exceptions.ConnectionError | exceptions.HTTPClientError)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return error.response["Error"]["Code"] in _CODES or status in _STATUSES
