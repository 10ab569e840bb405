"""Steps of which nothing is heard for long, while a submitted flow is waited for: workers and queues are asked about them.

That costs a connection and a few threads, so it begins when it is quiet for the first time.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from ...compiler.plan import Call
from ..errors import StepLostError
from ..events import Lost as StepLost
from ..events import Revoked
from ..failures import failure_of
from ..outcome import Noted
from .destinations import merged_options, queue_of
from .facts import Lost, News, Seen
from .patience import Patience
from .told_failures import told_failure
from .watching import Watching

if TYPE_CHECKING:
    from ..app import App

#: Seconds without any news after which workers are asked.
QUIET = 15.0


class Suspicion:
    """Asks about steps that are out.

    Args:
        app: whose broker leads to the workers.
        run_id: the id of the run.
        tell: takes remarks about the fleet, when :meth:`found` is called.
        patience: how long is waited for what.
    """

    def __init__(self, app: App, run_id: str, tell: Callable[[Noted], None], patience: Patience | None = None) -> None:
        self._app = app
        self._tell = tell
        self._news: SimpleQueue[News] = SimpleQueue()
        self._watching = Watching(app, run_id, self._news.put, events=False, patience=patience)
        if not self._watching.look().tasks:
            tell(Noted("no worker answers: what is out waits until one does"))
        self._watching.start()

    def add(self, call: Call, task_id: str) -> None:
        """A step is out, as far as is known since now."""
        merged, now = merged_options(self._app, call), time.time()
        queue = queue_of(self._app, call.task, merged)
        starts = _moment(merged.get("eta") if merged.get("eta") is not None else merged.get("countdown"), now)
        self._watching.sent(task_id, queue, not_before=starts, expires=_moment(merged.get("expires"), now), task=call.task)

    def ended(self, task_ids: Iterable[str]) -> None:
        """These have ended."""
        self._watching.ended(list(task_ids))

    def found(self) -> Iterable[tuple[str, StepLost | Revoked]]:
        """What was found since the last time, by task id; the events still lack their steps' ids."""
        while True:
            try:
                news = self._news.get_nowait()
            except Empty:
                return
            match news:
                case Noted():
                    self._tell(news)
                case Lost(id_, why):
                    yield id_, StepLost("", failure_of(StepLostError(why), keep=False))
                case Seen(id_, "REVOKED", result):
                    yield id_, Revoked("", told_failure(result, None))

    def close(self) -> None:
        """Ask no more."""
        self._watching.close()


def _moment(value: object, now: float) -> float | None:
    """A moment, or seconds from now, as seconds since the epoch."""
    if isinstance(value, dt.datetime):
        return value.timestamp()
    return now + float(value) if isinstance(value, (int, float)) and value else None
