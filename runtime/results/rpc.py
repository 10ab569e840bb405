"""Results as messages to the caller: ``rpc://``. Each process has a reply queue on the broker, and sees the results of its own calls alone.

Nothing is stored anywhere: what has come is kept in this process until it is forgotten or expires. Groups cannot be saved, and chords not
counted.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

from .. import forks
from ..broker.interface import Destination, Envelope, RetryPolicy
from .documents import Documents
from .interface import Backend, Meta, Stored, Watch
from .rpc_queue import ReplyQueue
from .rpc_replies import Replies
from .settings import Settings
from .store import Store

if TYPE_CHECKING:
    from ..app import App

_NO_GROUPS = "rpc:// keeps no groups and counts no chords: use a result backend that stores results, such as redis:// or sqlite:///"

#: How replies are sent when the connection fails: as long as Celery's workers try.
_RETRY = RetryPolicy(max_retries=20, interval_start=0.0, interval_step=1.0, interval_max=1.0)


class RPCBackend(Backend):
    """A :class:`Backend` without a store."""

    keeps_groups = False
    url = "rpc://"
    note = "rpc:// shows only the results of calls that this process has sent"

    def __init__(self, settings: Settings, app: App) -> None:
        self._app = app
        self._settings = settings
        self._documents = Documents(replace(settings, compression=None))
        self._store = Store()
        self._origin = uuid.uuid4()
        self._numbers = itertools.count()
        forks.watch(self)
        self._queue = ReplyQueue(app, settings.expires)
        self._replies = Replies(self._queue, self._store, self._documents, settings)

    @property
    def reply_to(self) -> str:
        """The name of this process's reply queue, which is there from then on.

        Raises:
            OperationalError: kombu's; the broker could not be reached.
        """
        return self._queue.name()

    def store(self, states: Sequence[Stored]) -> list[Stored]:
        """Send the states to those who called; what nobody asked for is dropped. Who called takes the first final state alone."""
        content_type, encoding = self._documents.content_type, self._documents.encoding
        envelopes = [
            Envelope(
                headers={},
                properties={
                    "message_id": f"{self._origin}.{next(self._numbers)}",
                    "correlation_id": state.correlation_id or state.meta["task_id"],
                    "delivery_mode": 2 if self._settings.persistent else 1,
                },
                body=self._documents.encode(state.meta),
                content_type=content_type,
                content_encoding=encoding,
                destination=Destination("", state.reply_to),
            )
            for state in states
            if state.reply_to
        ]
        if envelopes:
            self._app.broker.publisher.publish_many(envelopes, _RETRY)
        return []

    def get_many(self, task_ids: Sequence[str]) -> dict[str, Meta]:
        self._replies.receive_those_there()
        return {task_id: self._documents.decode(data, task_id) for task_id, data in self._store.newest(task_ids).items()}

    def watch(self, task_ids: Iterable[str], *, progress: bool = True) -> Watch:
        watch = self._store.watch(task_ids, progress, self._documents)
        try:
            self._replies.start()
        except BaseException:
            watch.close()
            raise
        return watch

    def forget(self, task_ids: Sequence[str]) -> None:
        self._store.forget(task_ids)

    def save_group(self, group_id: str, document: Mapping[str, Any]) -> None:
        _refuse()

    def load_group(self, group_id: str) -> Mapping[str, Any] | None:
        _refuse()

    def forget_group(self, group_id: str) -> None:
        _refuse()

    def open_chord(self, group_id: str, size: int) -> None:
        _refuse()

    def add_to_chord(self, group_id: str, more: int = 1) -> None:
        _refuse()

    def chord_part(self, group_id: str, index: int, meta: Meta) -> list[Meta] | None:
        _refuse()

    def close_chord(self, group_id: str) -> None:
        _refuse()

    def expire(self) -> int:
        return self._store.expire()

    def forked(self) -> None:
        """In the child: its messages are others."""
        self._origin = uuid.uuid4()

    def close(self) -> None:
        self._replies.close()
        self._queue.delete()


def _refuse() -> NoReturn:
    raise NotImplementedError(_NO_GROUPS)
