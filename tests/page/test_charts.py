"""Charts: what is drawn of samples, and that the stack's own figures get there."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from relay.page.charts.drawing import HEIGHT, WIDTH, Chart, charts, rows
from relay.page.charts.routes import drawn
from relay.page.charts.samples import EVERY, KEPT, SPAN, DataPoint, Samples, attempts_in, budget_in
from tests.e2e.harness import Relay, sample, until

NOW = 1_800_000_000.0
Numbers = list[tuple[float, float]]


def one_of(key: str, samples: list[DataPoint], now: float = NOW) -> Chart:
    return next(one for one in charts(samples, now) if one.key == key)


def points(path: str) -> list[Numbers]:
    """Return the lines of a path, each as its points."""
    return [
        [(float(x), float(y)) for x, y in (one.split() for one in line.split(" L"))]
        for line in path.strip().split("M")[1:]
    ]


def waiting(*figures: tuple[float, int]) -> list[DataPoint]:
    return [DataPoint(NOW + at, waiting=value) for at, value in figures]


def test_a_line_runs_from_the_oldest_figure_to_the_newest_at_the_right_edge() -> None:
    chart = one_of("waiting", waiting((-10, 0), (-5, 10), (0, 5)))
    ((first, highest, last),) = points(chart.line)
    assert chart.top == "10"
    assert [*first] == pytest.approx([WIDTH * (1 - 10 / SPAN), HEIGHT], abs=0.1)
    assert highest[1] == 0
    assert [*last] == [WIDTH, HEIGHT / 2]
    assert chart.now == "5"
    assert chart.description.endswith("lowest 0, highest 10, now 5.")


def test_the_time_without_a_page_is_a_gap() -> None:
    chart = one_of("waiting", waiting((-200, 1), (-195, 1), (-5, 2), (0, 2)))
    assert [len(one) for one in points(chart.line)] == [2, 2]
    assert chart.area.count("Z") == 2


def test_one_figure_is_a_dot_and_none_is_nothing() -> None:
    (dot,) = points(one_of("waiting", waiting((0, 3))).line)
    assert dot[0] == dot[1]
    for chart in charts([], NOW):
        assert chart.line == ""
        assert chart.now == "unknown"
        assert chart.description == "No figure yet."


def test_attempts_are_bars_and_are_summed() -> None:
    chart = one_of("attempts", [DataPoint(NOW - 5, attempts=2), DataPoint(NOW, attempts=1_000)])
    assert chart.now == "1,002 in all"
    assert chart.line.count("V") == 2
    assert chart.area == ""


def test_the_budget_is_drawn_against_braze_s_limit() -> None:
    half = DataPoint(NOW, left=125_000, limit=250_000)
    chart = one_of("left", [DataPoint(NOW - 5), half])
    assert chart.top == "250,000"
    assert points(chart.line)[0][-1][1] == HEIGHT / 2
    assert rows([DataPoint(NOW - 5), half])[1][-1] == "unknown"


@pytest.mark.parametrize("highest, top", [(0, "5"), (5, "5"), (6, "10"), (11, "20"), (201, "500")])
def test_the_upper_edge_is_a_round_number(highest: int, top: str) -> None:
    assert one_of("waiting", waiting((0, highest))).top == top


def test_the_budget_is_that_of_the_workspace_with_the_fewest_requests_left() -> None:
    rates = {
        "a": {"remaining": 90, "limit": 100, "reset": NOW + 9},
        "b": {"remaining": 5, "limit": 10, "reset": NOW + 9},
        "c": {},
    }
    assert budget_in(rates, NOW) == (5, 10)
    assert budget_in({"a": {**rates["a"], "reset": NOW - 1}}, NOW) == (100, 100)
    assert budget_in({}, NOW) == (None, None)
    assert budget_in(rates | {"a#track": {"remaining": 1, "limit": 2}}, NOW) == (5, 10)


def test_waits_and_duplicates_are_no_attempts() -> None:
    made: list[dict[str, Any]] = [
        {"message": "delivery", "outcome": "accepted", "attempt": 2},
        {"message": "delivery", "outcome": "not_sent", "attempt": 1},
        {"message": "delivery", "outcome": "waiting", "reason": "paused"},
        {"message": "delivery", "outcome": "duplicate"},
        {"message": "webhook"},
        {},
    ]
    assert attempts_in(made) == (2, 1)


def test_what_is_kept_is_bounded_and_the_oldest_goes() -> None:
    samples = Samples()
    for at in range(KEPT + 5):
        samples.add(DataPoint(NOW + at * EVERY))
    assert len(samples.since(0)) == KEPT
    assert samples.since(0)[0].at == NOW + 5 * EVERY


def test_each_chart_is_an_svg_with_a_title_and_words_and_a_table_has_its_figures() -> None:
    samples = Samples()
    for at in range(3):
        samples.add(DataPoint(NOW + at * EVERY, at, at * 2, at * 3, at * 4, 250_000 - at, 250_000))
    page = ET.fromstring(f"<div>{drawn(samples, NOW + 2 * EVERY).replace('<br>', '')}</div>")  # noqa: S314 - our own page
    found = page.findall(".//svg")
    assert len(found) == 5
    for svg in found:
        named = (svg.attrib["aria-labelledby"]).split()
        assert [one.attrib["id"] for one in (svg[0], svg[1])] == named
        assert svg[0].text
        assert svg[1].text
        assert all("style" not in one.attrib for one in svg.iter())
    newest = [one.text for one in page.findall(".//tbody/tr")[0]][1:]
    assert newest == ["2", "4", "6", "8", "249,998"]


def test_the_charts_show_what_the_stack_has_sent_while_the_page_was_open(
    opened: Callable[..., Page], relay: Relay
) -> None:
    charts_of_page = opened("/braze").locator("#charts")
    accepted = charts_of_page.locator("figure", has_text="Accepted").locator("strong")
    expect(accepted).to_contain_text("in all")
    before = number(accepted.inner_text())
    assert relay.shopify("orders/create", sample("shopify-order")).status_code == 200
    relay.sends(1)
    until(lambda: number(accepted.inner_text()), lambda now: now > before, "accepted delivery")
    left = charts_of_page.locator("figure", has_text="Left of").locator("strong")
    expect(left).to_have_text(re.compile(r"2[45]\d,\d{3}"))
    charts_of_page.get_by_text("Figures").click()
    expect(charts_of_page.locator("tbody tr").nth(2)).to_be_visible()


def number(text: str) -> int:
    return int(text.partition(" ")[0].replace(",", ""))
