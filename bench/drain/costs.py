"""The wall time of a worker's steps, in seconds, from measured parts.

Calls of AWS and Braze take what they take elsewhere; a worker's own CPU time is stretched by the
share of a core that its memory buys: AWS gives one core at 1,769 MB (Lambda guide, "Memory").
"""

from dataclasses import dataclass
from math import ceil
from typing import Final

_ONE_CORE: Final = 1_769  # MB


@dataclass(frozen=True, slots=True)
class Costs:
    """The parts. CPU times are of one whole core; `together` are the statements of one write."""

    memory: int = 1_024  # MB, template.yaml
    braze: float = 0.2  # a request, there and back
    dynamodb: float = 0.004  # a call
    sqs: float = 0.005  # a call
    receive: float = 0.01  # a poller's ReceiveMessage, 10 messages at most
    invoke: float = 0.02  # from the poller to the function and back
    cold: float = 2.0  # a worker's first invocation
    # `make bench`, 2026-11-30: a batch of 10 took 7.8 ms, one of 50 19.8 ms. So a recipient takes
    # (19.8 - 7.8) / 40 = 0.30 ms, and a request the other 7.8 - 10 * 0.30 = 4.8 ms.
    cpu_request: float = 0.0048
    cpu_recipient: float = 0.0003
    together: int = 25  # statements of one write
    visibilities: int = 10  # messages whose wait one call sets

    def received(self, count: int) -> float:
        """Return the seconds from the queue to the function, of so many messages."""
        return self.invoke + self.receive * ceil(count / 10)

    def before(self, count: int) -> float:
        """Return the seconds from the decision to the request: claims and its record."""
        record = self.dynamodb if count > 1 else 0
        return record + self._writes(count) + self._cpu(count) / 2

    def after(self, count: int) -> float:
        """Return the seconds from the answer to the next request: its mark, and those of all."""
        return self.before(count)

    def _writes(self, count: int) -> float:
        return self.dynamodb * ceil(count / self.together)

    def _cpu(self, count: int) -> float:
        seconds = self.cpu_request + self.cpu_recipient * count
        return seconds * max(1, _ONE_CORE / self.memory)
