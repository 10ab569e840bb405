"""Everything beside links and errbacks by which a run learns what became of its steps: states, events, probes, a look before it starts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..broker.inspecting import Command, Inspector, make_event_stream
from .asking import Asking
from .celery_events import Events
from .event_switch import ENABLE, Switch
from .facts import News
from .hosts import Hosts, queues_of
from .patience import Patience
from .probing import Probing
from .states import make_states
from .watched import Watched

if TYPE_CHECKING:
    from ..app import App

#: Seconds between tries to reach the broker again, at first and at most; and between two rounds of questions, at least.
_PAUSE, _PAUSE_MOST, _LEAST = 1.0, 10.0, 0.1
#: Queues whose consumers are counted: of more, answers are waited for as where the broker counts nothing.
_MOST_QUEUES = 20
#: What stands before the options of a task that ``registered`` tells of, such as ``[rate_limit=10/m]``.
_OPTIONS = " ["


@dataclass(frozen=True, slots=True)
class Fleet:
    """The workers that answered before a run: by host name, the tasks that each has registered and the queues that it reads."""

    tasks: Mapping[str, frozenset[str]]
    queues: Mapping[str, frozenset[str]]


class Watching:
    """Delivers facts about the steps of one run, from threads of its own.

    Args:
        app: whose broker and result backend are used.
        run_id: every task id of the run begins with it, but for steps with a ``task_id`` of their own.
        deliver: takes each fact, in any thread.
        events: whether workers are asked to send events (where no result backend tells states).
        patience: how long is waited for what.
    """

    def __init__(self, app: App, run_id: str, deliver: Callable[[News], None], *, events: bool, patience: Patience | None = None) -> None:
        self._app = app
        self._deliver = deliver
        self._patience = patience or Patience()
        self._watched = Watched(self._patience)
        self._hosts = Hosts()
        self._limited: set[str] = set()
        self._probing = Probing(self._watched, self._hosts, deliver, self._patience)
        self._switch = Switch(self._hosts, self._patience) if events else None
        self._events = Events(
            self._watched, self._hosts, deliver, lambda keys: make_event_stream(app.broker, keys), on_online=self._came, tasks=events
        )
        self._states = make_states(app.backend, run_id, self._watched, deliver, self._patience)
        self._asking = Asking(app.broker)
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="flowc-probes", daemon=True)

    def look(self, timeout: float = 2.0, queues: Collection[str] = ()) -> Fleet:
        """Ask all workers what they have, before anything is sent. Empty where none answered in ``timeout`` seconds.

        ``queues``: where the steps go. Where the broker says how many consume from these, no other workers are waited for.
        """
        commands = [Command("registered", {"builtins": True}), Command("active_queues", {})]
        if self._switch is not None:
            commands.append(ENABLE)
        answers = self._asking.attempt(lambda inspector: inspector().ask(commands, timeout, enough=_readers(inspector(), queues)))
        if answers is None:
            return Fleet({}, {})
        tasks, read, *enabled = answers
        if self._switch is not None:
            self._switch.answered(*enabled)
        self._hosts.queues.update(queues_of(read.by_host))
        self._hosts.answered(read.by_host, time.time())
        found: dict[str, frozenset[str]] = {}
        for host, told in tasks.by_host.items():
            if isinstance(told, list):
                found[host] = frozenset(str(name).partition(_OPTIONS)[0] for name in told)
                self._limited.update(str(name).partition(_OPTIONS)[0] for name in told if "rate_limit=" in str(name).partition(_OPTIONS)[2])
        return Fleet(found, {host: self._hosts.queues.get(host, frozenset()) for host in found})

    def start(self) -> None:
        """Begin to watch. Returns when the workers that answered to :meth:`look` send events (or all that answer now), or cannot."""
        self._events.start()
        if self._states is not None:
            self._states.start()
        if self._switch is not None:
            switch = self._switch
            self._events.listening.wait(self._patience.answer)
            self._asking.attempt(switch.begin)
        self._thread.start()

    def sent(
        self,
        task_id: str,
        queue: str,
        *,
        not_before: float | None = None,
        expires: float | None = None,
        priority: int | None = None,
        task: str | None = None,
    ) -> None:
        """A step was sent (again): watch it. Moments are seconds since the epoch.

        Args:
            task_id: of its message.
            queue: that it went to.
            not_before: when it may begin.
            expires: when it is not to begin any more.
            priority: of its message, 0 where it has none; None: not known, so that nothing follows from the order of messages.
            task: its name: workers hold those with a rate limit without a word.
        """
        self._watched.add(task_id, queue, not_before=not_before, expires=expires, priority=priority, limited=task in self._limited)
        if self._states is not None:
            self._states.add(task_id)

    def ended(self, task_ids: Collection[str], *, ran: bool = True) -> None:
        """These have ended: watch them no longer. ``ran`` false: they are given up, and may stand in their queues still."""
        self._watched.remove(task_ids, ran=ran)
        if self._states is not None:
            self._states.forget(task_ids)

    def ask(self, task_id: str) -> None:
        """Look at once for the state of a step: its errback came, which does not say what was raised, or its ``expires`` is over."""
        if self._states is not None:
            self._states.ask(task_id)
        if self._watched.hurry_expired(task_id):
            self._woken.set()

    def probe(self, task_id: str) -> None:
        """Ask the workers about a step at once: who has it is told by an :class:`Alive`."""
        self._watched.hurry(task_id)
        self._woken.set()

    def name_of(self, sender: str | None) -> str | None:
        """The worker by whose process a link was sent, as far as it is known: links name the process alone."""
        return None if sender is None else self._hosts.name_of(sender)

    def interrupt(self) -> None:
        """Wait for no answers any more. From any thread, or a signal handler."""
        self._asking.interrupt()

    def close(self) -> None:
        """Watch no longer; events that this run has switched on are switched off."""
        self._stopping.set()
        self._woken.set()
        self._asking.interrupt()
        for part in (self._events, self._states):
            if part is not None:
                part.close()
        if self._thread.is_alive():
            self._thread.join(5.0)
        if self._switch is not None:
            self._asking.attempt(self._switch.off)
        self._asking.close()

    # ------------------------------------------------------------------------------------------------------------- the thread
    def _run(self) -> None:
        pause = _PAUSE
        while not self._stopping.is_set():
            wait = self._asking.attempt(self._round)
            if wait is None:
                self._watched.forgive()
                wait, pause = pause, min(pause * 2, _PAUSE_MOST)
            else:
                pause = _PAUSE
            self._woken.wait(max(wait, _LEAST))
            self._woken.clear()

    def _round(self, inspector: Callable[[], Inspector]) -> float:
        following = self._probing.turn(inspector)
        return following if self._switch is None else min(following, self._switch.turn(inspector))

    def _came(self, host: str) -> None:
        """A worker has come."""
        if self._switch is not None:
            self._switch.came(host)
            self._woken.set()


def _readers(inspector: Inspector, queues: Collection[str]) -> Callable[[Sequence[Mapping[str, Any]]], bool]:
    """Whether everybody who reads these queues is among those that have answered to the second command, ``active_queues``."""
    consumers = {queue: inspector.consumers(queue) for queue in list(queues)[:_MOST_QUEUES]}

    def answered(answers: Sequence[Mapping[str, Any]]) -> bool:
        read = queues_of(answers[1]).values()
        return all(count and sum(queue in some for some in read) >= count for queue, count in consumers.items())

    return answered if consumers else lambda _: False
