"""What a forked child must not inherit: connections, and locks that a thread of the parent held at that moment.

Only the thread that forks lives on in the child. A lock that another one held stays locked for ever.
"""

from __future__ import annotations

import os
import sys
import threading
import weakref
from typing import Protocol


class Forkable(Protocol):
    """Something that starts anew in a child."""

    def forked(self) -> None:
        """This is the child now, with this thread alone."""


_all: weakref.WeakSet[Forkable] = weakref.WeakSet()


def watch(one: Forkable) -> None:
    """Tell it of forks, for as long as it lives."""
    _all.add(one)


def renew_locks() -> None:
    """New locks for kombu's cached properties: each has one for all instances, and holds it while it connects."""
    objects = sys.modules.get("kombu.utils.objects")
    if objects is None:
        return
    for name, module in list(sys.modules.items()):
        if not name.startswith("kombu."):
            continue
        for kind in list(vars(module).values()):
            if isinstance(kind, type) and kind.__module__ == name:
                for attribute in vars(kind).values():
                    if isinstance(attribute, objects.cached_property):
                        attribute.lock = threading.RLock()


def _in_child() -> None:
    known = list(_all)
    if known:
        renew_locks()
    for one in known:
        one.forked()


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_in_child)
