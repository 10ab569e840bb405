"""Family F07, files, includes and parameters."""

from __future__ import annotations

from .entry import Code

CODES: tuple[Code, ...] = ()
