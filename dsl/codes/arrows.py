"""Family F06, arrows, scopes and groups."""

from __future__ import annotations

from .entry import Code

CODES: tuple[Code, ...] = ()
