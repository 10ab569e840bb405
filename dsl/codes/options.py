"""Family F05, options."""

from __future__ import annotations

from .entry import Code

CODES: tuple[Code, ...] = ()
