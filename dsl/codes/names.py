"""Family F02, names."""

from __future__ import annotations

from .entry import Code

CODES: tuple[Code, ...] = ()
