"""Events of workers as facts about steps: they come at once, and some never do, so that they only ever hasten what is learned otherwise.

Workers do not send them unless they are asked to (``-E``, or the command ``enable_events``). A run switches on those that were off, new
workers too, and switches the same ones off in the end. Should another run have done so first, they are switched on again after
``Patience.enable_again`` seconds.

Source: "Monitoring and Management Guide", section "Event Reference".
"""

from __future__ import annotations

import ast
import json
import logging
import re
import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from ..broker.inspecting import Command, EventStream, Inspector
from ..results.interface import READY_STATES
from .facts import Alive, Fact, Seen
from .patience import Patience
from .probing import Hosts
from .watched import Watched

logger = logging.getLogger("flowc.fleet")

#: What is listened to; heartbeats are not needed.
KEYS = ("task.#", "worker.online", "worker.offline")
#: Without events of tasks.
WORKER_KEYS = KEYS[1:]

#: Seconds for one wait, and between tries to listen again.
_WAIT, _PAUSE_FIRST, _PAUSE_MOST = 1.0, 0.25, 10.0

_REPR = re.compile(r"(?s)(?:\w+\.)*(\w+)\((.*)\)$")
#: What the worker's own outcomes are called as exceptions.
_REVOKED = ("expired", "terminated")
#: Where exceptions are from that workers raise themselves, without a traceback.
_MODULES = {
    "NotRegistered": "celery.exceptions",
    "TimeLimitExceeded": "billiard.exceptions",
    "WorkerLostError": "billiard.exceptions",
    "Terminated": "billiard.exceptions",
}


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
                stream = self._stream = self._open(self._keys)
                try:
                    self.listening.set()
                    pause = _PAUSE_FIRST
                    while not self._stopping.is_set():
                        for body, content_type in stream.receive(_WAIT):
                            self._take(body, content_type)
                finally:
                    self._stream = None
                    stream.close()
            except Exception as exc:  # whatever it is: events are an accelerator
                logger.info("events of workers are not heard for now: %s", exc)
                self._stopping.wait(pause)
                pause = min(pause * 2, _PAUSE_MOST)

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
            self._hosts.leaving.discard(host)
            self._on_online(host)
        elif kind == "worker-offline":
            self._hosts.leaving.add(host)
        elif kind.startswith("task-") and event.get("uuid") in self._watched:
            task_id = str(event["uuid"])
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


def fact_of(kind: str, task_id: str, host: str, event: Mapping[str, Any]) -> Fact | None:
    """What an event of a task tells. Results and exceptions are there as ``repr`` has them, cut after some length."""
    match kind:
        case "task-received":
            return Alive(task_id, "scheduled" if event.get("eta") else "received", host)
        case "task-started":
            return Alive(task_id, "started", host)
        case "task-succeeded":
            return Seen(task_id, "SUCCESS", event.get("result"), source="event", worker=host, complete=False)
        case "task-failed" | "task-retried":
            traceback = event.get("traceback")
            status = "FAILURE" if kind == "task-failed" else "RETRY"
            text = traceback if isinstance(traceback, str) else None
            return Seen(task_id, status, raised(str(event.get("exception")), text), text, "event", host, complete=False)
        case "task-revoked":
            why = next((word for word in _REVOKED if event.get(word)), "revoked")
            return Seen(task_id, "REVOKED", _exception("TaskRevokedError", why), source="event", worker=host)
        case "task-rejected" if not event.get("requeue"):
            return Seen(task_id, "FAILURE", _exception("Reject", "the task rejected its message"), source="event", worker=host)
    return None


def _exception(name: str, why: str) -> dict[str, Any]:
    return {"exc_type": name, "exc_message": [why], "exc_module": "celery.exceptions"}


def raised(shown: str, traceback: str | None) -> dict[str, Any]:
    """``exc_type exc_message exc_module`` of an exception, from its ``repr`` and (for the module) the end of its traceback."""
    found = _REPR.fullmatch(shown)
    name, text = (found[1], found[2]) if found else ("Exception", repr(shown))
    try:
        message = list(ast.literal_eval(f"({text},)")) if text else []
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        message = [text]
    last = (traceback or "").rstrip().rpartition("\n")[2].partition(":")[0]
    module, _, qualified = last.rpartition(".")
    if qualified != name:
        module = _MODULES.get(name, "")
    elif not module:
        module = "builtins"
    return {"exc_type": name, "exc_message": message, **({"exc_module": module} if module else {})}


class Switch:
    """Switches events of tasks on and, where this one did, off again. Its methods raise ConnectionLost.

    Args:
        patience: see there.
    """

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._ours: set[str] = set()
        self._new: set[str] = set()
        self._again = 0.0
        self._lock = threading.Lock()

    def came(self, host: str) -> None:
        """A worker has come: it is asked at the next turn. From any thread."""
        with self._lock:
            self._new.add(host)

    def begin(self, inspector: Callable[[], Inspector], hosts: Collection[str]) -> None:
        """Ask those that are known already; the others follow with the first turn."""
        if hosts:
            self._on(inspector(), sorted(hosts))

    def turn(self, inspector: Callable[[], Inspector]) -> float:
        """Ask whom there is to ask; after how many seconds to do so again."""
        now = time.monotonic()
        if now >= self._again:
            self._on(inspector(), None)
            self._again = now + self._patience.enable_again
        elif self._new:
            with self._lock:
                new, self._new = sorted(self._new), set()
            self._on(inspector(), new)
        return max(0.0, self._again - now)

    def _on(self, inspector: Inspector, hosts: list[str] | None) -> None:
        (answers,) = inspector.ask([Command("enable_events", {})], self._patience.answer, destination=hosts)
        self._ours.update(host for host, told in answers.by_host.items() if told == {"ok": "task events enabled"})

    def off(self, inspector: Callable[[], Inspector]) -> None:
        """Switch off what was switched on here."""
        hosts, self._ours = sorted(self._ours), set()
        if hosts:
            inspector().ask([Command("disable_events", {})], 0.0, destination=hosts)
