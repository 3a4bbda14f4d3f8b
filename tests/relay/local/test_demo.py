"""What the tables show is whole, and counted in words."""

import io

import pytest
from rich.console import Console

from relay.local.demo import posted_table, refused_table
from relay.webhooks.post import Posted
from relay.webhooks.samples import Sample

LONG = "c" * 120


def shown(table: object) -> str:
    """Return a table as a terminal of 80 columns shows it."""
    screen = Console(file=io.StringIO(), width=80)
    screen.print(table)
    return str(screen.file.getvalue())  # type: ignore[attr-defined] # it is the text above


def test_a_long_id_is_folded_and_not_cut() -> None:
    table = refused_table([{"status": 400, "reason": "no", "body": {"campaign_id": LONG}}])
    assert shown(table).count("c") >= len(LONG)
    assert "…" not in shown(table)


@pytest.mark.parametrize(
    "answer, words",
    [
        ({"events": 1, "deliveries": 1}, "200 1 event, 1 delivery"),
        ({"events": 2, "deliveries": 0}, "200 2 events, 0 deliveries"),
        ({"events": 1, "deliveries": 0, "parked": 1}, "200 1 event, 0 deliveries, 1 parked"),
    ],
)
def test_one_is_one(answer: dict[str, int], words: str) -> None:
    assert words in shown(posted_table([Posted(Sample("order", "shop", {}, {}), 200, answer)]))
