"""SQLite and forks: at the moment of a fork, no thread is inside SQLite and no file is open.

SQLite keeps in the process's memory which locks the process holds on a file, and guards that with mutexes of its own. A child gets a copy
of that memory, but none of the locks, and a mutex that a thread held stays locked for ever; connections that the child opens anew meet
them as well. So a fork waits until every thread has left SQLite, and connections are closed before it; both sides open them again.
"""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections.abc import Iterator
from typing import Protocol


class Resting(Protocol):
    """Something that keeps connections open while nobody uses them."""

    def rest(self) -> None:
        """Close them: the process forks. Nobody is using one, but perhaps this thread."""


class _Depth(threading.local):
    value = 0


_depth = _Depth()
_all: weakref.WeakSet[Resting] = weakref.WeakSet()
_condition = threading.Condition()
_inside = 0
_forks = 0


def watch(one: Resting) -> None:
    """Let it close its connections before each fork, for as long as it lives."""
    with _condition:
        _all.add(one)


@contextlib.contextmanager
def passing() -> Iterator[None]:
    """Be inside SQLite for a while: a transaction at most. May be nested."""
    global _inside
    if not _depth.value:
        with _condition:
            while _forks:
                _condition.wait()
            _inside += 1
    _depth.value += 1
    try:
        yield
    finally:
        _depth.value -= 1
        if not _depth.value:
            with _condition:
                _inside -= 1
                if _forks:
                    _condition.notify_all()


def _before() -> None:
    global _forks
    with _condition:
        _forks += 1
        while _inside > min(_depth.value, 1):
            _condition.wait()
        resting = list(_all)
    for one in resting:
        one.rest()


def _in_parent() -> None:
    global _forks
    with _condition:
        _forks -= 1
        _condition.notify_all()


def _in_child() -> None:
    global _condition, _inside, _forks
    _condition = threading.Condition()
    _inside, _forks = min(_depth.value, 1), 0


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
