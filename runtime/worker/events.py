"""Events: what a worker tells monitors such as Flower and ``celery events``, as it happens.

The worker's loop only notes what happened. A thread makes events of the notes and sends them, many in a message, over a connection of its
own. Events are lossy: while the broker is away the newest are kept, and no task ever waits for one, or fails by it.

Source: "Monitoring and Management Guide", section "Events".
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from kombu import clocks

from ..broker.event_exchange import EventPublisher
from ..event_stamp import stamped
from ..failures import failure_of
from . import event_forms as forms
from .attempt import REJECTED
from .entry import Entry
from .event_forms import End
from .jobs import Ended

if TYPE_CHECKING:
    from ..broker.broker import Broker

logger = logging.getLogger("flowc.worker")

#: Notes and events that wait at most; then the oldest are lost.
MOST = 10_000

#: Events in one message at most.
TOGETHER = 100

#: Seconds that the first event waits for others.
GATHERING = 0.05

#: Seconds between tries when the broker is away: at first, and at most.
FIRST, LONGEST = 0.5, 10.0

#: Seconds before a worker says that it is online, if it has nothing else to say: one that has ended by then is not worth a connection.
PATIENCE = 0.25

#: Seconds that the thread has to send the last events.
FAREWELL = 1.5

#: The period that a heartbeat names which is sent because somebody asked for it, where none are sent otherwise. As in Celery.
REMOTE = 5.0

Note = tuple[str, float, str, Mapping[str, Any] | End | None]


class Events:
    """Sends the events of one worker.

    Args:
        publisher: sends them; it belongs to this worker alone.
        hostname: the worker's name.
        clock: kombu's ``LamportClock``.
        load: how many tasks run now, and how many have begun so far.
        tasks: whether events of tasks are sent from the start.
        heartbeat: seconds between heartbeats; None for none.

    Attributes:
        on: whether events of tasks are sent: asked before anything is noted.
        heard: whether there may be monitors on this broker.
    """

    def __init__(
        self,
        publisher: EventPublisher,
        hostname: str,
        clock: clocks.LamportClock,
        load: Callable[[], tuple[int, int]],
        *,
        tasks: bool,
        heartbeat: float | None,
        heard: bool = True,
    ) -> None:
        self.heard = heard
        self.on = tasks and heard
        self._publisher = publisher
        self._hostname = hostname
        self._clock = clock
        self._load = load
        self._heartbeat = heartbeat if heard else None
        self._notes: deque[Note] = deque(maxlen=MOST)
        self._waiting: deque[dict[str, Any]] = deque(maxlen=MOST)
        self._there = threading.Event()
        self._closing = threading.Event()
        self._beat_now = self._greeted = False
        self._due = 0.0
        self._thread: threading.Thread | None = None
        self._away = False

    # --------------------------------------------------------------------------------------------------- the worker's loop
    def received(self, headers: Mapping[str, Any]) -> None:
        """A call was taken in."""
        self._note("task-received", str(headers.get("id")), headers)

    def started(self, entry: Entry) -> None:
        """A call has begun."""
        if entry.tells:
            self._note("task-started", entry.id, None)

    def ended(self, entry: Entry, ended: Ended) -> None:
        """A call has ended."""
        kind = forms.ENDS.get(ended.state)
        if ended.state == REJECTED and ended.following is not None and ended.following.rejected is False:
            kind = "task-failed"  # it never runs again
        if kind is not None and entry.tells:
            headers = entry.delivery.headers
            self._note(kind, entry.id, forms.end_of(ended, ignored=bool(headers.get("ignore_result")), number=entry.signal))

    def rejected(self, entry: Entry, *, requeue: bool) -> None:
        """A call's message was given back to its queue, or dropped."""
        if entry.tells:
            self._note("task-rejected", entry.id, {"requeue": requeue})

    def _note(self, kind: str, uuid: str, what: Mapping[str, Any] | End | None) -> None:
        self._notes.append((kind, time.time(), uuid, what))
        if not self._there.is_set():
            self._there.set()

    # --------------------------------------------------------------------------------------------------------- any thread
    def start(self) -> None:
        """Begin to send."""
        if self._heartbeat is not None or self.on:
            self._start()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="flowc-events", daemon=True)
            self._thread.start()

    def switch(self, on: bool) -> bool:
        """Send events of tasks from now on, or do not; whether that is a change."""
        changed, self.on = self.on != on, on
        if on:
            self._start()
        return changed

    def beat(self) -> None:
        """Send a heartbeat now."""
        if not self.heard:
            return
        self._beat_now = True
        self._start()
        self._there.set()

    def stop(self) -> None:
        """Send what is left, say farewell, and end; all that in :data:`FAREWELL` seconds at most."""
        self._closing.set()
        self._there.set()
        if self._thread is not None:
            self._thread.join(FAREWELL)

    # --------------------------------------------------------------------------------------------------------- the thread
    def _run(self) -> None:
        pause = FIRST
        if not self.on and not self._beat_now:
            self._there.wait(PATIENCE)
        while not self._closing.is_set():
            try:
                self._say_hello()
                self._send()
            except Exception as exc:  # of any transport: events are a convenience
                self._lost(exc)
                self._closing.wait(pause)
                pause = min(pause * 2, LONGEST)
                continue
            pause = FIRST
            self._found()
            self._there.wait(None if self._heartbeat is None else max(0.0, self._due - time.monotonic()))
            if self._there.is_set():
                self._closing.wait(GATHERING)
                self._there.clear()
        self._leave()

    def _leave(self) -> None:
        try:
            if not self._away:
                self._send()
                if self._greeted:
                    self._say("worker-offline")
        except Exception as exc:
            self._lost(exc)
        finally:
            self._publisher.close()

    def _say_hello(self) -> None:
        """What the worker says of itself, when it is time."""
        now, heartbeat = time.monotonic(), self._heartbeat
        if heartbeat is not None and not self._greeted:
            self._say("worker-online")
            self._greeted = True
        elif self._beat_now or (heartbeat is not None and now >= self._due):
            self._say("worker-heartbeat")
        else:
            return
        self._beat_now = False
        self._due = now + (heartbeat or 0.0)

    def _say(self, kind: str) -> None:
        fields = forms.worker_state(self._heartbeat or REMOTE, *self._load())
        event = stamped(kind, fields, time.time(), self._hostname, self._clock.forward())
        self._publisher.publish(event, kind.replace("-", "."), self._hostname)

    def _send(self) -> None:
        """Send every event that is there."""
        notes, waiting = self._notes, self._waiting
        while notes or waiting:
            while notes and len(waiting) < TOGETHER:
                waiting.append(self._event(*notes.popleft()))
            batch = [waiting[n] for n in range(min(len(waiting), TOGETHER))]
            try:
                if len(batch) == 1:
                    self._publisher.publish(batch[0], batch[0]["type"].replace("-", "."), self._hostname)
                else:
                    self._publisher.publish(batch, "task.multi", self._hostname)
            except (TypeError, ValueError, RecursionError) as exc:  # one that cannot be sent must not hold up those after it
                logger.warning("%d events are lost: %s", len(batch), failure_of(exc, keep=False))
            for _ in batch:
                waiting.popleft()

    def _event(self, kind: str, at: float, uuid: str, what: Mapping[str, Any] | End | None) -> dict[str, Any]:
        fields: Mapping[str, Any]
        if isinstance(what, End):
            fields = forms.ending(uuid, what)
        elif kind == "task-received" and what is not None:
            fields = forms.received(what)
        else:
            fields = {"uuid": uuid, **(what or {})}
        return stamped(kind, fields, at, self._hostname, self._clock.forward())

    def _lost(self, exc: BaseException) -> None:
        self._greeted = False
        if not self._away:
            self._away = True
            logger.warning("events cannot be sent: %s", failure_of(exc, keep=False))

    def _found(self) -> None:
        if self._away:
            self._away = False
            logger.warning("events are sent again")


def make_events(
    broker: Broker, hostname: str, clock: clocks.LamportClock, load: Callable[[], tuple[int, int]], *, tasks: bool, heartbeat: float | None
) -> Events:
    """The events of a worker. There are none where none of Celery's tools could hear them. Arguments as for :class:`Events`."""
    traits = broker.traits
    heard = traits.shared and traits.fanout and traits.name != "sqlite"
    return Events(EventPublisher(broker), hostname, clock, load, tasks=tasks, heartbeat=heartbeat, heard=heard)
