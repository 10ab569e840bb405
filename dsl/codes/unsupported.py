"""Family F08, parts of the language that a later version brings."""

from __future__ import annotations

from .entry import Code

CODES: tuple[Code, ...] = ()
