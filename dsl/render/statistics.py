"""How often each code occurs, as a table for people."""

from __future__ import annotations

from ..codes import CODES
from .report import Report, counts_by_code


def render_statistics(report: Report) -> str:
    """One line a code: how often, the code, its title; the most frequent first."""
    counted = counts_by_code(report)
    width = max((len(f"{times:,}") for times, _ in counted), default=1)
    return "".join(f"{times:>{width},}  {code}  {CODES[code].title}\n" for times, code in counted)
