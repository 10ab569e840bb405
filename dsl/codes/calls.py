"""Family F04, calls and types."""

from __future__ import annotations

from .entry import Code

CODES: tuple[Code, ...] = ()
