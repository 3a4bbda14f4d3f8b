"""A short run of `make fuzz`, and proof that it finds what it looks for."""

import hmac
from types import SimpleNamespace
from typing import Any

import pytest

from bench.fuzz.run import OURS, Fuzz, fuzz
from bench.fuzz.signers import SHOWN, SIGNERS
from handler import ingest, webhook_log
from handler.core.errors import Unavailable
from handler.core.planning.plan import plan
from handler.core.verification import credential, signature
from handler.core.verification.schemes import SignedScheme

NOW = 1_763_672_400
SEED = 1
MUTATED = 5_000  # `make fuzz` tries a million


def test_no_mutated_request_is_believed_raises_is_answered_5xx_or_shown() -> None:
    with fuzz(SEED, NOW) as fuzzing:
        counts = fuzzing.run(range(MUTATED))
    assert counts.faults() == 0, "\n".join(counts.failures)
    assert min(counts.of[OURS, it] for it in ("accepted", "refused", "handshakes")) > 0


def test_every_genuine_request_that_is_not_too_old_is_accepted_and_no_other() -> None:
    with fuzz(SEED, NOW) as fuzzing:
        for good in fuzzing.goods:
            source = fuzzing.arrangement.sources[good.request.source]
            within = _is_within(good.request.headers, source.scheme)
            accepted = fuzzing.outcome(good.request) == "accepted"
            assert accepted == (good.is_in_force and within), good.request


def _is_within(headers: Any, scheme: Any) -> bool:
    if not isinstance(scheme, SignedScheme) or scheme.timestamp is None:
        return True
    unit = 1000 if scheme.timestamp.unit == "ms" else 1
    tolerance = scheme.timestamp.tolerance or 0
    stamps = range((NOW - tolerance) * unit, (NOW + tolerance) * unit + 1)
    texts = " ".join(headers.values()).replace("=", " ").replace(",", " ").replace(";", " ")
    return any(int(it) in stamps for it in texts.split() if it.isdecimal())


def test_the_oracle_knows_every_source_once() -> None:
    with fuzz(SEED, NOW) as fuzzing:
        assert sorted([*SIGNERS, *SHOWN]) == sorted(fuzzing.arrangement.sources)


def first_bytes(ours: bytes, theirs: bytes) -> bool:
    return ours[:1] == theirs[:1]


def anything(*_: object) -> bool:
    return True


def in_ascii(text: str) -> bytes:
    return text.encode("ascii")


def secrets_of_others_too(secret: Any, name: str) -> tuple[str, ...]:
    (own, _) = secret.values[name]
    texts = (text for both in secret.values.values() for text in both)
    return tuple(text for text in texts if text[:6] == own[:6])  # so that all can be decoded


def any_id(webhook: Any, scheme: Any) -> str:
    return str(webhook.headers.get(scheme.id_header, ""))


def any_stamp(webhook: Any, header: str, scheme: Any) -> str:
    place = scheme.timestamp
    if place is None:
        return ""
    if place.header is None:
        return str(signature._pairs(header, scheme.signature, place.key)[0])  # noqa: SLF001 - a planted bug
    return str(webhook.headers[place.header])


def telling(verified: Any, *given: Any) -> Any:
    webhook_log.logger.info("webhook", body=verified.webhook.body)
    return plan(verified, *given)


def refusing(*_: object) -> Any:
    raise Unavailable("whatever")


HASHES = SimpleNamespace(compare_digest=first_bytes, digest=hmac.digest)


@pytest.mark.parametrize(
    "where, name, bug, fault",
    [
        (signature, "hmac", HASHES, "forged accepted"),
        (credential, "hmac", HASHES, "forged accepted"),
        (signature, "_check_age", anything, "forged accepted"),
        (signature, "_id", any_id, "forged accepted"),
        (ingest, "signing_secrets", secrets_of_others_too, "forged accepted"),
        (ingest, "plan", telling, "shown in the log"),
        (ingest, "plan", refusing, "answers of 5xx"),
        (signature, "_bytes", in_ascii, "uncaught exceptions"),
        (signature, "_stamp", any_stamp, "uncaught exceptions"),
    ],
)
def test_a_planted_bug_is_found(
    where: Any, name: str, bug: object, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, name, bug)
    with fuzz(SEED, NOW) as fuzzing:
        assert is_found(fuzzing, fault)


def is_found(fuzzing: Fuzz, fault: str, most: int = 20_000) -> bool:
    return any(fuzzing.run([number]).of[OURS, fault] for number in range(most))
