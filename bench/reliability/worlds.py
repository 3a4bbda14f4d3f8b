"""The simulated world with another way to deliver in it."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from bench.reliability.peers import Serve
from bench.reliability.services import Deleting, clock_of_powertools, delete, put_once, with_records
from handler.worker.dependencies import Worker
from tests.simulation.dynamodb import ConditionalCheckFailedException
from tests.simulation.environments import Environments
from tests.simulation.storms import STORM
from tests.simulation.world import Setting, Story, World

RUN: Final = 5_000  # webhooks
# The storm's, but for wrong clocks: nobody can make those of Powertools wrong.
_RATES: Final = {point: rates for point, rates in STORM.items() if not point.startswith("clock.")}
_RECEIVES: Final = 5
_CLAIM: Final = 86_400  # seconds for which a webhook is known


def setting(seed: int, webhooks: int) -> Setting:
    """Return the setting of all: one webhook a second, two outages, and the faults of the storm."""
    lasts = float(webhooks)
    return Setting(
        seed,
        webhooks,
        rate=1,
        rates=_RATES,
        outages=(
            (lasts * 0.2, lasts * 0.2 + min(600, lasts * 0.12), "refused"),
            (lasts * 0.6, lasts * 0.6 + min(300, lasts * 0.06), "edge"),
        ),
        down=((lasts * 0.4, lasts * 0.4 + 20, "dynamodb"), (lasts * 0.5, lasts * 0.5 + 20, "sqs")),
    )


class Contestant(World):
    """A world that takes note of what dead workers could not know in the same way for all."""

    def _doubt(self) -> None:
        """Of a dead worker's last request nothing could be recorded; of those before it could."""
        self.story.deaths += 1
        for one in self._posted[self.clock.current.number][-1:]:
            one.unknown = True


class Peer(Contestant):
    """A world whose workers deliver as a peer does, with a queue that gives up after five."""

    def __init__(self, given: Setting, serve: Serve, *, claims_first: bool = False) -> None:
        super().__init__(given)
        self.queue.max_receives = _RECEIVES
        self.on.dynamodb = with_records(self.on.dynamodb)
        self._peer = serve
        if claims_first:
            self.on.__class__ = _ClaimingFirst

    def run(self) -> Story:
        """Let it all happen; return the story."""
        with clock_of_powertools(self.clock):
            return super().run()

    def _serve(self, worker: Worker, records: list[dict[str, Any]]) -> dict[str, Any]:
        del worker
        deadline = self.clock.current.deadline
        context = SimpleNamespace(
            get_remaining_time_in_millis=lambda: int((deadline - self.clock()) * 1000)
        )
        return self._peer(self.on, records, context)


class _ClaimingFirst(Environments):
    """Environments whose ingest remembers a webhook before it is enqueued."""

    __slots__ = ()

    def ingest(self) -> Any:
        """Start ingest behind a claim."""
        inner = super().ingest()
        return SimpleNamespace(answer=lambda request: self._once(inner.answer, request))

    def _once(
        self, answer: Callable[[dict[str, Any]], dict[str, Any]], request: dict[str, Any]
    ) -> dict[str, Any]:
        if not isinstance(self.dynamodb, Deleting):
            raise TypeError
        try:
            name = str(json.loads(request["body"])["id"])
        except ValueError:
            return answer(request)
        try:
            put_once(self.dynamodb, f"webhook#{name}", self.clock(), _CLAIM, "SEEN")
        except ConditionalCheckFailedException:
            return {"statusCode": 200}
        except (ClientError, BotoCoreError):
            return {"statusCode": 503}
        answered = answer(request)
        if answered["statusCode"] != 200:
            self._forget(self.dynamodb, f"webhook#{name}")
        return answered

    def _forget(self, client: Deleting, key: str) -> None:
        try:
            delete(client, key)
        except (ClientError, BotoCoreError):
            return
