"""Rotations of a signing secret under load, in virtual time, with strangers in between.

Each execution environment has a clock of its own and takes one webhook after the other, as
Lambda's do. The sender signs with the new secret from the moment in which it is set. By default
there are 5 in each of four environments; more of them are SIMULATED_SIGNING_ROTATIONS=100.
"""

import base64
import hmac
import json
import os
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from random import Random
from typing import Any, Final, cast

import pytest

from handler.aws.secrets import SecretCache
from handler.core.rules.load import load
from handler.ingest import Ingest
from tests.handler.core.rules_files import RULES
from tests.handler.test_ingest import GIVEN

_ROTATIONS: Final = int(os.environ.get("SIMULATED_SIGNING_ROTATIONS", "5"))
_BEGIN: Final = 1_800_000_000.0
_SLOWEST: Final = 0.5  # seconds that Secrets Manager takes for an answer
_LATEST: Final = 2.5  # seconds after a secret was set: 2 s between two reads, and one read
_SOURCE: Final = load("shop", f"verify: {{preset: standard_webhooks}}\n{RULES}", "shop.yaml", "dev")
_BODY: Final = '{"type": "order.paid"}'


@dataclass(frozen=True, slots=True)
class Request:
    """A webhook as it arrives; `secret` signs it, and it is genuine or a stranger's."""

    secret: str
    genuine: bool = True
    skew: float = 0
    headers: tuple[tuple[str, str], ...] = ()
    source: str = "shop"

    def event(self, now: float) -> dict[str, Any]:
        stamp = str(int(now + self.skew))
        signed = f"msg_1.{stamp}.{_BODY}".encode()
        digest = hmac.digest(base64.b64decode(self.secret), signed, "sha256")
        headers = {
            "content-type": "application/json",
            "webhook-id": "msg_1",
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
            **dict(self.headers),
        }
        return {
            "requestContext": {"http": {"method": "POST"}},
            "pathParameters": {"source": self.source},
            "headers": headers,
            "body": _BODY,
        }


def secret(number: int) -> str:
    return base64.b64encode(f"signing-secret-{number:08d}".encode()).decode()


WELL_FORMED: Final = Request(secret(99_999_999), genuine=False)
USELESS: Final = (
    replace(WELL_FORMED, headers=(("webhook-signature", "v1,%%%%"),)),
    replace(WELL_FORMED, headers=(("webhook-signature", "v1,QUJD"),)),
    replace(WELL_FORMED, headers=(("webhook-signature", ""),)),
    replace(WELL_FORMED, headers=(("webhook-id", ""),)),
    replace(WELL_FORMED, skew=-400),
    replace(WELL_FORMED, skew=400),
    replace(WELL_FORMED, source="unknown"),
)


@dataclass
class Environment:
    """One execution environment: its clock, its reads, and what it has refused."""

    random: Random
    set_at: list[float]  # when the secret was set, from the first on
    now: float = _BEGIN
    reads: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)  # seconds after the secret was set
    taken: int = 0

    def get_secret_value(self, **_: Any) -> Any:
        self.reads.append(self.now)
        before = self.random.uniform(0, _SLOWEST)
        self.now += before
        number = self.newest()
        self.now += self.random.uniform(0, _SLOWEST - before)
        values = [secret(number), *([secret(number - 1)] if number else [])]
        return {"SecretString": json.dumps({"shop": values}), "VersionId": str(number)}

    def send_message_batch(self, **_: Any) -> Any:
        return {}

    def newest(self) -> int:
        return bisect_right(self.set_at, self.now) - 1

    def run(self, arrivals: Iterator[tuple[float, Request | None]]) -> None:
        """Answer what arrives; None stands for a webhook of the sender's, signed as it arrives."""
        port = cast("Any", self)
        cache = SecretCache(port, GIVEN.signing_secrets_arn, lambda: self.now)
        taking = Ingest(GIVEN, {"shop": _SOURCE}, cache, port, clock=lambda: self.now)
        for at, stranger in arrivals:
            self.now = began = max(self.now, at)
            request = stranger or Request(secret(self.newest()))
            since = began - self.set_at[self.newest()]
            status = taking.answer(request.event(began))["statusCode"]
            if request.genuine:
                assert status in (200, 401)
                self.taken += status == 200
                self.refused += [since] if status == 401 else []
            else:
                assert status in (401, 404)


def arrivals(
    random: Random, end: float, strangers: tuple[Request, ...]
) -> Iterator[tuple[float, Request | None]]:
    """Yield some six webhooks a second, half of them of strangers, where there are any."""
    at = _BEGIN
    while at < end:
        at += random.expovariate(6)
        yield at, random.choice([*strangers, *[None] * max(1, len(strangers))])


def rotations(random: Random) -> list[float]:
    """Return when the secret is set: as it was made, then again and again, soon or late."""
    gaps = (random.choice([3, 5, 10, 20, 29, 31, 60]) + random.random() for _ in range(_ROTATIONS))
    return [*accumulate(gaps, initial=_BEGIN)]


@pytest.fixture(autouse=True)
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write neither log lines nor metrics: there would be thousands of each."""
    monkeypatch.setattr("handler.webhook_log.WebhookLog._write", lambda *_: None)
    monkeypatch.setattr("handler.webhook_log.logger.warning", lambda *_, **__: None)
    monkeypatch.setattr("handler.webhook_log.logger.info", lambda *_, **__: None)


@pytest.mark.parametrize("seed", range(4))  # four environments: nothing is shared between them
@pytest.mark.parametrize(
    "strangers", [(), (WELL_FORMED,), USELESS, (WELL_FORMED, *USELESS)],
    ids=["none", "well-formed", "useless", "all"],
)  # fmt: skip
def test_no_webhook_is_refused_later_than_two_and_a_half_seconds_after_its_secret_was_set(
    seed: int, strangers: tuple[Request, ...]
) -> None:
    random = Random(seed)  # noqa: S311 - to be repeated
    set_at = rotations(random)
    one = Environment(random, set_at)

    one.run(arrivals(random, set_at[-1] + 10, strangers))

    assert one.taken > 10 * _ROTATIONS
    assert [since for since in one.refused if since > _LATEST] == []
    assert min(after - before for before, after in pairwise(one.reads)) >= 2


@pytest.mark.parametrize("seed", range(4))
def test_strangers_without_a_signature_that_could_be_good_cost_no_read(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - to be repeated
    one = Environment(random, [_BEGIN])

    one.run(arrivals(random, _BEGIN + 299, USELESS))

    assert len(one.reads) == 1
    assert one.refused == []
