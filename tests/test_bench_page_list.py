"""The benchmarks of the page: what they read, and what they make of CPU and of times."""

import threading
from contextlib import closing

from bench.keystroke import NO_STACK, Taken, Typist, context_of
from bench.page_cost import Spent, report, taken_by
from bench.page_list import RULES, line, reads, times
from relay.local.webhook_feed import Answered
from relay.page.server import served_page


def test_what_is_read_is_a_list_with_the_webhook_that_is_sought() -> None:
    context = context_of(NO_STACK, RULES)
    for number in range(1, 4):
        body = f'{{"name": "#{number}"}}'.encode()
        line = Answered("POST", "/webhooks/shopify", {}, body, 404, "{}").line()
        context.journal.add(line, context.live.served)
    paths = reads([2, 2, 3])
    with served_page(context) as url, closing(Typist(url)) as reader:
        assert "1 of 3 fits" in reader.get(paths["searching for one"][0])
        assert "3 webhooks" in reader.get(paths["the list"][0])
        taken = times(reader, paths["searching for one"])
    assert len(taken) == 2
    assert all(one.wall > 0 for one in taken)


def test_a_line_says_whether_the_goal_is_met() -> None:
    assert line("x", [Taken(99.0, 1.0)] * 9).endswith("(p95 at most 100 ms: met)\n")
    assert line("x", [Taken(101.0, 1.0)] * 9).endswith("(p95 at most 100 ms: not met)\n")


def test_the_cpu_of_a_thread_that_is_called_page_is_the_pages() -> None:
    ended, busy = threading.Event(), threading.Event()

    def work() -> None:
        sum(range(3_000_000))
        busy.set()
        ended.wait()

    def begin() -> None:
        threading.Thread(target=work, name="page").start()
        busy.wait()

    try:
        found = taken_by(begin)
    finally:
        ended.set()
    assert found.page > 0
    assert found.stack >= 0


def test_the_share_is_the_pages_of_all_in_its_own_rounds() -> None:
    without, beside = [Spent(9.0, 0.0)], [Spent(10.0, 0.2), Spent(10.0, 0.4), Spent(10.0, 0.3)]
    *_, share = report(without, beside)
    assert share.endswith("3.00% of it (at most 3%: met)")
    *_, share = report(without, [Spent(10.0, 0.31)])
    assert share.endswith("not met)")
