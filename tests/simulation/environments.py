"""The functions' execution environments: the real handlers, on the services in memory."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import count
from pathlib import Path
from random import Random
from typing import Final
from unittest.mock import patch

from aws_lambda_powertools import Logger

from handler import rules_directory, webhook_log
from handler.aws.clock import Clock
from handler.aws.dynamodb import Table
from handler.aws.log import logger
from handler.aws.retry import Retry
from handler.aws.secrets import FIRST, SecretCache
from handler.core.delivery.backoff import Timing
from handler.core.errors import RulesError
from handler.core.rules.source import Source
from handler.core.workspace import Workspace
from handler.ingest import SENDING, Ingest
from handler.ledger.breaker_state import BreakerState
from handler.ledger.ledger import Ledger
from handler.ledger.pauses import Pauses
from handler.ledger.targets import Targets
from handler.settings import DeliverSettings, IngestSettings
from handler.worker.dependencies import Worker
from tests.simulation.braze import Braze
from tests.simulation.clock import Time
from tests.simulation.dynamodb import DynamoDB
from tests.simulation.secrets import Secrets
from tests.simulation.sink import Sink
from tests.simulation.sqs import Sqs
from tests.simulation.wired import Post

RULES: Final = Path(__file__).parent / "rules"
QUEUE: Final = "https://sqs/queue"
LOW: Final = "https://sqs/low"
DEAD: Final = "https://sqs/dead"
TABLE: Final = "ledger"
BRAZE_KEYS: Final = "arn:aws:secretsmanager:eu-central-1:1:secret:braze"
SIGNING: Final = "arn:aws:secretsmanager:eu-central-1:1:secret:signing"
_ENDPOINT: Final = "https://rest.iad-01.braze.com"
_FORMER: Final = {"QUEUE_URL": QUEUE, "DEAD_LETTER_QUEUE_URL": DEAD}
_QUEUES: Final = _FORMER | {"LOW_PRIORITY_QUEUE_URL": LOW}


@dataclass(slots=True)
class Environments:
    """Makes environments; each has caches of its own, and all share the services.

    Faults of theirs, at `clock.ingest` and `clock.worker`: the clock of one that starts is `ahead`
    or `behind` by so many seconds, as long as it lives. At `ingest.queue`: the low-priority queue
    is `missing` in the environment, as an update can leave it.
    """

    clock: Time
    random: Random
    sqs: Sqs
    dynamodb: DynamoDB
    secrets: Secrets
    braze: Braze
    sink: Sink = field(default_factory=Sink)
    timing: Timing = field(default_factory=Timing)
    only: tuple[str, ...] | None = None  # whom the workspace may reach
    wire: Callable[[Post], Post] = field(default=lambda port: port)  # for each worker
    _owners: Iterator[int] = field(default_factory=lambda: count(1))

    @contextmanager
    def ports(self) -> Iterator[None]:
        """Put in place those ports that the functions have no parameter for, and the log's end."""
        handler = _log().registered_handler
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(self.sink)
        with patch.object(webhook_log, "logger", _log()), redirect_stdout(self.sink):
            yield

    def ingest(self) -> Ingest:
        """Start ingest."""
        is_former = self.braze.faults.at("ingest.queue") is not None
        return Ingest(
            settings=_ingest_settings(former=is_former),
            sources=_sources(),
            secrets=self._secret(SIGNING),
            sqs=self.sqs,  # type: ignore[arg-type] # as above
            clock=self._clock("clock.ingest"),
            retry=self._retry(SENDING),
        )

    def worker(self) -> Worker:
        """Start a worker."""
        clock = Clock(self._clock("clock.worker"))
        retry = self._retry(Retry())
        table = Table(self.dynamodb, TABLE, clock, retry)  # type: ignore[arg-type] # what is called is there
        return Worker(
            settings=_deliver_settings(),
            workspaces={"default": replace(Workspace.default(_ENDPOINT), only=self.only)},
            ledger=Ledger(table, 400),
            sqs=self.sqs,  # type: ignore[arg-type] # as above
            keys=self._secret(BRAZE_KEYS),
            post=self.wire(self.braze.post),
            get=self.braze.get,
            pauses=Pauses(table, clock, self.timing.known),
            targets=Targets(table, self.timing),
            breaker_state=BreakerState(table, self.timing, clock, self.random.random),
            log=_log(),
            timing=self.timing,
            retry=retry,
            clock=clock,
            sleep=self.clock.sleep,
            random=self.random.random,
            owner=lambda: f"owner-{next(self._owners)}",
        )

    def _secret(self, arn: str) -> SecretCache:
        retry = self._retry(FIRST)
        return SecretCache(self.secrets, arn, self.clock, retry)  # type: ignore[arg-type] # as above

    def _retry(self, real: Retry) -> Retry:
        """Return the same in the time of the simulation."""
        time, random = self.clock, self.random.random
        return replace(real, clock=time, sleep=time.sleep, random=random)

    def _clock(self, point: str) -> Callable[[], float]:
        fault = self.braze.faults.at(point)
        if fault is None:
            return self.clock
        wrong = fault.seconds if fault.kind == "ahead" else -fault.seconds
        return lambda: self.clock() + wrong


@cache
def _log() -> Logger:
    """Return the logger of all runs: Python keeps every logger, and each new one looks at all."""
    name = "simulation"
    made = logger(name)
    logging.getLogger(name).propagate = False  # nobody else reads what the sink has read
    return made


@cache
def _sources() -> Mapping[str, Source | RulesError]:
    return rules_directory.read(RULES, "dev")


@cache
def _ingest_settings(*, former: bool) -> IngestSettings:
    given = {"RULES_STAGE": "dev", "SIGNING_SECRETS_ARN": SIGNING, "MAX_BODY_BYTES": "524288"}
    return IngestSettings.from_environment((_FORMER if former else _QUEUES) | given)


@cache
def _deliver_settings() -> DeliverSettings:
    given = {
        "STAGE": "prod",
        "LEDGER_TABLE": TABLE,
        "LEDGER_DAYS": "400",
        "BRAZE_KEYS_ARN": BRAZE_KEYS,
        "BRAZE_ENDPOINT": _ENDPOINT,
        "ALLOW_OTHER_BRAZE_HOST": "false",
    }
    return DeliverSettings.from_environment(_QUEUES | given)
