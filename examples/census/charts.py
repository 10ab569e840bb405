"""Bar charts as SVG, written by hand: no library is needed for some rectangles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

Rows = list[dict[str, Any]]

ORANGE = "#e0a030"
KINDS = (("code", "#3b6ea5"), ("docstring", ORANGE), ("comment", "#7fa66b"), ("blank", "#d5d5d5"))

WIDTH, LABEL, VALUE, ROW, BAR, TOP = 860, 130, 80, 22, 15, 64
SPAN = WIDTH - LABEL - VALUE
#: A chart shows so many bars: those of the largest packages.
MOST_BARS = 40


class Bar(NamedTuple):
    """A part of a row: its share of the full width, its colour, and what it says under the mouse."""

    share: float
    colour: str
    tip: str


class Row(NamedTuple):
    """A label, bars one behind the other, and a value written behind them."""

    label: str
    bars: list[Bar]
    value: str


def lines_chart(packages: Rows) -> str:
    """A stacked bar for each package: lines of code, docstrings, comments, and blank ones."""
    shown = packages[:MOST_BARS]
    most = max((p["lines"] for p in shown), default=1) or 1
    rows = [
        Row(p["package"], [Bar(p[kind] / most, colour, f"{p[kind]:,} lines: {kind}") for kind, colour in KINDS], f"{p['lines']:,}")
        for p in shown
    ]
    return chart("Lines by package", rows, KINDS)


def docstrings_chart(packages: Rows) -> str:
    """A bar for each package: how many of its modules, classes and functions have a docstring. The best described comes first."""
    shown = sorted(packages[:MOST_BARS], key=lambda p: (-p["percent_described"], p["package"]))
    rows = [
        Row(p["package"], [Bar(p["percent_described"] / 100, ORANGE, f"{p['described']:,} of {p['describable']:,}")], share(p))
        for p in shown
    ]
    return chart("Modules, classes and functions with a docstring", rows)


def share(package: dict[str, Any]) -> str:
    return f"{package['percent_described']:.1f} %"


def chart(title: str, rows: Sequence[Row], legend: Sequence[tuple[str, str]] = ()) -> str:
    """A chart with a title above and, where it needs one, a legend of names and colours."""
    height = TOP + ROW * len(rows) + 12
    font = 'font-family="Helvetica, Arial, DejaVu Sans, sans-serif" font-size="12" fill="#222"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" {font}>',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="16" y="26" font-size="17" font-weight="bold">{escape(title)}</text>',
        *_legend(legend),
    ]
    for number, row in enumerate(rows):
        lines += _row(TOP + ROW * number, row)
    return "\n".join([*lines, "</svg>", ""])


def _legend(legend: Sequence[tuple[str, str]]) -> Iterator[str]:
    for number, (name, colour) in enumerate(legend):
        x = LABEL + 100 * number
        yield f'<rect x="{x}" y="38" width="11" height="11" fill="{colour}"/><text x="{x + 16}" y="48">{escape(name)}</text>'


def _row(y: int, row: Row) -> Iterator[str]:
    yield f'<text x="{LABEL - 8}" y="{y + 12}" text-anchor="end">{escape(row.label)}</text>'
    x = float(LABEL)
    for bar in row.bars:
        width = bar.share * SPAN
        yield f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{bar.colour}"><title>{escape(bar.tip)}</title></rect>'
        x += width
    yield f'<text x="{x + 6:.1f}" y="{y + 12}" fill="#555">{escape(row.value)}</text>'
