"""Events of workers as facts about steps: they come at once, and some never do, so that they only ever hasten what is learned otherwise.

Source: "Monitoring and Management Guide", section "Event Reference".
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from ..broker.inspecting import EventStream
from ..errors import ConnectionLost
from ..results.interface import READY_STATES
from .event_facts import fact_of
from .facts import Fact, Seen
from .hosts import Hosts
from .watched import Watched

logger = logging.getLogger("flowc.fleet")

#: What is listened to; heartbeats are not needed.
KEYS = ("task.#", "worker.online", "worker.offline")
#: Without events of tasks.
WORKER_KEYS = KEYS[1:]

#: After which nothing more comes of a call.
_OVER = frozenset(("task-succeeded", "task-failed", "task-revoked"))

#: Seconds for one wait, and between tries to listen again.
_WAIT, _PAUSE_FIRST, _PAUSE_MOST = 1.0, 0.25, 10.0
#: Seconds for which events gather after some have come: most are of steps whose links have come by then, and need not be looked at.
_GATHER = 0.02


class Events:
    """A thread that hears events and makes facts of them.

    Args:
        watched: the steps.
        hosts: the workers that are known.
        deliver: takes what is told.
        open_stream: makes the connection, given what to listen to.
        on_online: called with the host name of a worker that has come.
        tasks: whether to listen to events of tasks, not of workers alone.
    """

    def __init__(
        self,
        watched: Watched,
        hosts: Hosts,
        deliver: Callable[[Fact], None],
        open_stream: Callable[[tuple[str, ...]], EventStream],
        *,
        on_online: Callable[[str], None],
        tasks: bool,
    ) -> None:
        self._watched = watched
        self._hosts = hosts
        self._deliver = deliver
        self._open = open_stream
        self._on_online = on_online
        self._keys = KEYS if tasks else WORKER_KEYS
        self._stopping = threading.Event()
        self._stream: EventStream | None = None
        self.listening = threading.Event()
        self._thread = threading.Thread(target=self._run, name="flowc-events", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        stream = self._stream
        if stream is not None:
            stream.wake()
        if self._thread.is_alive():
            self._thread.join(5.0)

    def _run(self) -> None:
        pause = _PAUSE_FIRST
        while not self._stopping.is_set():
            try:
                stream = self._stream = self._connected()
                try:
                    self.listening.set()
                    pause = _PAUSE_FIRST
                    while not self._stopping.is_set():
                        came = stream.receive(_WAIT)
                        for body, content_type in came:
                            self._take(body, content_type)
                        if came:
                            self._stopping.wait(_GATHER)
                finally:
                    self._stream = None
                    stream.close()
            except Exception as exc:  # whatever it is: events are an accelerator
                logger.info("events of workers are not heard for now: %s", exc)
                self._stopping.wait(pause)
                pause = min(pause * 2, _PAUSE_MOST)

    def _connected(self) -> EventStream:
        try:
            return self._open(self._keys)
        except ConnectionLost:  # a connection that merely breaks is made anew at once
            self._hosts.interrupted()
            raise

    def _take(self, body: bytes | str, content_type: str) -> None:
        if content_type != "application/json":
            return
        try:
            told = json.loads(body)
        except ValueError:
            return
        for event in told if isinstance(told, list) else [told]:
            if isinstance(event, dict):
                self._event(event)

    def _event(self, event: Mapping[str, Any]) -> None:
        kind, host = str(event.get("type")), str(event.get("hostname"))
        if kind == "worker-online":
            self._hosts.came(host)
            self._on_online(host)
        elif kind == "worker-offline":
            self._hosts.leaves(host)
        elif kind.startswith("task-"):
            self._task_event(kind, str(event.get("uuid")), host, event)

    def _task_event(self, kind: str, task_id: str, host: str, event: Mapping[str, Any]) -> None:
        parent = event.get("parent_id")
        if kind == "task-received" and isinstance(parent, str):
            self._watched.adopt(task_id, parent)
        if task_id not in self._watched:
            self._watched.hear_child(task_id, over=kind in _OVER)
        else:
            fact = fact_of(kind, task_id, host, event)
            if kind == "task-cancelled":  # a worker that stops at once: if its message was acknowledged, nobody else will run it
                self._watched.hurry(task_id)
            elif kind != "task-sent":
                self._watched.hear(task_id, host)
            if isinstance(fact, Seen) and fact.status == "SUCCESS":
                self._watched.succeeded(task_id)
            elif isinstance(fact, Seen) and fact.status in READY_STATES:
                self._watched.remove([task_id])
            if fact is not None:
                self._deliver(fact)
