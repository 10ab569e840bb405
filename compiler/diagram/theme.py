"""The look of pictures: colours, fonts, strokes, light and dark.

All text has a contrast of at least 4.5 : 1 to its ground, lines of 3 : 1. Kinds differ by stroke and head as well as by colour.
A picture has a ground of its own, with a margin, so that it reads on light and dark pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from .model import BoxKind, LineKind

FONT = "Helvetica,Arial,sans-serif"

ThemeName: TypeAlias = Literal["light", "dark"]


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


class FrameLook(NamedTuple):
    """The border and the fill of a frame."""

    stroke: str
    fill: str


@dataclass(frozen=True, slots=True)
class Theme:
    """All colours of a picture. ``scope``: frames of scopes with handlers of failures; ``messages``: of those with listeners only.
    ``result_stroke``: what the flow's value comes out of."""

    ground: str
    ink: str
    quiet: str
    boxes: Mapping[BoxKind, BoxLook]
    lines: Mapping[LineKind, LineLook]
    flow: FrameLook
    scope: FrameLook
    messages: FrameLook
    group_stroke: str
    result_stroke: str


def _boxes(
    task: tuple[str, str], errback: tuple[str, str], listener: tuple[str, str], quiet: tuple[str, str], point: str
) -> dict[BoxKind, BoxLook]:
    return {
        "step": BoxLook("box", *task, "rounded,filled"),
        "errback": BoxLook("octagon", *errback, margin="0.04,0.02"),
        "listener": BoxLook("cds", *listener, margin="0.12,0.07"),
        "join": BoxLook("point", point, point),
        "flow": BoxLook("box", *quiet, "rounded,filled"),
        "group": BoxLook("box", *task, "rounded,filled,dashed"),
        "run": BoxLook("plain", "none", "none", ""),
        "rest": BoxLook("box", *quiet, "rounded,filled,dotted"),
    }


def _lines(ink: str, red: str, blue: str) -> dict[LineKind, LineLook]:
    return {
        "data": LineLook(ink, "solid", "normal", 1.2, "▶", "result"),
        "then": LineLook(ink, "dotted", "empty", 1.4, "▷", "then, order only"),
        "on_error": LineLook(red, "dashed", "vee", 1.0, "›", "on error"),
        "on_message": LineLook(blue, "dotted", "vee", 1.3, "›", "on message"),
    }


LIGHT = Theme(
    ground="#ffffff",
    ink="#1f2733",
    quiet="#5b6675",
    boxes=_boxes(("#eef3fb", "#4a6a9c"), ("#fdf0ee", "#b3261e"), ("#eef6fd", "#0b62b8"), ("#f4f5f7", "#5b6675"), "#4b5563"),
    lines=_lines("#4b5563", "#b3261e", "#0b62b8"),
    flow=FrameLook("#9aa5b5", "#fafbfc"),
    scope=FrameLook("#e3b7b2", "#fffaf9"),
    messages=FrameLook("#b4cfe8", "#f8fbfe"),
    group_stroke="#7f8da3",
    result_stroke="#1f3a68",
)

DARK = Theme(
    ground="#14181f",
    ink="#e8edf4",
    quiet="#a3afbf",
    boxes=_boxes(("#1f2c40", "#7f9fd0"), ("#3a1d1b", "#f0857c"), ("#14293d", "#6ab1f2"), ("#232a34", "#8d99aa"), "#aab4c2"),
    lines=_lines("#aab4c2", "#f0857c", "#6ab1f2"),
    flow=FrameLook("#5a6779", "#1a2029"),
    scope=FrameLook("#7d4a45", "#1f1817"),
    messages=FrameLook("#38597a", "#141d27"),
    group_stroke="#71809a",
    result_stroke="#c9dcff",
)

THEMES: Mapping[ThemeName, Theme] = {"light": LIGHT, "dark": DARK}
