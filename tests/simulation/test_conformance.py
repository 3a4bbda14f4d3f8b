"""DynamoDB in memory answers as the emulator does, but for what is stricter on purpose."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from tests.simulation import scripts_dynamodb
from tests.simulation.clock import Clock
from tests.simulation.dynamodb import DynamoDB, Table
from tests.simulation.pairs import TABLE, Both, result


@pytest.fixture(scope="module")
def tables(client: Callable[[str], Any]) -> Both:
    client("dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return Both(DynamoDB(Clock(), tables={TABLE: Table()}), client("dynamodb"), TABLE)


@pytest.mark.parametrize("seed", range(3))
def test_a_table_does_the_same_with_whatever_it_is_given(tables: Both, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - to be repeated
    for number, (operation, given) in enumerate(scripts_dynamodb.drawn(random, 200)):
        here, there = (result(getattr(one, operation), given) for one in tables.each())
        assert here == there, f"{number}: {operation} {given}"


@pytest.mark.parametrize("name", scripts_dynamodb.REFUSED)
def test_a_table_refuses_the_same(tables: Both, name: str) -> None:
    given = scripts_dynamodb.refused(name)
    here, there = (result(one.update_item, given) for one in tables.each())
    assert '"error"' in here
    assert here == there


@pytest.mark.parametrize("name", scripts_dynamodb.STRICTER)
def test_a_table_refuses_what_the_emulator_takes(tables: Both, name: str) -> None:
    given = scripts_dynamodb.refused(name)
    here, there = (result(one.update_item, given) for one in tables.each())
    assert "ValidationException" in here
    assert "ValidationException" not in there
