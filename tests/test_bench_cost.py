from collections.abc import Callable

import pytest

from bench.cost import (
    ALLOWED,
    BATCH,
    MEMORY,
    MONTH,
    by_memory,
    by_part,
    cost,
    measured_of,
)
from bench.deliver.figures import CALLS, WRITES, cpu, logged
from bench.deliver.measure import SIZES
from bench.ingest.bodies import SMALL
from bench.ingest.figures import DELIVER, INGEST, LOGGED, cold, webhook
from bench.page import marks
from bench.results import OURS
from relay.cost.measured import Batch, Measured, read
from relay.cost.prices import MILLION
from tests.docs_pages import page

DEPLOY = page("deploy")
MEASURED = Measured(
    about="a run",
    webhook_ms=2,
    cold_webhook_ms=400,
    webhook_log_bytes=1000,
    cold_batch_ms=300,
    batches={BATCH: Batch(cpu_ms=8, calls=5, writes=2.1, log_bytes=450)},
)


@pytest.mark.parametrize("name, made", [(MEMORY, by_memory), (MONTH, by_part)])
def test_the_page_on_deployment_shows_what_the_measured_figures_come_to(
    name: str, made: Callable[[Measured], str]
) -> None:
    begin, end = marks(name)
    assert f"{begin}\n{made(read())}\n{end}" in DEPLOY


def test_cpu_time_grows_as_memory_shrinks_and_waiting_does_not() -> None:
    assert cost(MEASURED, 1769).warm_batch == 228
    assert cost(MEASURED, 512).warm_batch == pytest.approx(220 + 8 * 1769 / 512)
    assert cost(MEASURED, 3008).warm_batch == 228  # one core is all that one thread can use


def test_so_many_workers_reach_what_braze_allows_and_one_less_does_not() -> None:
    found = cost(MEASURED, 512)
    assert (found.workers - 1) * found.rate < ALLOWED <= found.workers * found.rate


def test_a_million_in_batches_of_ten_takes_24_minutes_at_what_braze_allows() -> None:
    assert pytest.approx(24) == MILLION / BATCH / ALLOWED / 60


def test_a_million_deliveries_cost_the_sum_of_the_page() -> None:
    found = cost(MEASURED, 1024)
    lambda_ = 1e5 * (0.20 / 1e6 + 0.2338 * 1 * 1.33 / 1e5)
    sqs, writes, logs = 1.2e6 * 0.40 / 1e6, 4.1 * 0.625, 450 * 1e6 * 0.50 / 1e9
    assert found.dollars == pytest.approx(lambda_ + sqs + writes + logs, rel=1e-3)


def test_figures_of_a_delivery_become_those_of_a_batch_in_milliseconds() -> None:
    figures = {
        **{cpu("plain", size): {OURS: [900.0, 300.0, 400.0]} for size in SIZES},
        **{f"{CALLS}plain{kind}": {OURS: [0.4]} for kind in ("", ", 10", ", 1")},
        **{f"{WRITES}plain{kind}": {OURS: [2.2]} for kind in ("", ", 10", ", 1")},
        **{logged(size): {OURS: [529.3]} for size in SIZES},
        webhook(SMALL): {OURS: [2000.0]},
        cold(INGEST): {OURS: [400.0]},
        cold(DELIVER): {OURS: [300.0]},
        LOGGED: {OURS: [1192.0]},
    }
    found = measured_of("a run", figures)
    assert found.batches[10] == Batch(cpu_ms=4.0, calls=4.0, writes=2.2, log_bytes=529)
    assert found.webhook_ms == 2
    assert Measured.of(found.text()) == found
