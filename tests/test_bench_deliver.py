import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import boto3
import pytest

from bench.deliver import packages, page
from bench.deliver.answers import DYNAMODB, TABLE, Unexpected, answer, is_shared, writes
from bench.deliver.figures import EVENT, PATH, REQUESTS, ROWS, cpu, wall
from bench.deliver.packages import RELEASE
from bench.deliver.sink import CALLS, WRITES
from bench.deliver.ways import SEGMENT, TYPICAL, Sink, starts
from bench.deliver.webhooks import (
    SIGNING_SECRET,
    SOURCE,
    gateway_event,
    rules_file,
    typical_message,
)
from bench.paths import BUILD, PROJECT
from bench.plots import svg
from bench.processes import Ways
from bench.report import HEADS, Run
from bench.results import OURS, Figures, Goal, Row, results
from handler.aws.api_gateway import webhook_of
from handler.aws.dynamodb import Table
from handler.core.planning.plan import plan
from handler.core.rules.load import load
from handler.core.verification.verify import verify
from handler.ledger.pauses import PAUSES
from tests.docs_pages import page as docs_page
from tests.test_bench_page import rows, texts

PERFORMANCE = docs_page("performance")
ROUNDS: Figures = {
    figure: {way: [1.0, 4.0, 2.0], RELEASE: [2.0, 4.0, 8.0]}
    for way in (OURS,)
    for figure in (*(cpu("plain", size) for size in (1, 10, 50)), *map(wall, (1, 10, 50)))
}


def test_a_quick_run_serves_and_counts_everything() -> None:
    command = (sys.executable, "-m", "bench.deliver", "--quick")
    subprocess.run(command, cwd=PROJECT, capture_output=True, check=True)
    figures = json.loads((BUILD / "quick-deliver.json").read_text(encoding="utf-8"))["figures"]
    assert figures[REQUESTS][TYPICAL] == [50]  # one for each message
    measured = {name: ways for name, ways in figures.items() if name != EVENT}
    assert {cpu("canvas", 50), cpu("hold", 50), wall(50), PATH} < {*measured}
    assert all(value > 0 for ways in measured.values() for each in ways.values() for value in each)


def recipient_of(number: int) -> dict[str, Any]:
    source = load(SOURCE, rules_file(), "shop.yaml", "dev")
    webhook = webhook_of(gateway_event(number, "orders/create"), 0)
    planned = plan(verify(webhook, source.scheme, (SIGNING_SECRET,)), source, 10**9)
    (delivery,) = planned.deliveries
    return dict(delivery.recipient or {})


def test_this_relay_and_the_typical_worker_send_braze_the_same_recipient() -> None:
    theirs = json.loads(typical_message(7))["recipient"]
    ours = recipient_of(7)
    theirs["trigger_properties"]["created_at"] = ours["trigger_properties"]["created_at"]
    assert len(theirs["trigger_properties"]) + 2 == 15
    assert ours == theirs


def test_a_ratio_is_the_median_of_the_rounds_ratios_and_not_of_their_figures() -> None:
    row = Row("it", "µs", wall(50), (wall(50), RELEASE), Goal(0.5))
    result = row.result(ROUNDS)
    assert result is not None
    assert (result.ours, result.other, result.ratio) == (2.0, 4.0, 0.5)
    assert result.ends == pytest.approx((0.3, 0.9))
    assert result.is_met


def test_a_row_without_its_peer_is_left_out() -> None:
    assert Row("it", "µs", wall(50), (EVENT, SEGMENT)).result(ROUNDS) is None


def test_a_rate_is_better_where_it_is_higher() -> None:
    row = Row("it", "", wall(50), (wall(50), RELEASE), Goal(1.5, at_least=True), per=1e6)
    result = row.result(ROUNDS)
    assert result is not None
    assert result.ratio == 2.0
    assert result.cells()[-2:] == ["≥ 1.5", "met"]


def test_a_counted_figure_has_a_goal_of_its_own() -> None:
    row = Row("it", "", wall(50), (wall(50), RELEASE), Goal(1.9), counted=True)
    result = row.result(ROUNDS)
    assert result is not None
    assert result.cells() == ["it", "2", f"{RELEASE}: 4", "", "≤ 1.9", "not met"]


def test_a_counted_figure_may_stand_alone() -> None:
    for other in (None, (wall(50), SEGMENT)):  # the second was not measured
        result = Row("it", "ms", wall(50), other, Goal(2), counted=True).result(ROUNDS)
        assert result is not None
        assert result.cells() == ["it", "2 ms", "", "", "≤ 2", "met"]
        assert result.document()["ratio"] is None


def test_another_figure_of_this_checkout_has_a_name_of_its_own() -> None:
    result = Row("it", "ms", wall(50), (wall(10), OURS), beside="10").result(ROUNDS)
    assert result is not None
    assert result.cells()[2] == "10: 2 ms"


def test_a_call_that_the_sink_does_not_know_is_no_yes() -> None:
    with pytest.raises(Unexpected):
        answer(f"{DYNAMODB}Scan", b"{}")


def test_calls_about_no_delivery_are_told_from_those_about_one() -> None:
    def shared(key: str) -> bool:
        return is_shared(f"{DYNAMODB}GetItem", json.dumps({"Key": {"pk": {"S": key}}}).encode())

    assert all(shared(key) for key in (PAUSES, "breaker#default", "rate#default", "target#x"))
    assert not shared("delivery#breaker")
    assert not is_shared("AmazonSQS.SendMessageBatch", b'"rate#')


def test_statements_that_read_are_no_writes() -> None:
    statements = [{"Statement": "INSERT INTO ledger"}, {"Statement": "SELECT * FROM ledger"}]
    body = json.dumps({"Statements": statements}).encode()
    assert writes(f"{DYNAMODB}BatchExecuteStatement", body) == 1
    assert json.loads(answer(f"{DYNAMODB}BatchExecuteStatement", body)[1])["Responses"][1:]


def test_a_page_shows_each_figure_and_what_holds_a_goal() -> None:
    missed = {"it": ["60% botocore", "40% <built-in>"]}
    block = Run("About.", results(ROWS, ROUNDS), missed, [], ROUNDS).block()
    assert "| wall time, batch of 50 | 2 ms | 630240a: 4 ms | 0.50 [0.30 to 0.90] |" in block
    assert block.endswith("\n\n- Not met: it. `60% botocore`, `40% <built-in>`.")


def test_the_plots_show_each_way_by_the_size_of_a_batch() -> None:
    for plot in page.plots(ROUNDS).values():
        assert {OURS, RELEASE, "1", "10", "50"} <= {*texts(svg(plot))}


def test_a_way_that_the_machine_lacks_is_left_out_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "BUILD", tmp_path)
    monkeypatch.setattr(packages, "RELEASE", "0000000")
    monkeypatch.setattr("shutil.which", lambda _: None)
    with ExitStack() as stack:
        ways = Ways(stack, starts(Sink(stack).url)).start(RELEASE, SEGMENT)
    assert not ways.running
    assert [words.split(":")[0] for words in ways.missing] == ["0000000", "Segment"]


def test_the_page_on_performance_has_a_row_of_each_figure() -> None:
    assert rows(PERFORMANCE, page.NAME) == [HEADS[0], "---", *(row.what for row in ROWS)]


def test_the_sink_lets_a_first_claim_and_its_mark_be_written_together() -> None:
    with ExitStack() as stack:
        sink = Sink(stack)
        client = boto3.client(
            "dynamodb",
            endpoint_url=sink.url,
            region_name="eu-west-1",
            aws_access_key_id="nobody",
            aws_secret_access_key="nothing",
        )
        table = Table(client, TABLE)
        claim = table.insert("delivery#1", {"owner": {"S": "me"}})
        mark = table.set_owned("delivery#2", "me", {"state": {"S": "accepted"}})
        assert [*table.write_all([claim, mark])] == [True, True]
        counts = sink.counts()
    assert (counts[CALLS], counts[WRITES]) == (1, 2)
