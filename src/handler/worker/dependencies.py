"""Dependencies of the deliver function, built once for each execution environment."""

import random
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
from aws_lambda_powertools import Logger

from handler import workspaces
from handler.aws.clock import Clock
from handler.aws.dynamodb import Table
from handler.aws.log import logger
from handler.aws.metrics import MetricCounts
from handler.aws.retry import QUICK, Retry
from handler.aws.secrets import BRIEF, SecretCache
from handler.braze_client.client import get, post
from handler.braze_client.session import open_session
from handler.core.braze.outcome import HttpResponse
from handler.core.delivery.backoff import Timing
from handler.core.delivery.rest import OwnWaits
from handler.core.errors import RulesError
from handler.core.workspace import Workspace
from handler.ledger.batch_requests import BatchRequests
from handler.ledger.breaker_state import BreakerState
from handler.ledger.canvas_turns import CanvasTurns
from handler.ledger.ledger import Ledger
from handler.ledger.pauses import Pauses
from handler.ledger.profile_versions import ProfileVersions
from handler.ledger.rate_counters import RateCounters
from handler.ledger.targets import Targets
from handler.settings import LOCAL, DeliverSettings

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


def _owner() -> str:
    return uuid4().hex


@dataclass(frozen=True, slots=True)
class Worker:
    """The dependencies of the deliver function.

    `post` takes URL, body, API key and seconds, `get` the same without a body (see
    `braze_client.client`). `clock` returns seconds since the epoch, `random` a number in [0, 1),
    `owner` a token that no two requests share: all claims of one request have the same. `own_waits`
    are by the queue's URL, `retry` is for calls of SQS.
    """

    settings: DeliverSettings
    workspaces: Mapping[str, Workspace]
    ledger: Ledger
    sqs: "SQSClient"
    keys: SecretCache
    post: Callable[[str, bytes, str, float], HttpResponse]
    get: Callable[[str, str, float], HttpResponse]
    pauses: Pauses
    targets: Targets
    breaker_state: BreakerState
    log: Logger
    tally: MetricCounts = field(default_factory=MetricCounts)
    own_waits: defaultdict[str, OwnWaits] = field(default_factory=lambda: defaultdict(OwnWaits))
    timing: Timing = field(default_factory=Timing)
    retry: Retry = field(default_factory=Retry)
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random
    owner: Callable[[], str] = _owner

    @property
    def batch_requests(self) -> BatchRequests:
        """The records of batch requests."""
        return BatchRequests(self.ledger.table)

    @property
    def rate_counters(self) -> RateCounters:
        """The counters of surge limits and broadcasts."""
        return RateCounters(self.ledger.table)

    @property
    def canvas_turns(self) -> CanvasTurns:
        """The turns of users at Canvases."""
        return CanvasTurns(self.ledger.table)

    @property
    def profile_versions(self) -> ProfileVersions:
        """The versions of the attributes of each profile."""
        return ProfileVersions(self.ledger.table, self.ledger.days)


def build(environ: Mapping[str, str]) -> Worker:
    """Return the worker of an environment; raise Unavailable where a variable is wrong."""
    settings = DeliverSettings.from_environment(environ)
    clock = Clock()
    table = Table(boto3.client("dynamodb", config=QUICK), settings.ledger_table, clock)
    timing = Timing.local() if settings.stage == LOCAL else Timing()
    secrets = boto3.client("secretsmanager", config=BRIEF)
    session = open_session()
    log = logger("relay")
    return Worker(
        settings=settings,
        workspaces=_workspaces(settings, log),
        ledger=Ledger(table, settings.ledger_days),
        sqs=boto3.client("sqs", config=QUICK),
        keys=SecretCache(secrets, settings.braze_keys_arn, time.time),
        post=partial(post, session),
        get=partial(get, session),
        pauses=Pauses(table, clock, timing.known),
        targets=Targets(table, timing),
        breaker_state=BreakerState(table, timing, clock, random.random),
        log=log,
        timing=timing,
        clock=clock,
    )


def _workspaces(settings: DeliverSettings, log: Logger) -> Mapping[str, Workspace]:
    """Return the workspaces of the package; where their file does not load, only the default.

    None where it may limit whom that reaches: then every delivery waits.
    """
    default = Workspace.default(settings.braze_endpoint)
    try:
        return workspaces.read(workspaces.RULES, default, settings.rules_stage or settings.stage)
    except RulesError as error:
        why = str(error)
    log.error("workspaces.yaml does not load", extra={"why": why})
    return {} if workspaces.may_limit(workspaces.RULES) else {default.name: default}
