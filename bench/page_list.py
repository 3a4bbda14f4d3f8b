"""Time to choose a webhook of the page's list, and to find one in it, over HTTP.

    .venv/bin/python -m bench.page_list [--webhooks 1000] [--times 100]

The stack is a local one beside a simulated Braze: each webhook is an order that was posted to it,
and its message has arrived. CPU is that of the page and of its reader, without the stack's.
"""

import argparse
import random
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import Final

from bench.keystroke import Taken, Typist, context_of, percentiles, taken_by, verdict
from bench.paths import PROJECT
from relay.local.stack import Local, local_stack
from relay.page.context import PageContext
from relay.page.server import served_page
from tests.e2e.harness import SECRETS, WORKERS, Relay, sample, until

RULES: Final = PROJECT / "tests" / "rules"
GOAL_MS: Final = 100  # of the 95th percentile
_SENDERS: Final = 4  # at once
_PATIENCE: Final = 1_800  # seconds, until all orders have arrived


def reads(numbers: Sequence[int]) -> Mapping[str, list[str]]:
    """Return the paths that are read, by what one does; the order of a webhook has its number."""
    return {
        "the list": ["/webhooks" for _ in numbers],
        "choosing one": [f"/webhooks/{one}" for one in numbers],
        "searching for one": [f"/webhooks?text=%23{one}" for one in numbers],
        "filtering": ["/webhooks?kind=good" for _ in numbers],
    }


def times(reader: Typist, paths: Iterable[str]) -> list[Taken]:
    """Return what each read takes, from the second one on."""
    first, *others = paths
    reader.get(first)
    return [taken_by(partial(reader.get, one)) for one in others]


def line(name: str, taken: list[Taken]) -> str:
    """Return the percentiles of a kind of read as a line."""
    return f"{name:20} {percentiles(taken)}  {verdict(taken, GOAL_MS)}\n"


def post(local: Local, context: PageContext, count: int) -> None:
    """Post orders to a stack, and wait until the page has them all and Braze too."""
    relay = Relay(local, _PATIENCE)

    def one(number: int) -> None:
        relay.shopify("orders/create", sample("shopify-order") | {"name": f"#{number}"})

    with ThreadPoolExecutor(_SENDERS) as senders:
        list(senders.map(one, range(1, count + 1)))
    until(lambda: context.journal.count, lambda found: found >= count, "webhooks", _PATIENCE)
    arrived = lambda: relay.braze("GET", "/counts")["sends"]  # noqa: E731 - asked again
    until(arrived, lambda found: found >= count, "sends", _PATIENCE)


def main() -> None:
    """Print the percentiles of each kind of read."""
    parser = argparse.ArgumentParser(prog="python -m bench.page_list", description=__doc__)
    parser.add_argument("--webhooks", type=int, default=1000, metavar="COUNT")
    parser.add_argument("--times", type=int, default=100, metavar="COUNT")
    given = parser.parse_args()
    chosen = random.Random(1).choices(range(1, given.webhooks + 1), k=given.times + 1)
    with local_stack(RULES, SECRETS, None, RulesStage="dev", **WORKERS) as local:
        context = context_of(local, RULES, SECRETS)
        with served_page(context) as url, closing(Typist(url)) as reader:
            post(local, context, given.webhooks)
            for name, paths in reads(chosen).items():
                sys.stdout.write(line(name, times(reader, paths)))


if __name__ == "__main__":
    main()
