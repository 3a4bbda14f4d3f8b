"""Plots as SVG: lines between two axes, each linear from 0 or logarithmic; or bars from 0."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from math import ceil, floor, log10
from typing import Final, NamedTuple

_ACROSS, _UP = 400, 270  # pixels between the axes
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 24, 40, 50
_LETTER: Final = 7  # pixels of a letter of the lines' names
_COLOURS: Final = ("#1f6feb", "#d1242f", "#6e7781", "#8250df", "#1a7f37")
_TICKS: Final = 6  # of a linear axis, at most
_FEW: Final = 10  # points of a line, which are each marked
_ROW: Final = 26  # pixels from a bar to the next

Line = Sequence[tuple[float, float]]


class Axis(NamedTuple):
    """What an axis shows; the values of a logarithmic one are above 0."""

    name: str
    is_logarithmic: bool = False


class Plot(NamedTuple):
    """A title, both axes, and the points of each line: x and y."""

    title: str
    across: Axis
    up: Axis
    lines: Mapping[str, Line]


class Bars(NamedTuple):
    """A title, a linear axis, and the length of each bar by its name; the first is set off."""

    title: str
    across: Axis
    lengths: Mapping[str, float]


def svg(plot: Plot | Bars) -> str:
    """Return the plot as a file's text."""
    return _bars(plot) if isinstance(plot, Bars) else _lines(plot)


def _lines(plot: Plot) -> str:
    points = [point for line in plot.lines.values() for point in line]
    across = _Scale.of(plot.across, [x for x, _ in points])
    up = _Scale.of(plot.up, [y for _, y in points])
    width = _LEFT + _ACROSS + _RIGHT + _LETTER * max(map(len, plot.lines))
    height = _TOP + _UP + _BOTTOM
    parts = [*_horizontal(across, _TOP + _UP), *_vertical(up), *_curves(plot.lines, across, up)]
    return _drawing(plot.title, width, height, parts)


def _bars(plot: Bars) -> str:
    scale = _Scale.of(plot.across, [*plot.lengths.values()])
    width = _LEFT + _ACROSS + _RIGHT + _LETTER * max(map(len, plot.lengths))
    down = _TOP + _ROW * len(plot.lengths)
    parts = _horizontal(scale, down)
    for place, (name, length) in enumerate(plot.lengths.items()):
        y, colour = _TOP + _ROW * place, _COLOURS[2 if place else 0]
        along = scale.share(length) * _ACROSS
        parts += [
            f'<rect x="{_LEFT}" y="{y}" width="{along:.1f}" height="18" fill="{colour}"/>',
            f'<text x="{_LEFT + along + 6:.1f}" y="{y + 13}">{name}</text>',
        ]
    return _drawing(plot.title, width, down + _BOTTOM, parts)


def _drawing(title: str, width: int, height: int, parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12">\n'
        f'<rect width="{width}" height="{height}" fill="white"/>\n'
        f'<text x="{_LEFT}" y="22" font-size="14">{title}</text>\n'
    )
    return head + "\n".join(parts) + "\n</svg>\n"


class _Scale(NamedTuple):
    """An axis from its first tick to its last."""

    axis: Axis
    ticks: Sequence[float]

    @classmethod
    def of(cls, axis: Axis, values: Sequence[float]) -> "_Scale":
        """Return the scale on which values fit."""
        found = _logarithmic(values) if axis.is_logarithmic else _linear(max(values))
        return cls(axis, found)

    def share(self, value: float) -> float:
        """Return how far along the axis a value is, 0 to 1."""
        ends = self.ticks[0], self.ticks[-1]
        if self.axis.is_logarithmic:
            value, ends = log10(value), (log10(ends[0]), log10(ends[1]))
        return (value - ends[0]) / (ends[1] - ends[0])

    def x(self, value: float) -> str:
        """Return a value's place in pixels from the left."""
        return f"{_LEFT + self.share(value) * _ACROSS:.1f}"

    def y(self, value: float) -> str:
        """Return a value's place in pixels from the top."""
        return f"{_TOP + (1 - self.share(value)) * _UP:.1f}"


def _logarithmic(values: Sequence[float]) -> list[float]:
    """Return 1, 2 and 5 of powers of ten, as many as the values lie between."""
    powers = range(floor(log10(min(values))), ceil(log10(max(values))) + 1)
    ticks = [float(f"{step}e{power}") for power in powers for step in (1, 2, 5)]
    first = bisect_right(ticks, min(values)) - 1
    last = max(first + 1, bisect_left(ticks, max(values)))
    return ticks[first : last + 1]


def _linear(most: float) -> list[float]:
    """Return 0 and the multiples of 1, 2 or 5 of a power of ten, until the greatest value."""
    power = floor(log10(most)) - 1
    steps = (step * 10.0 ** (power + more) for more in (0, 1, 2) for step in (1, 2, 5))
    step = next(step for step in steps if most / step <= _TICKS)
    return [number * step for number in range(ceil(most / step) + 1)]


def _horizontal(scale: _Scale, down: int) -> list[str]:
    """Return the axis from left to right, so many pixels from the top."""
    ticks = [
        f'<text x="{scale.x(value)}" y="{down + 18}" text-anchor="middle">{value:,g}</text>'
        for value in scale.ticks
    ]
    name = f'<text x="{_LEFT + _ACROSS / 2}" y="{down + 38}" text-anchor="middle">'
    return [*ticks, f"{name}{scale.axis.name}</text>"]


def _vertical(scale: _Scale) -> list[str]:
    """Return the axis from bottom to top, and a line through the plot for each tick."""
    parts, half = [], _TOP + _UP / 2
    for value in scale.ticks:
        y = scale.y(value)
        parts += [
            f'<line x1="{_LEFT}" y1="{y}" x2="{_LEFT + _ACROSS}" y2="{y}" stroke="#d0d7de"/>',
            f'<text x="{_LEFT - 8}" y="{y}" dy="4" text-anchor="end">{value:,g}</text>',
        ]
    turned = f'x="16" y="{half}" text-anchor="middle" transform="rotate(-90 16 {half})"'
    return [*parts, f"<text {turned}>{scale.axis.name}</text>"]


def _curves(lines: Mapping[str, Line], across: _Scale, up: _Scale) -> list[str]:
    parts = []
    for place, (name, line) in enumerate(lines.items()):
        colour = _COLOURS[place % len(_COLOURS)]
        points = [(across.x(x), up.y(y)) for x, y in sorted(line)]
        path = " ".join(f"{x},{y}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        if len(points) <= _FEW:
            parts += [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in points]
        x, y = _LEFT + _ACROSS + 16, _TOP + 18 * place
        parts.append(f'<text x="{x}" y="{y}" fill="{colour}">{name}</text>')
    return parts
