"""Family F09, lints: what runs but is hardly meant."""

from __future__ import annotations

from .entry import Code

CODES: tuple[Code, ...] = ()
