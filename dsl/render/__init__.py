"""Findings as text, for people and for the tools that reviewers look at: one file a format.

What people read on a terminal is here at once; the other formats are imported when they are asked for (:func:`rendered`).
"""

from __future__ import annotations

from .json_form import render_json
from .report import FORMATS, Report, rendered
from .text import Painter, count, number, place_lines, render_concise, render_full, summary

__all__ = [
    "FORMATS",
    "Painter",
    "Report",
    "count",
    "number",
    "place_lines",
    "render_concise",
    "render_full",
    "render_json",
    "rendered",
    "summary",
]
