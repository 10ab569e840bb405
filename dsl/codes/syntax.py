"""Family F01, syntax: what the parser finds."""

from __future__ import annotations

from .entry import Code

CODES: tuple[Code, ...] = ()
