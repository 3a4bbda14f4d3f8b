"""What benchmarks write into a page of docs: text between marks, and plots."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench.drain import page as drain
from bench.drain.__main__ import quick, run
from bench.drain.scenarios import SCENARIOS
from bench.page import marks, write
from bench.plots import Axis, Bars, Plot, svg
from relay.paths import PROJECT
from tests.docs_pages import page

PERFORMANCE = page("performance")
LINEAR = Axis("minutes")
LOGARITHMIC = Axis("seconds", is_logarithmic=True)


def rows(text: str, name: str) -> list[str]:
    """Return the first cells of the table that a benchmark has written into a page."""
    begin, end = marks(name)
    lines = text.partition(begin)[2].partition(end)[0].splitlines()
    return [line.split(" | ")[0].removeprefix("| ") for line in lines if line.startswith("|")]


def texts(drawn: str) -> list[str]:
    root = ET.fromstring(drawn)  # noqa: S314 - our own
    return [one.text or "" for one in root if one.tag.endswith("text")]


def places(drawn: str) -> list[tuple[float, float]]:
    """Return the points of a plot's one line, in pixels from the upper left."""
    (line,) = [one for one in ET.fromstring(drawn) if one.tag.endswith("polyline")]  # noqa: S314 - our own
    pairs = (pair.split(",") for pair in line.attrib["points"].split())
    return [(float(x), float(y)) for x, y in pairs]


def test_a_page_gets_text_between_its_marks_and_plots_beside_it(tmp_path: Path) -> None:
    to, (begin, end) = tmp_path / "performance.md", marks("it")
    to.write_text(f"before\n{begin}\nold\n{end}\nafter\n", encoding="utf-8")
    write(to, "it", "new", {"plot": Plot("Title", LINEAR, LINEAR, {"line": [(0, 0), (1, 1)]})})
    text = to.read_text(encoding="utf-8")
    assert text == f"before\n{begin}\nnew\n{end}\nafter\n"
    assert "Title" in texts((tmp_path / "performance" / "plot.svg").read_text(encoding="utf-8"))


def test_a_page_without_marks_is_refused(tmp_path: Path) -> None:
    to = tmp_path / "performance.md"
    to.write_text("before", encoding="utf-8")
    with pytest.raises(ValueError, match=r"performance.md has no <!-- bench:it -->"):
        write(to, "it", "new", {})


def test_a_linear_axis_begins_at_0_and_ends_beyond_the_values() -> None:
    drawn = svg(Plot("", LINEAR, LINEAR, {"line": [(0, 0), (50, 45), (100, 90)]}))
    assert {*texts(drawn)} == {"0", "20", "40", "60", "80", "100", "", "minutes", "line"}
    (left, bottom), middle, (right, top) = places(drawn)
    assert middle == ((left + right) / 2, (bottom + top) / 2)


def test_equal_ratios_are_equally_far_on_a_logarithmic_axis() -> None:
    drawn = svg(Plot("", LOGARITHMIC, LOGARITHMIC, {"line": [(1, 0.1), (10, 1), (100, 10)]}))
    assert {"0.1", "0.2", "0.5", "1", "2", "5", "10", "100"} < {*texts(drawn)}
    (left, bottom), middle, (right, top) = places(drawn)
    assert middle == ((left + right) / 2, (bottom + top) / 2)


def test_one_value_has_an_axis_too() -> None:
    assert places(svg(Plot("", LINEAR, LOGARITHMIC, {"line": [(1, 1), (2, 1)]})))


def test_bars_are_as_long_as_their_values() -> None:
    drawn = svg(Bars("Title", LINEAR, {"ours": 25, "theirs": 100}))
    _, ours, theirs = [
        float(one.attrib["width"])
        for one in ET.fromstring(drawn)  # noqa: S314 - our own
        if one.tag.endswith("rect")
    ]
    assert ours * 4 == theirs
    assert {"Title", "minutes", "ours", "theirs", "0", "100"} <= {*texts(drawn)}


def test_the_page_on_performance_has_a_row_and_a_line_of_each_scenario() -> None:
    assert rows(PERFORMANCE, drain.NAME) == [
        drain.HEADS[0],
        "---",
        *(one.name for one in SCENARIOS),
    ]
    plots = (PROJECT / "docs" / "performance" / f"{name}.svg" for name in ("drained", "orders"))
    drawn = {text for plot in plots for text in texts(plot.read_text(encoding="utf-8"))}
    assert {one.name for one in SCENARIOS} <= drawn


def test_plots_show_backlogs_to_their_ends_and_orders_by_the_minute() -> None:
    scenarios = [quick(one) for one in SCENARIOS]
    plots = drain.plots(scenarios, [run(one) for one in scenarios])
    for scenario in scenarios:
        if scenario.orders:
            assert plots["orders"].lines[scenario.name][0][0] == 0
        else:
            line = plots["drained"].lines[scenario.name]
            assert (line[0], line[-1][1]) == ((0, 0), 100)
