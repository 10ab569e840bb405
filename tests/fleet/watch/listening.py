"""A run's end of watching, for tests: it notes the facts, and sends steps as a run does."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import flowc
from flowc.runtime.fleet.facts import Alive, Fact, Lost, News, Seen
from flowc.runtime.fleet.patience import Patience
from flowc.runtime.fleet.watching import Watching
from flowc.runtime.outcome import Noted

#: Of everything a little, so that a test ends in seconds.
QUICK = Patience(
    probe_after=0.5, pause_first=0.2, pause_most=0.5, lost_after=1.0, untold_after=1.5, unsure_after=6.0, silent_after=8.0, down_after=2.0,
    expired_after=0.5, answer=1.0, linger=0.3, look_backstop=1.0,
)  # fmt: skip


class Run:
    """Watches steps of its own, and sends them without any link: nothing else is heard of them."""

    def __init__(
        self,
        broker: str,
        backend: str | None = None,
        *,
        queue: str = "celery",
        events: bool = False,
        patience: Patience = QUICK,
        **settings: Any,
    ) -> None:
        self.id = uuid.uuid4().hex
        self.queue = queue
        self.app = flowc.App("proj", broker=broker, backend=backend, settings=settings, set_as_current=False)
        self.facts: list[Fact] = []
        self.notes: list[str] = []
        self._came = threading.Condition()
        self.watching = Watching(self.app, self.id, self._take, events=events, patience=patience)

    def _take(self, news: News) -> None:
        with self._came:
            if isinstance(news, Noted):
                self.notes.append(news.text)
            else:
                self.facts.append(news)
            self._came.notify_all()

    def __enter__(self) -> Self:
        self.watching.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.watching.close()
        self.app.close()

    def send(self, task: str, *args: Any, queue: str | None = None, task_id: str | None = None, **options: Any) -> str:
        """Send a step and watch it; its id."""
        task_id, queue = task_id or f"{self.id}.{uuid.uuid4().hex[:8]}", queue or self.queue
        now = time.time()
        moments = {
            "not_before": now + options["countdown"] if "countdown" in options else None,
            "expires": now + options["expires"] if "expires" in options else None,
        }
        self.watching.sent(task_id, queue, priority=0, task=task, **moments)
        self.app.send_task(task, args, task_id=task_id, queue=queue, **options)
        return task_id

    def wait(self, wanted: Callable[[Fact], bool], seconds: float = 60) -> Any:
        """The first fact that is wanted; AssertionError if none comes."""
        until = time.monotonic() + seconds
        with self._came:
            while True:
                for fact in self.facts:
                    if wanted(fact):
                        return fact
                left = until - time.monotonic()
                assert left > 0, f"not told in {seconds:g} s; but {self.facts}"
                self._came.wait(left)

    def wait_until(self, condition: Callable[[], object], seconds: float = 60) -> None:
        """Until something is true that no fact tells."""
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, f"it did not happen in {seconds:g} s; but {self.facts}"
            time.sleep(0.01)

    def seen(self, task_id: str, status: str) -> Seen:
        """Wait for a state of a step."""
        return self.wait(lambda fact: isinstance(fact, Seen) and (fact.task_id, fact.status) == (task_id, status))  # type: ignore[no-any-return]

    def lost(self, task_id: str) -> Lost:
        """Wait until a step is lost."""
        return self.wait(lambda fact: isinstance(fact, Lost) and fact.task_id == task_id)  # type: ignore[no-any-return]

    def alive(self, task_id: str, *states: str) -> Alive:
        """Wait until a worker says it has a step."""
        return self.wait(  # type: ignore[no-any-return]
            lambda fact: isinstance(fact, Alive) and fact.task_id == task_id and (not states or fact.state in states)
        )

    def of(self, task_id: str) -> list[Fact]:
        """What came of one step."""
        return [fact for fact in self.facts if fact.task_id == task_id]
