import json
import re

import pytest

from bench.cost import ALLOWED, BATCH, BEGIN, MILLION, Measured, cost, written
from tests.docs_pages import page

DEPLOY = page("deploy")
MEASURED = Measured(
    webhook_ms=2,
    cold_webhook_ms=400,
    batch_ms=8,
    cold_batch_ms=300,
    wait_ms=220,
    writes=2.1,
    log_bytes=450,
)


def test_the_page_on_deployment_shows_what_its_figures_come_to() -> None:
    (found,) = re.findall(f"{re.escape(BEGIN)}(.*) -->", DEPLOY)
    assert written(Measured(**json.loads(found))) in DEPLOY


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
