"""The look of pictures: colours, fonts, strokes.

All text has a contrast of at least 4.5 : 1 to its ground, lines of 3 : 1 to white. Kinds differ by stroke and head as well as by colour.
The ground is white, with a margin, so that pictures read on light and dark pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .model import BoxKind, LineKind

FONT = "Helvetica,Arial,sans-serif"
GROUND = "#ffffff"
INK = "#1f2733"
QUIET = "#5b6675"


class BoxLook(NamedTuple):
    """How boxes of a kind are drawn."""

    shape: str
    fill: str
    stroke: str
    style: str = "filled"
    margin: str = "0.14,0.07"


class LineLook(NamedTuple):
    """How lines of a kind are drawn, and what the legend calls them."""

    stroke: str
    style: str
    head: str
    width: float
    sign: str
    meaning: str


_STEP = BoxLook("box", "#eef3fb", "#4a6a9c", "rounded,filled")

BOXES: Mapping[BoxKind, BoxLook] = {
    "step": _STEP,
    "errback": BoxLook("octagon", "#fdf0ee", "#b3261e", margin="0.04,0.02"),
    "listener": BoxLook("cds", "#eef6fd", "#0b62b8", margin="0.12,0.07"),
    "join": BoxLook("point", "#4b5563", "#4b5563"),
    "flow": BoxLook("box", "#f4f5f7", "#5b6675", "rounded,filled"),
    "group": BoxLook("box", "#eef3fb", "#4a6a9c", "rounded,filled,dashed"),
    "run": BoxLook("plain", "none", "none", ""),
    "rest": BoxLook("box", "#f4f5f7", "#5b6675", "rounded,filled,dotted"),
}

LINES: Mapping[LineKind, LineLook] = {
    "data": LineLook("#4b5563", "solid", "normal", 1.2, "▶", "result"),
    "then": LineLook("#4b5563", "dotted", "empty", 1.4, "▷", "then, order only"),
    "on_error": LineLook("#b3261e", "dashed", "vee", 1.0, "›", "on error"),
    "on_message": LineLook("#0b62b8", "dotted", "vee", 1.3, "›", "on message"),
}

#: Stroke and fill of sub-flows, of scopes with handlers of failures, and of messages only.
FLOW = ("#9aa5b5", "#fafbfc")
SCOPE = ("#e3b7b2", "#fffaf9")
MESSAGES = ("#b4cfe8", "#f8fbfe")
GROUP_STROKE = "#7f8da3"

#: What the flow's value comes out of.
RESULT_STROKE = "#1f3a68"
