"""Curves over a logarithmic or a linear axis, as an SVG that needs nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, MARGIN, GAP = 300, 180, 56, 72
MOST_LABELS = 8
COLOURS = ("#1f6feb", "#d1642a", "#2da44e", "#8250df")
_TEXT = 'font-family="system-ui, sans-serif" font-size="11" fill="#57606a"'


@dataclass(frozen=True, slots=True)
class Panel:
    """Some lines over one axis `x`; each maps x to y. Of a linear axis not every x is labelled."""

    x: str
    y: str
    lines: Mapping[str, Mapping[int, float]]
    logarithmic: bool = True


def draw(panels: Sequence[Panel]) -> str:
    """Return the panels, two in a row, as SVG."""
    rows = math.ceil(len(panels) / 2)
    width, height = 2 * (WIDTH + MARGIN + GAP), rows * (HEIGHT + MARGIN + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for number, panel in enumerate(panels):
        left = number % 2 * (WIDTH + MARGIN + GAP) + MARGIN
        top = number // 2 * (HEIGHT + MARGIN + GAP) + GAP
        parts += [f'<g transform="translate({left} {top})">', *_panel(panel), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel) -> Iterable[str]:
    xs = sorted({x for line in panel.lines.values() for x in line})
    highest = _ceiling(max(y for line in panel.lines.values() for y in line.values()))
    place: Callable[[float], float] = math.log10 if panel.logarithmic else float
    first, last = place(xs[0]), place(xs[-1])
    labelled = xs if panel.logarithmic else xs[:: math.ceil(len(xs) / MOST_LABELS)]

    def across(x: int) -> float:
        return (place(x) - first) / ((last - first) or 1) * WIDTH

    def down(y: float) -> float:
        return HEIGHT - y / highest * HEIGHT

    for step in range(5):
        y = highest * step / 4
        yield f'<line x1="0" x2="{WIDTH}" y1="{down(y):.1f}" y2="{down(y):.1f}" stroke="#d0d7de"/>'
        yield f'<text x="-6" y="{down(y) + 4:.1f}" text-anchor="end" {_TEXT}>{y:,.0f}</text>'
    for x in labelled:
        yield f'<text x="{across(x):.1f}" y="{HEIGHT + 16}" text-anchor="middle" {_TEXT}>{_short(x)}</text>'
    yield f'<text x="{WIDTH / 2}" y="{HEIGHT + 34}" text-anchor="middle" {_TEXT}>{escape(panel.x)}</text>'
    yield f'<text x="-40" y="{-12 - 13 * len(panel.lines)}" {_TEXT}>{escape(panel.y)}</text>'
    for number, ((name, line), colour) in enumerate(zip(panel.lines.items(), COLOURS, strict=False)):
        points = [(across(x), down(y)) for x, y in sorted(line.items())]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points)
        label = f'x="{WIDTH}" y="{-12 - 13 * number}" text-anchor="end"'
        yield f"<text {label} {_TEXT.replace('#57606a', colour)}>{escape(name)}</text>"


def _ceiling(value: float) -> float:
    """Return the least of 1, 2, 4, 6, 8 times a power of ten that is not below a value."""
    unit = 10.0 ** math.floor(math.log10(value))
    return next((times * unit for times in (1, 2, 4, 6, 8) if times * unit >= value), 10 * unit)


def _short(count: int) -> str:
    return f"{count // 1_000_000}M" if count >= 1_000_000 else f"{count // 1_000}k" if count >= 1_000 else f"{count}"
