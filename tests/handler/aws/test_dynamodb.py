"""Conditional writes, many in one call: each has a result of its own, or is said to have none."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import boto3
import pytest
from botocore.config import Config

from handler.aws.clock import Clock
from handler.aws.dynamodb import BATCH, Statement, Table, number, text
from handler.core.errors import Unavailable
from relay.local.emulator import free_port
from tests.handler.stage import Aws, make_table

# The words that the ledger writes; most are reserved (DynamoDB guide, "Reserved words").
ITEM: Final = {
    "state": text("SENDING"),
    "owner": text("me"),
    "lease_until": number(5),
    "last": {"L": [{"M": {"class": text("unknown"), "time": number(1)}}]},
    "alone": {"BOOL": True},
    "members": {"SS": ["a", "b"]},
}


@pytest.fixture(scope="module")
def table(aws: Aws) -> Table:
    return Table(aws.client("dynamodb"), make_table(aws))


def run(table: Table, *statements: Statement) -> list[bool | str]:
    """Return the results, those of no answer as text."""
    found = table.write_all(statements)
    return [str(one) if isinstance(one, Unavailable) else one for one in found]


def test_an_insert_is_applied_once_and_its_item_is_as_given(table: Table) -> None:
    assert run(table, table.insert("new", ITEM)) == [True]
    assert run(table, table.insert("new", ITEM | {"owner": text("other")})) == [False]
    found = {**table.get("new")}
    found["members"] = {"SS": sorted(found["members"]["SS"])}
    assert found == {"pk": text("new"), **ITEM}


def test_only_the_owner_changes_an_item_and_none_is_made(table: Table) -> None:
    list(table.write_all([table.insert("owned", ITEM)]))
    sets, removes = {"state": text("ACCEPTED"), "attempts": number(1)}, ["alone", "surge", "last"]
    results = run(
        table,
        table.set_owned("owned", "other", sets),
        table.set_owned("missing", "me", sets),
    )
    assert results == [False, False]
    assert table.get("owned")["state"] == text("SENDING")
    assert table.get("missing") == {}

    assert run(table, table.set_owned("owned", "me", sets, removes)) == [True]
    assert run(table, table.set_owned("owned", "me", {}, ["members", "lease_until"])) == [True]
    assert table.get("owned") == {"pk": text("owned"), "owner": text("me"), **sets}


def test_one_that_is_not_applied_stops_no_other(table: Table) -> None:
    list(table.write_all([table.insert("1", {"owner": text("me")})]))
    made = [table.insert(str(at), {"owner": text("you")}) for at in range(3)]
    refused = table.insert("", {})  # a key that DynamoDB does not take
    results = run(table, made[0], refused, made[1], made[2])
    assert results == [True, "ledger: ValidationError", False, True]
    assert [table.get(str(at))["owner"]["S"] for at in range(3)] == ["you", "me", "you"]


def test_writes_go_in_the_order_in_which_they_are_given_also_those_of_one_item(
    table: Table,
) -> None:
    made = [table.insert("same", {"owner": text("me"), "count": number(0)})]
    made += [table.set_owned("same", "me", {"count": number(at)}) for at in range(1, 4)]
    made.append(table.insert("same", {}))
    assert run(table, *made) == [True, True, True, True, False]
    assert table.get("same")["count"] == number(3)


@dataclass
class Peer:
    """DynamoDB on a socket, which answers as it is told, and else that all was applied."""

    status: int = 200
    answer: dict[str, Any] | None = None
    calls: list[list[str]] = field(default_factory=list)  # the key of each statement
    date: str = ""

    def reply(self, body: bytes) -> bytes:
        given = json.loads(body)["Statements"]
        self.calls.append([one["Parameters"][0]["S"] for one in given])
        made = {"Responses": [{"TableName": "ledger"}] * len(given)}
        return json.dumps(made if self.answer is None else self.answer).encode()


def handler_of(peer: Peer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer = peer.reply(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response_only(peer.status)
            self.send_header("Content-Length", str(len(answer)))
            if peer.date:
                self.send_header("Date", peer.date)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    return Handler


@pytest.fixture
def peer() -> Peer:
    return Peer()


@cache  # it reads the definition of a service once
def maker() -> Any:
    return boto3.Session("test", "test", region_name="us-east-1").client


def client_of(url: str) -> Any:
    once = Config(retries={"mode": "standard", "total_max_attempts": 1})
    return maker()("dynamodb", endpoint_url=url, config=once)


@pytest.fixture
def remote(peer: Peer) -> Iterator[Table]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler_of(peer)) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        yield Table(client_of(url), "ledger")
        server.shutdown()


def inserts(table: Table, count: int) -> list[Statement]:
    return [table.insert(str(at), {}) for at in range(count)]


@pytest.mark.parametrize("count", [0, 1, BATCH, BATCH + 1, 2 * BATCH])
def test_a_call_takes_25_statements(remote: Table, peer: Peer, count: int) -> None:
    assert run(remote, *inserts(remote, count)) == [True] * count
    assert [len(call) for call in peer.calls] == [
        min(BATCH, count - start) for start in range(0, count, BATCH)
    ]


def test_a_statement_is_taken_right_before_its_call(remote: Table, peer: Peer) -> None:
    taken = []

    def asked() -> Iterator[Statement]:
        for one in inserts(remote, 2 * BATCH):
            taken.append(len(peer.calls))
            yield one

    results = remote.write_all(asked())
    assert (taken, peer.calls) == ([], [])
    assert next(results) is True
    assert (len(taken), len(peer.calls)) == (BATCH, 1)
    assert [*results] == [True] * (2 * BATCH - 1)
    assert taken == [0] * BATCH + [1] * BATCH


def test_no_call_has_an_item_twice(remote: Table, peer: Peer) -> None:
    made = [remote.insert(key, {}) for key in "abacbb"]
    assert run(remote, *made) == [True] * 6
    assert peer.calls == [["a", "b"], ["a", "c", "b"], ["b"]]


UNCLEAR: Final[dict[str, Any]] = {
    "InternalServerError": {"Error": {"Code": "InternalServerError", "Message": "canary"}},
    "ProvisionedThroughputExceeded": {"Error": {"Code": "ProvisionedThroughputExceeded"}},
    "ThrottlingError": {"Error": {"Code": "ThrottlingError"}},
    "TransactionConflict": {"Error": {"Code": "TransactionConflict"}},
    "AccessDenied": {"Error": {"Code": "AccessDenied"}},
    "": {"Error": {}},
    "no result": None,
}


@pytest.mark.parametrize("name", UNCLEAR)
def test_a_result_that_is_unclear_is_of_its_own_statement_alone(
    remote: Table, peer: Peer, name: str
) -> None:
    duplicate = {"Error": {"Code": "DuplicateItem", "Message": "x"}, "TableName": "ledger"}
    peer.answer = {"Responses": [{"TableName": "ledger"}, UNCLEAR[name], duplicate]}
    assert run(remote, *inserts(remote, 3)) == [True, f"ledger: {name}", False]


@pytest.mark.parametrize("count", [None, 0, 1, 3])
def test_where_results_lack_or_are_too_many_none_is_believed(
    remote: Table, peer: Peer, count: int | None
) -> None:
    peer.answer = {} if count is None else {"Responses": [{"TableName": "ledger"}] * count}
    assert run(remote, *inserts(remote, 2)) == [f"ledger: {count or 0} results of 2"] * 2


def test_a_call_that_fails_is_of_its_own_statements_alone(remote: Table, peer: Peer) -> None:
    results = remote.write_all(inserts(remote, BATCH + 2))
    assert next(results) is True
    peer.status = 400
    peer.answer = {"__type": "com.amazon#ValidationException", "message": "canary"}
    found = [*map(str, results)]
    assert found == ["True"] * (BATCH - 1) + ["ledger: ClientError ValidationException"] * 2


def test_where_nobody_answers_each_statement_has_that_as_its_result() -> None:
    table = Table(client_of(f"http://127.0.0.1:{free_port()}"), "ledger")
    assert run(table, *inserts(table, 2)) == ["ledger: EndpointConnectionError"] * 2


def test_an_answer_corrects_the_clock(remote: Table, peer: Peer) -> None:
    local = 1_800_000_000.0
    peer.date = formatdate(int(local) + 300, usegmt=True)
    clock = Clock(lambda: local)
    table = Table(remote.client, "ledger", clock)
    assert run(table, *inserts(table, 1)) == [True]
    assert clock() == pytest.approx(local + 300, abs=1)
