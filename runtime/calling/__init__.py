"""From ``T.delay(2, 2)`` to the sender: options and arguments are checked before anything leaves."""

from __future__ import annotations

from .applying import apply_async

__all__ = ["apply_async"]
