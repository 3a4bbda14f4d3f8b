"""Plots as SVG: lines over the size of a batch, both axes logarithmic."""

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10
from typing import Final, NamedTuple

_WIDTH, _HEIGHT = 640, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 170, 40, 50
_COLOURS: Final = ("#1f6feb", "#d1242f", "#6e7781", "#8250df")


class Plot(NamedTuple):
    """A title, the name of the y axis, and the points of each line: x and y, both above 0."""

    title: str
    unit: str
    lines: Mapping[str, Sequence[tuple[float, float]]]


def svg(plot: Plot) -> str:
    """Return the plot as a file's text."""
    points = [point for line in plot.lines.values() for point in line]
    low = floor(log10(min(y for _, y in points)))
    high = max(low + 1, ceil(log10(max(y for _, y in points))))
    xs = sorted({x for x, _ in points})
    frame = _Frame((log10(xs[0]), log10(xs[-1])), (low, high))
    parts = [*_axes(plot, frame, xs), *_curves(plot, frame)]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="12">\n'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>\n'
    )
    return head + "\n".join(parts) + "\n</svg>\n"


class _Frame(NamedTuple):
    """The powers of ten at the ends of both axes."""

    across: tuple[float, float]
    up: tuple[float, float]

    def at(self, x: float, y: float) -> tuple[str, str]:
        """Return a point's place in pixels, as text."""
        right = _share(log10(x), self.across) * (_WIDTH - _LEFT - _RIGHT)
        down = (1 - _share(log10(y), self.up)) * (_HEIGHT - _TOP - _BOTTOM)
        return f"{_LEFT + right:.1f}", f"{_TOP + down:.1f}"


def _share(value: float, ends: tuple[float, float]) -> float:
    low, high = ends
    return (value - low) / (high - low)


def _axes(plot: Plot, frame: _Frame, xs: Sequence[float]) -> list[str]:
    parts = [f'<text x="{_LEFT}" y="22" font-size="14">{plot.title}</text>']
    for value in _ticks(*frame.up):
        _, y = frame.at(xs[0], value)
        parts += [
            f'<line x1="{_LEFT}" y1="{y}" x2="{_WIDTH - _RIGHT}" y2="{y}" stroke="#d0d7de"/>',
            f'<text x="{_LEFT - 8}" y="{y}" dy="4" text-anchor="end">{value:,g}</text>',
        ]
    for value in xs:
        x, _ = frame.at(value, 10.0 ** frame.up[0])
        parts.append(
            f'<text x="{x}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{value:g}</text>'
        )
    middle, half = (_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT / 2
    turned = f'x="16" y="{half}" text-anchor="middle" transform="rotate(-90 16 {half})"'
    return [
        *parts,
        f'<text x="{middle}" y="{_HEIGHT - 12}" text-anchor="middle">deliveries in a batch</text>',
        f"<text {turned}>{plot.unit}</text>",
    ]


def _ticks(low: float, high: float) -> list[float]:
    """Return 1, 2 and 5 of each power of ten between two."""
    powers = range(int(low), int(high) + 1)
    ticks = [step * 10.0**power for power in powers for step in (1, 2, 5)]
    return [value for value in ticks if value <= 10.0**high]


def _curves(plot: Plot, frame: _Frame) -> list[str]:
    parts = []
    for place, (name, line) in enumerate(plot.lines.items()):
        colour = _COLOURS[place % len(_COLOURS)]
        points = [frame.at(x, y) for x, y in sorted(line)]
        path = " ".join(f"{x},{y}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in points]
        y = _TOP + 18 * place
        parts.append(f'<text x="{_WIDTH - _RIGHT + 16}" y="{y}" fill="{colour}">{name}</text>')
    return parts
