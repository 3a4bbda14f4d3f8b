"""Time, calls and logs of the functions, as `make bench` has measured them: `measured.json`.

Lambda gives a function CPU in proportion to its memory, one vCPU at 1,769 MB (Lambda guide,
"Configure Lambda function memory"): CPU time grows with 1,769 / memory, waiting does not.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple, Self

FILE: Final = Path(__file__).parent / "measured.json"
FULL_CORE: Final = 1769  # MB
DYNAMODB_MS, BRAZE_MS, SQS_MS = 4, 200, 4  # of a call or a request, as they are met in life


class Batch(NamedTuple):
    """A batch of deliveries: milliseconds of CPU and calls of DynamoDB of the whole batch.

    `writes` and `log_bytes` are those of one delivery.
    """

    cpu_ms: float
    calls: float
    writes: float
    log_bytes: float

    @property
    def wait_ms(self) -> float:
        """How long it waits for DynamoDB, and for Braze."""
        return self.calls * DYNAMODB_MS + BRAZE_MS


class Measured(NamedTuple):
    """Milliseconds of CPU on one whole core, bytes of log, and batches by their size.

    `about` says what was measured, when and where.
    """

    about: str
    webhook_ms: float
    cold_webhook_ms: float
    webhook_log_bytes: float
    cold_batch_ms: float
    batches: Mapping[int, Batch]

    @classmethod
    def of(cls, text: str) -> Self:
        """Return what a file's text holds."""
        found = json.loads(text)
        batches = {int(size): Batch(**batch) for size, batch in found.pop("batches").items()}
        return cls(**found, batches=batches)

    def text(self) -> str:
        """Return the text of the file."""
        batches = {str(size): batch._asdict() for size, batch in self.batches.items()}
        return f"{json.dumps({**self._asdict(), 'batches': batches}, indent=2)}\n"

    def webhook(self, memory: int, cold: float = 0) -> float:
        """Return the milliseconds of a webhook; `cold` is the share of cold starts."""
        cpu = (1 - cold) * self.webhook_ms + cold * self.cold_webhook_ms
        return cpu * slower(memory) + SQS_MS

    def batch(self, size: int, memory: int, cold: float = 0) -> float:
        """Return the milliseconds of a batch; a cold one's CPU is that of a batch of 10."""
        batch = self.batches[size]
        cpu = (1 - cold) * batch.cpu_ms + cold * self.cold_batch_ms
        return cpu * slower(memory) + batch.wait_ms


def slower(memory: int) -> float:
    """Return by how much CPU takes longer than on a whole core; one thread uses no more."""
    return max(1.0, FULL_CORE / memory)


def read() -> Measured:
    """Return what the last run has measured that was written down."""
    return Measured.of(FILE.read_text(encoding="utf-8"))
