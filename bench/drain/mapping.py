"""An event source mapping: so many workers at once, each with one batch after the other."""

from dataclasses import dataclass
from typing import Final

from bench.drain.loop import Process
from bench.drain.queue import Queue
from bench.drain.worker import Site, Worker

# Lambda guide, "Scaling and concurrency for SQS": five at first, then 300 more in a minute.
_FIRST: Final = 5
_EACH: Final = 60 / 300  # seconds


@dataclass(frozen=True, slots=True)
class Mapping:
    """The mapping's settings: messages, seconds, workers at once."""

    batch: int
    window: float
    concurrency: int

    def start(self, site: Site, queue: Queue) -> None:
        """Begin to poll."""
        for number in range(self.concurrency):
            site.loop.spawn(self._poll(site, queue), max(0, number - _FIRST + 1) * _EACH)

    def _poll(self, site: Site, queue: Queue) -> Process:
        worker: Worker | None = None
        while True:
            if not queue.has(1):
                yield queue.visible
                continue
            if self.window and not queue.has(self.batch):
                yield self.window
            batch = queue.take(self.batch)
            if not batch:
                continue
            yield site.costs.received(sum(lot.count for lot in batch))
            if worker is None:
                worker = Worker(site, queue)
                yield site.costs.cold
            yield from worker.serve(batch)
