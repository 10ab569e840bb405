"""A fleet that is played: what is sent to it is answered by facts that a test has written, in the order that it wants, with no server."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import flowc
from flowc.compiler.plan import Plan
from flowc.runtime.broker.interface import Envelope, RetryPolicy
from flowc.runtime.fleet.driver import drive
from flowc.runtime.fleet.facts import Fact
from flowc.runtime.fleet.watching import Fleet
from flowc.runtime.outcome import RunEvent, RunResult


@dataclass
class Message:
    """A message that was sent."""

    id: str
    task: str
    args: list[Any]
    kwargs: dict[str, Any]
    embed: dict[str, Any]
    envelope: Envelope

    @property
    def step(self) -> str:
        """The id of its step (or handler), where the message's id is made of it."""
        return self.id.partition(".")[2]


#: What comes of a message: facts, at once.
Script = Callable[[Message], Iterable[Fact]]


class ScriptedFleet:
    """Takes the place of the publisher, and of what watches.

    Args:
        script: gives the facts that follow from a message.
        fleet: what workers have; by default nobody answers.
    """

    def __init__(self, script: Script, *, fleet: Fleet | None = None) -> None:
        self._script = script
        self.fleet = fleet or Fleet({}, {})
        #: Called when the workers are looked at.
        self.looking: Callable[[], None] = lambda: None
        self.deliver: Callable[[Fact], None] = lambda fact: None
        self.sent: list[Message] = []
        self.batches: list[int] = []
        self.events: list[RunEvent] = []
        self.asked: list[str] = []
        self.watched: set[str] = set()
        #: Exceptions that the next tries to publish raise; with how many messages the broker has taken before.
        self.broken: deque[tuple[int, Exception]] = deque()

    # ------------------------------------------------------------------------------------------------------ the publisher
    def publish(self, envelope: Envelope, retry: RetryPolicy, **_: Any) -> None:
        self.publish_many(deque([envelope]), retry)

    def publish_many(self, envelopes: Sequence[Envelope], retry: RetryPolicy, **_: Any) -> None:
        assert isinstance(envelopes, deque)
        assert retry.max_retries == 0
        most, failure = self.broken.popleft() if self.broken else (len(envelopes), None)
        count = 0
        while envelopes and count < most:
            self._arrived(envelopes.popleft())
            count += 1
        if count:
            self.batches.append(count)
        if failure is not None:
            raise failure

    def close(self) -> None:
        pass

    def _arrived(self, envelope: Envelope) -> None:
        args, kwargs, embed = json.loads(envelope.body)
        message = Message(envelope.headers["id"], envelope.headers["task"], args, kwargs, embed, envelope)
        assert message.id in self.watched, "it is watched before it leaves"
        self.sent.append(message)
        for fact in self._script(message):
            self.deliver(fact)

    # ---------------------------------------------------------------------------------------------------------- the run
    def drive(self, plan: Plan, app: flowc.App | None = None, **options: Any) -> RunResult:
        """Drive a plan on it."""
        with app or flowc.App("played", broker="memory://", backend="disabled://", set_as_current=False) as used:
            used.broker.lend(self)
            return drive(plan, used, on_event=self.events.append, make_watching=self._watching, **options)

    def _watching(self, app: flowc.App, run_id: str, deliver: Callable[[Fact], None], *, events: bool) -> Any:
        return _Watching(self, deliver)

    def later(self, seconds: float, *facts: Fact) -> None:
        """Deliver facts after a while, in another thread."""
        threading.Timer(seconds, lambda: [self.deliver(fact) for fact in facts]).start()


class _Watching:
    """In the place of :class:`flowc.runtime.fleet.watching.Watching`."""

    def __init__(self, fleet: ScriptedFleet, deliver: Callable[[Fact], None]) -> None:
        self._fleet = fleet
        fleet.deliver = deliver

    def look(self, timeout: float = 2.0, queues: Collection[str] = ()) -> Fleet:
        self._fleet.looking()
        return self._fleet.fleet

    def start(self) -> None:
        pass

    def sent(self, task_id: str, queue: str, **_: Any) -> None:
        self._fleet.watched.add(task_id)

    def ended(self, task_ids: Collection[str], *, ran: bool = True) -> None:
        self._fleet.watched.difference_update(task_ids)

    def ask(self, task_id: str) -> None:
        self._fleet.asked.append(task_id)

    def probe(self, task_id: str) -> None:
        self._fleet.asked.append(task_id)

    def name_of(self, sender: str | None) -> str | None:
        return sender

    def interrupt(self) -> None:
        pass

    def close(self) -> None:
        pass
