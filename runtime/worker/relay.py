"""A broker or result store inside the worker's own process, as its child processes use it: what they send goes through the parent.

``memory://`` lives in one process. A child that published into its own copy would publish to nobody, so calls that its tasks make, and
chords that they open, are handed to the parent, before the report that the task has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

from ..broker.interface import NO_RETRY, Envelope, RetryPolicy
from ..errors import UsageError
from ..results.interface import Backend, Meta, Stored, Watch
from .jobs import Relayed, Report

#: What the parent does for its children, by what it does it with.
ALLOWED = {
    "publisher": frozenset({"publish_many"}),
    "backend": frozenset({"store", "forget", "save_group", "forget_group", "open_chord", "add_to_chord", "close_chord"}),
}


def lend(app: Any, report: Callable[[Report], None]) -> None:
    """In a child process: let the application use the parent's broker and store, where its own would be a copy of them."""
    if not app.broker.traits.shared:
        app.broker.lend(RelayPublisher(report))
    if app.backend.url.startswith(("memory", "cache+memory")):
        app._made["backend"] = RelayBackend(report)


def relay(app: Any, relayed: Relayed) -> None:
    """In the parent: do what a child asks for."""
    if relayed.method not in ALLOWED.get(relayed.what, ()):
        raise UsageError(f"a child process asked for {relayed.what}.{relayed.method}")
    target = app.broker.publisher if relayed.what == "publisher" else app.backend
    getattr(target, relayed.method)(*relayed.args)


class RelayPublisher:
    """See :class:`~flowc.runtime.broker.interface.Publisher`."""

    def __init__(self, report: Callable[[Report], None]) -> None:
        self._report = report

    def publish(self, envelope: Envelope, retry: RetryPolicy, *, connection: Any = None, producer: Any = None) -> None:
        """Send one message."""
        self.publish_many([envelope], retry, connection=connection, producer=producer)

    def publish_many(self, envelopes: Sequence[Envelope], retry: RetryPolicy, *, connection: Any = None, producer: Any = None) -> None:
        """Send many messages."""
        self._report(Relayed("publisher", "publish_many", (list(envelopes), NO_RETRY)))

    def close(self) -> None:
        """Nothing is open."""


class RelayBackend(Backend):
    """Writes through the parent. Nothing can be read."""

    url = "memory"

    def __init__(self, report: Callable[[Report], None]) -> None:
        self._report = report

    def _ask(self, method: str, *args: Any) -> None:
        self._report(Relayed("backend", method, args))

    def _refuse(self) -> NoReturn:
        raise NotImplementedError(
            "results in memory cannot be read from a process of the worker's pool; set result_backend to redis:// or sqlite:///"
        )

    def store(self, states: Sequence[Stored]) -> list[Stored]:
        self._ask("store", list(states))
        return []

    def forget(self, task_ids: Sequence[str]) -> None:
        self._ask("forget", list(task_ids))

    def save_group(self, group_id: str, document: Mapping[str, Any]) -> None:
        self._ask("save_group", group_id, dict(document))

    def forget_group(self, group_id: str) -> None:
        self._ask("forget_group", group_id)

    def open_chord(self, group_id: str, size: int) -> None:
        self._ask("open_chord", group_id, size)

    def add_to_chord(self, group_id: str, more: int = 1) -> None:
        self._ask("add_to_chord", group_id, more)

    def close_chord(self, group_id: str) -> None:
        self._ask("close_chord", group_id)

    def get_many(self, task_ids: Sequence[str]) -> dict[str, Meta]:
        self._refuse()

    def watch(self, task_ids: Iterable[str], *, progress: bool = True) -> Watch:
        self._refuse()

    def load_group(self, group_id: str) -> Mapping[str, Any] | None:
        self._refuse()

    def chord_part(self, group_id: str, index: int, meta: Meta) -> list[Meta] | None:
        self._refuse()

    def expire(self) -> int:
        return 0

    def close(self) -> None:
        """Nothing is open."""
