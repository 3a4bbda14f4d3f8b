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


@pytest.mark.parametrize("seed", range(3))
def test_a_table_does_the_same_with_batches_of_statements(tables: Both, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - to be repeated
    for number, (operation, given) in enumerate(scripts_dynamodb.batches(random, 100)):
        here, there = (result(getattr(one, operation), given) for one in tables.each())
        assert here == there, f"{number}: {operation} {given}"


@pytest.mark.parametrize("name", scripts_dynamodb.REFUSED_STATEMENTS)
def test_a_table_refuses_the_same_statements(tables: Both, name: str) -> None:
    here, there = (code(one, name) for one in tables.each())
    assert here == there
    assert here in ("ValidationError", "ResourceNotFound")


@pytest.mark.parametrize("name", scripts_dynamodb.STRICTER_STATEMENTS)
def test_a_table_refuses_statements_that_the_emulator_takes(tables: Both, name: str) -> None:
    assert code(tables.memory, name) == "ValidationError"
    assert code(tables.emulator, name) in (None, "ConditionalCheckFailed")


def test_a_batch_of_more_than_25_is_refused_and_of_none_too(tables: Both) -> None:
    for count in (0, 26):
        given = {"Statements": [scripts_dynamodb.statement("no statement")] * count}
        here, there = (result(one.batch_execute_statement, given) for one in tables.each())
        assert '"error"' in here
        assert here == there


def test_a_batch_that_has_an_item_twice_is_refused_where_the_emulator_takes_it(
    tables: Both,
) -> None:
    given = scripts_dynamodb.twice()
    here, there = (result(one.batch_execute_statement, given) for one in tables.each())
    assert "ValidationException" in here
    assert there.count("ConditionalCheckFailed") == 2


def code(client: Any, name: str) -> str | None:
    """Return the code with which a statement is refused; None where it is not."""
    answer = client.batch_execute_statement(Statements=[scripts_dynamodb.statement(name)])
    (found,) = answer["Responses"]
    return str(found["Error"]["Code"]) if "Error" in found else None
