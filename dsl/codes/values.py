"""Family F03, compile-time values and limits."""

from __future__ import annotations

from .entry import Code

CODES: tuple[Code, ...] = ()
