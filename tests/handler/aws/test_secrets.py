import json
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from handler.aws.secrets import FAILED_AFTER, MAX_AGE, REFRESH_AFTER, RETRY_AFTER, SecretCache
from handler.core.errors import Unavailable
from handler.core.secret_values import Secret
from handler.core.secret_values import api_key as key_of
from handler.core.secret_values import signing_secrets as signing_of
from tests.handler.stage import Aws, Clock


class Store:
    """One secret in the emulator, and a cache of it with a clock."""

    def __init__(self, aws: Aws, text: str) -> None:
        self.client = aws.client("secretsmanager")
        self.arn = self.client.create_secret(Name=uuid.uuid4().hex, SecretString=text)["ARN"]
        self.clock = Clock(0)
        self.cache = SecretCache(self.client, self.arn, self.clock)

    def put(self, text: str) -> None:
        self.client.put_secret_value(SecretId=self.arn, SecretString=text)

    def remove(self) -> None:
        self.client.delete_secret(SecretId=self.arn, ForceDeleteWithoutRecovery=True)


@dataclass
class Asked:
    """A client of Secrets Manager that counts the calls, and fails so many of them first."""

    client: Any
    failing: int = 0
    calls: int = 0

    def get_secret_value(self, **named: str) -> Any:
        self.calls += 1
        if self.calls <= self.failing:
            raise ReadTimeoutError(endpoint_url="")
        return self.client.get_secret_value(**named)


@pytest.fixture
def store(aws: Aws) -> Store:
    return Store(aws, '{"default": "canary-1"}')


def test_a_secret_is_read_once_in_five_minutes(store: Store) -> None:
    first = store.cache.current()
    store.put('{"default": "canary-2"}')

    store.clock.now = MAX_AGE - 1
    assert store.cache.current() == first

    store.clock.now = MAX_AGE
    second = store.cache.current()
    assert second.values == {"default": "canary-2"}
    assert second.version != first.version


def test_a_forced_read_happens_at_most_every_two_seconds(store: Store) -> None:
    assert REFRESH_AFTER == 2
    store.cache.current()
    store.put('{"default": "canary-2"}')

    store.clock.now = REFRESH_AFTER - 1
    assert store.cache.refresh().values == {"default": "canary-1"}

    store.clock.now = REFRESH_AFTER
    assert store.cache.refresh().values == {"default": "canary-2"}


def test_a_clock_that_has_gone_back_makes_a_secret_stale(store: Store) -> None:
    store.clock.now = 10_000
    store.cache.current()
    store.put('{"default": "canary-2"}')

    store.clock.now = 9_999

    assert store.cache.current().values == {"default": "canary-2"}
    store.put('{"default": "canary-3"}')
    store.clock.now = 9_998
    assert store.cache.refresh().values == {"default": "canary-3"}


def test_a_failed_read_is_tried_again_so_many_seconds_after_its_end(store: Store) -> None:
    class Slow:
        calls = 0

        def get_secret_value(self, **named: str) -> Any:
            self.calls += 1
            store.clock.now += 2 * RETRY_AFTER
            return store.client.get_secret_value(**named)

    slow = Slow()
    store.remove()
    cache = SecretCache(slow, store.arn, store.clock)  # type: ignore[arg-type] # it has what is called

    for _ in range(2):
        with pytest.raises(Unavailable):
            cache.current()

    assert slow.calls == 1


@pytest.mark.parametrize("bad", ["not JSON canary", "[]"])
@pytest.mark.parametrize("after", [REFRESH_AFTER, 0])
def test_a_read_that_failed_is_not_repeated_for_thirty_seconds_whoever_asks(
    store: Store, bad: str, after: float
) -> None:
    assert FAILED_AFTER == 30
    asked = Asked(store.client)
    cache = SecretCache(asked, store.arn, store.clock)  # type: ignore[arg-type] # it has what is called
    good = cache.current()
    store.put(bad)
    store.clock.now = 10
    assert cache.refresh(after) == good
    store.put('{"default": "canary-2"}')

    store.clock.now = 10 + FAILED_AFTER - 0.1
    assert cache.refresh(after) == cache.current() == good
    assert asked.calls == 2

    store.clock.now = 10 + FAILED_AFTER
    assert cache.refresh(after).values == {"default": "canary-2"}


def test_a_secret_that_was_never_read_is_not_asked_for_by_each_webhook(store: Store) -> None:
    asked = Asked(store.client)
    store.remove()
    cache = SecretCache(asked, store.arn, store.clock)  # type: ignore[arg-type] # it has what is called

    for _ in range(10):
        with pytest.raises(Unavailable):
            cache.refresh()

    assert asked.calls == 1


def test_a_first_read_without_an_answer_is_tried_once_more_and_a_later_one_is_not(
    store: Store,
) -> None:
    asked = Asked(store.client, failing=1)
    cache = SecretCache(asked, store.arn, store.clock)  # type: ignore[arg-type] # it has what is called

    first = cache.current()
    assert (first.values, asked.calls) == ({"default": "canary-1"}, 2)

    asked.failing = 3
    store.clock.now = REFRESH_AFTER
    assert cache.refresh() == first
    assert asked.calls == 3


@pytest.mark.parametrize("bad", ["not JSON canary", "[]", '"canary"'])
def test_the_last_good_value_outlives_a_bad_one_and_an_outage(store: Store, bad: str) -> None:
    good = store.cache.current()

    store.put(bad)
    store.clock.now = MAX_AGE
    assert store.cache.current() == good

    store.remove()
    store.clock.now = 10 * MAX_AGE
    assert store.cache.current() == good


def test_a_missing_secret_is_named_and_looked_for_again(aws: Aws) -> None:
    store = Store(aws, " ")

    with pytest.raises(Unavailable, match=store.cache.name):
        store.cache.current()

    store.put('{"default": "k"}')
    with pytest.raises(Unavailable):
        store.cache.current()
    store.clock.now = RETRY_AFTER
    assert store.cache.current().values == {"default": "k"}


@pytest.mark.parametrize("text", ["canary", "[1]", "[" * 9_000, '{"canary": '])
def test_no_value_is_ever_in_an_error_or_a_repr(aws: Aws, text: str) -> None:
    store = Store(aws, text)

    with pytest.raises(Unavailable) as raised:
        store.cache.current()

    assert "canary" not in f"{raised.value!r} {raised.value.__cause__!r}"
    assert "canary" not in repr(Secret("name", "v", {"default": "canary"}))


def secret(value: object) -> Secret:
    return Secret("braze", "v1", {"default": value})


def test_blanks_around_a_key_are_taken_off() -> None:
    assert key_of(secret(" 0123-abcd\n"), "default") == "0123-abcd"


@pytest.mark.parametrize(
    "value", [None, "", " ", 5, ["k"], "canary\nX: y", "canary key", "canary\u00e9"]
)
def test_a_key_that_is_no_header_value_is_refused_without_showing_it(value: object) -> None:
    with pytest.raises(Unavailable, match="braze") as raised:
        key_of(secret(value), "default")

    assert "canary" not in str(raised.value)


def test_a_list_of_signing_secrets_is_a_rotation() -> None:
    assert signing_of(secret("one"), "default") == ("one",)
    assert signing_of(secret(["new", "old"]), "default") == ("new", "old")


@pytest.mark.parametrize("value", [None, "", [], [""], ["good", ""], ["good", 1], {"a": "b"}])
def test_without_a_whole_signing_secret_nothing_is_verified(value: object) -> None:
    with pytest.raises(Unavailable):
        signing_of(secret(json.loads(json.dumps(value))), "default")
