import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from bench.deliver import packages as deliver_packages
from bench.deliver.packages import RELEASE
from bench.deliver.webhooks import (
    SIGNING_SECRET,
    SOURCE,
    TOPICS,
    body_of,
    gateway_event,
    order,
    rules_file,
    signature,
)
from bench.ingest import packages, page
from bench.ingest.bodies import FEW, ITEMS, LARGE, MANY, SMALL
from bench.ingest.by_hand import message_of, recipient_of
from bench.ingest.cold import Function, RuntimeApi, Start
from bench.ingest.figures import (
    CROWDED,
    DELIVER,
    HAND,
    INGEST,
    KIT,
    MAPPING,
    ONCE,
    PLAIN,
    ROWS,
    UNWANTED,
    beyond,
    cold,
    message,
    peak,
    webhook,
    with_bytecode,
    zipped,
)
from bench.ingest.ways import starts
from bench.paths import BUILD, PROJECT
from bench.plots import svg
from bench.processes import Ways
from bench.report import HEADS
from bench.results import OURS, Figures, results
from handler.aws.api_gateway import webhook_of
from handler.core.planning.plan import plan
from handler.core.rules.load import load
from handler.core.verification.verify import verify
from tests.docs_pages import page as docs_page
from tests.test_bench_page import rows, texts

PERFORMANCE = docs_page("performance")
WAYS = (OURS, RELEASE, PLAIN, ONCE, with_bytecode(PLAIN))
ROUNDS: Figures = {
    figure: {way: [2.0, 4.0, 8.0] for way in WAYS}
    for figure in (cold(INGEST), cold(DELIVER), webhook(SMALL), webhook(LARGE))
}
HANDLER = """
def lambda_handler(event, context):
    sum(range(event["work"]))
    return {"statusCode": event["status"]}
"""


def test_a_quick_run_measures_everything() -> None:
    command = (sys.executable, "-m", "bench.ingest", "--quick")
    subprocess.run(command, cwd=PROJECT, capture_output=True, check=True)
    kept = json.loads((BUILD / "quick-ingest.json").read_text(encoding="utf-8"))
    figures = kept["figures"]
    expected = {MAPPING, UNWANTED, message(MANY, SMALL), webhook(LARGE), cold(CROWDED)}
    expected |= {each(name) for each in (cold, beyond, peak, zipped) for name in (INGEST, DELIVER)}
    assert expected <= {*figures}
    assert {way for ways in figures.values() for way in ways} >= {OURS, PLAIN, HAND}
    # What the first invocation takes beyond a warm one is a difference, of which a busy machine may
    # make less than nothing.
    found = {
        name: each for name, each in figures.items() if name not in map(beyond, (INGEST, DELIVER))
    }
    assert all(value > 0 for ways in found.values() for each in ways.values() for value in each)
    assert not [*(BUILD / "typical").rglob("*.pyc")]  # no way leaves bytecode for the next


def recipient(event: dict[str, Any]) -> dict[str, Any]:
    source = load(SOURCE, rules_file(), "shop.yaml", "dev")
    taken = webhook_of(event, 0)
    (delivery,) = plan(verify(taken, source.scheme, (SIGNING_SECRET,)), source).deliveries
    return dict(delivery.recipient or {})


def test_a_rule_and_a_hand_map_the_same_fields() -> None:
    event = gateway_event(7, TOPICS["plain"])
    assert recipient_of(json.loads(event["body"])) == recipient(event)


def test_what_is_written_by_hand_verifies_too() -> None:
    body = body_of(1)
    sent = json.loads(message_of(body, signature(body), 1))["recipient"]
    assert sent == recipient_of(json.loads(body))
    with pytest.raises(ValueError, match="not signed"):
        message_of(body + b" ", signature(body), 1)


def test_a_typical_handler_sends_the_same_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    from bench.ingest.typical import Order  # noqa: PLC0415 - it makes clients
    from bench.ingest.typical import recipient_of as typical  # noqa: PLC0415 - as above

    placed = order(7)
    assert typical(Order.model_validate(placed)) == recipient_of(placed)


@pytest.mark.parametrize("size, kilobytes", [(SMALL, 10), (LARGE, 200)])
def test_bodies_have_the_size_that_they_are_called_by(size: str, kilobytes: int) -> None:
    assert len(body_of(1, ITEMS[size])) == pytest.approx(kilobytes * 1000, rel=0.05)


def test_of_many_rules_one_wants_the_order() -> None:
    source = load(SOURCE, rules_file(MANY - FEW), "shop.yaml", "dev")
    assert len(source.rules) == MANY
    assert [rule.name for rule in source.rules if rule.takes(TOPICS["plain"])] == ["plain"]


def started(folder: Path, event: dict[str, Any], count: int = 3) -> Start:
    (folder / "one.py").write_text(HANDLER, encoding="utf-8")
    with RuntimeApi() as api:
        return api.start(Function(folder, "one.lambda_handler", event), os.environ, count)


def test_cpu_until_the_first_answer_is_that_of_init_and_of_one_invocation(tmp_path: Path) -> None:
    found = started(tmp_path, {"work": 0, "status": 200})
    assert found.answered == found.init + found.first
    assert found.init > found.warm > 0
    assert 1 < found.peak < 40  # not that of the process which starts it
    busy = started(tmp_path, {"work": 10**7, "status": 200})
    assert busy.warm > 10 * found.warm


def test_a_function_that_fails_gives_no_figures(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"one\.lambda_handler: .*503"):
        started(tmp_path, {"work": 0, "status": 503})


def test_ways_that_the_machine_lacks_are_left_out_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver_packages, "BUILD", tmp_path)
    monkeypatch.setattr(packages, "RELEASE", "0000000")
    monkeypatch.setattr("shutil.which", lambda _: None)
    with ExitStack() as stack:
        ways = Ways(stack, starts("http://127.0.0.1:9")).start(RELEASE, KIT)
    assert not ways.running
    assert [words.split(":")[0] for words in ways.missing] == ["0000000", "Segment"]


def test_bytecode_of_the_typical_package_holds_whatever_the_dates_of_its_files() -> None:
    folder = packages.typical(bytecode=True)
    (compiled,) = (folder / "bench" / "ingest" / "__pycache__").glob("typical.*.pyc")
    assert compiled.read_bytes()[4:8] == b"\x01\0\0\0"  # PEP 552: by its source's hash, unchecked
    assert not [*packages.typical(bytecode=False).rglob("*.pyc")]


def test_the_plots_show_each_way() -> None:
    drawn = {name: {*texts(svg(plot))} for name, plot in page.plots(ROUNDS).items()}
    assert {*WAYS} <= drawn["cold-ingest"]
    assert {OURS, RELEASE, PLAIN, ONCE} <= drawn["webhook"]


def test_the_page_on_performance_has_a_row_of_each_figure() -> None:
    assert rows(PERFORMANCE, page.NAME) == [HEADS[0], "---", *(row.what for row in ROWS)]


def test_a_row_is_left_out_where_its_way_was_not_measured() -> None:
    assert {found.row.figure for found in results(ROWS, ROUNDS)} == {*ROUNDS}
