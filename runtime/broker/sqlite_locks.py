"""Which consumers live: each holds a lock on one byte of a file, and the kernel takes it away when the process ends.

The lock of consumer *n* is on byte *n* of ``<database>-consumers``. Whoever gets that lock knows that the consumer's process has
ended, however it ended, at once, and across containers that share the file. There is no time after which a consumer that
is merely slow is taken for dead. The locks are POSIX's: a process does not pass them on to its children (a pool's
processes may outlive their parent), but loses them when it closes *any* descriptor of that file; so it is opened once for
the process, and never closed. For the process's own consumers, whose locks it cannot try, a list is kept.
"""

from __future__ import annotations

import fcntl
import os
import threading

_guard = threading.Lock()
_known: dict[str, ConsumerLocks] = {}


class ConsumerLocks:
    """The locks of this process on one file."""

    def __init__(self, path: str) -> None:
        self.pid = os.getpid()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._own: set[int] = set()
        self._lock = threading.Lock()

    def hold(self, number: int) -> bool:
        """Say that the consumer lives, for as long as this process; False if another process says so of that number."""
        with self._lock:
            if number in self._own or not self._try(number):
                return False
            self._own.add(number)
            return True

    def release(self, number: int) -> None:
        """Say that it has ended."""
        with self._lock:
            self._own.discard(number)
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, number)

    def is_gone(self, number: int) -> bool:
        """Whether that consumer has ended."""
        with self._lock:
            if number in self._own or not self._try(number):
                return False
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, number)
            return True

    def _try(self, number: int) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
        except (BlockingIOError, PermissionError):
            return False
        return True


def locks_of(database: str) -> ConsumerLocks:
    """The locks of this process for a database. Raises OSError."""
    path = os.path.realpath(database) + "-consumers"
    with _guard:
        known = _known.get(path)
        if known is None or known.pid != os.getpid():
            # after a fork the parent's stay as they are: its file is not to be closed here
            known = _known[path] = ConsumerLocks(path)
        return known


def _after_fork() -> None:
    global _guard
    _guard = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
