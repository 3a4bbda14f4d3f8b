"""The worker's AWS, in the emulator, and a Braze on this machine that answers as it is told."""

import io
import random
import threading
import time
import uuid
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer

import pytest
from aws_lambda_powertools import Logger
from requests import Session

from handler.aws.dynamodb import Table
from handler.aws.secrets import SecretCache
from handler.braze_client.client import get, post
from handler.braze_client.session import open_session
from handler.core.delivery.backoff import Timing
from handler.core.models import Delivery
from handler.core.workspace import Workspace
from handler.ledger.breaker_state import BreakerState
from handler.ledger.ledger import Ledger
from handler.ledger.pauses import Pauses
from handler.ledger.targets import Targets
from handler.settings import DeliverSettings
from handler.worker.dependencies import Worker
from tests.handler.handing import Hands, hands
from tests.handler.stage import REQUEST, Aws, Braze, Clock, Queue, handler_of, make_table


@pytest.fixture(scope="session")
def aws(emulated: str) -> Aws:
    return Aws(emulated)


@pytest.fixture
def braze() -> Iterator[Braze]:
    peer = Braze()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler_of(peer)) as server:
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # type: ignore[method-assign] # the worker hangs up
        peer.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield peer
        server.shutdown()


@pytest.fixture
def settings(aws: Aws, braze: Braze) -> DeliverSettings:
    name = uuid.uuid4().hex
    sqs, manager = aws.client("sqs"), aws.client("secretsmanager")
    secret = manager.create_secret(Name=name, SecretString='{"default": "canary-key"}')
    return DeliverSettings.from_environment(
        {
            "STAGE": "local",
            "QUEUE_URL": sqs.create_queue(QueueName=name)["QueueUrl"],
            "DEAD_LETTER_QUEUE_URL": sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"],
            "LEDGER_TABLE": make_table(aws),
            "LEDGER_DAYS": "400",
            "BRAZE_KEYS_ARN": secret["ARN"],
            "BRAZE_ENDPOINT": braze.url,
            "ALLOW_OTHER_BRAZE_HOST": "false",
        }
    )


@pytest.fixture
def queue(aws: Aws, settings: DeliverSettings) -> Iterator[Queue]:
    log, uptime = io.StringIO(), Clock(0)
    manager = aws.client("secretsmanager")
    table = Table(aws.client("dynamodb"), settings.ledger_table)
    timing = Timing(base=0, floor=0, request=REQUEST, shortest=0.3, margin=1, marking=0.3)
    with open_session() as session:
        worker = Worker(
            settings=settings,
            workspaces={"default": Workspace.default(settings.braze_endpoint)},
            ledger=Ledger(table, settings.ledger_days),
            sqs=aws.client("sqs"),
            keys=SecretCache(manager, settings.braze_keys_arn, uptime),
            post=partial(post, session),
            get=partial(get, session),
            pauses=Pauses(table, time.time, timing.known),
            targets=Targets(table, timing),
            breaker_state=BreakerState(table, timing, time.time, random.random),
            log=Logger(service=f"relay-{uuid.uuid4().hex}", stream=log),
            timing=timing,
        )
        yield Queue(worker, aws, log, uptime)


@pytest.fixture
def line(queue: Queue) -> Hands:
    return hands(queue)


@pytest.fixture
def delivery() -> Delivery:
    return Delivery(
        id=uuid.uuid4().hex,
        source="shopify",
        rule="order-confirmation",
        rules_version="v1",
        workspace="default",
        path="/campaigns/trigger/send",
        send={"campaign_id": "417220e4-5a2a-b634-7f7d-9ec891532368"},
        recipient={
            "external_user_id": "canary-user",
            "attributes": {"email": "canary@example.org", "first_name": "Zoe"},
        },
        event_id="e1",
        event="",
        accepted_at=1,
        expires_at=None,
        on_unknown="retry",
    )


@pytest.fixture
def session() -> Iterator[Session]:
    with open_session() as opened:
        yield opened
