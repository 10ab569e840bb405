"""A watch that is told: whoever reads the store's messages puts them here, and the thread that waits takes them out."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable

from .documents import Documents
from .interface import Meta, Watch


class Inbox(Watch):
    """A :class:`Watch` that gets documents from others, as they are stored, and reads them in the thread that waits."""

    def __init__(self, task_ids: Iterable[str], progress: bool, documents: Documents, closed: Callable[[Inbox], None]) -> None:
        self.ids = tuple(dict.fromkeys(task_ids))
        self.progress = progress
        self._documents = documents
        self._closed = closed
        self._items: queue.SimpleQueue[tuple[str, bytes] | BaseException] = queue.SimpleQueue()

    def give(self, task_id: str, data: bytes) -> None:
        """A document of a task. From any thread."""
        self._items.put((task_id, data))

    def fail(self, exc: BaseException) -> None:
        """Nothing more will come; the thread that waits gets this error."""
        self._items.put(exc)

    def next(self, timeout: float | None) -> Meta | None:
        try:
            item = self._items.get(timeout=None if timeout is None else max(timeout, 0.0))
        except queue.Empty:
            return None
        if isinstance(item, BaseException):
            self._items.put(item)  # for the next call too
            raise item
        task_id, data = item
        return self._documents.decode(data, task_id)

    def close(self) -> None:
        self._closed(self)
