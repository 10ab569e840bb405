"""After a fork: locks that another thread held will never be released in the child, and connections belong to the parent."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Forkable(Protocol):
    """Something with locks, threads or connections."""

    def after_fork(self) -> None:
        """In the child: drop the parent's connections without closing them on the server's side, and make new locks."""


_all: weakref.WeakSet[Forkable] = weakref.WeakSet()


def survive(one: Forkable) -> None:
    """Call its ``after_fork`` in every child from now on."""
    _all.add(one)


def _in_child() -> None:
    for one in list(_all):
        one.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
