"""Braze is away while orders come in: each is answered 200, waits, and is sent exactly once.

`FAULTS_FULL=1 .venv/bin/pytest -s tests/faults` runs these tests at full size, for minutes.
"""

import sys

from tests.faults.outage import DOWN_SECONDS, ORDERS, SMALL, SMALL_SECONDS, run
from tests.faults.wire import FULL, customers


def test_orders_of_an_outage_are_all_answered_200_and_sent_exactly_once_after_it() -> None:
    orders, seconds = (ORDERS, DOWN_SECONDS) if FULL else (SMALL, SMALL_SECONDS)

    figures = run(orders, seconds)

    sys.stdout.write(f"{figures}\n")
    assert figures.answers == {200: orders}
    assert figures.sends == dict.fromkeys(customers(orders), 1)
    assert figures.states == {"ACCEPTED": orders}
    assert figures.dead_letters == 0
    # They were sent into an outage and after it, and the breaker spared Braze most of it.
    assert 0 < figures.into_the_outage < orders
    assert set(figures.requests) == {201, 503}
