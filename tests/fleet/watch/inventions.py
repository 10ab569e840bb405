"""A fleet that is made up, and a clock that goes when it is told to: for tests of the policy alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from flowc.runtime.broker.inspecting import Answers, Command, Inspector, Standing
from flowc.runtime.errors import ConnectionLost
from flowc.runtime.fleet.facts import Fact, News
from flowc.runtime.fleet.hosts import Hosts
from flowc.runtime.fleet.patience import Patience
from flowc.runtime.fleet.probing import Probing
from flowc.runtime.fleet.watched import Watched
from flowc.runtime.outcome import Noted


class Invented(Inspector):
    """Answers as it is told to.

    Attributes:
        workers: by host name, the state of each step that it knows.
        reads: the queues that each reads.
        silent: workers that are there and do not answer.
        redis: whether the broker says how many heard, and lets anybody look into queues; else it is like RabbitMQ.
        queues: the ids of the messages in each.
        unacked: ids of messages that dead workers hold.
        asked: the ids of each question, in order.
    """

    def __init__(self, *, redis: bool) -> None:
        super().__init__()
        self.redis = redis
        self.workers: dict[str, dict[str, str]] = {"w1": {}}
        self.reads: dict[str, list[str]] = {}
        self.silent: set[str] = set()
        self.scheduled: dict[str, str] = {}
        self.queues: dict[str, list[str]] = {"q": []}
        self.unacked: set[str] = set()
        self.asked: list[list[str]] = []
        self.away = False

    def ask(
        self,
        commands: Sequence[Command],
        timeout: float,
        *,
        expected: Collection[str] = (),
        destination: list[str] | None = None,
        enough: Any = None,
    ) -> list[Answers]:
        if self.away:
            raise ConnectionLost("away")
        heard = len(self.workers) if self.redis or not self.workers else None  # RabbitMQ gives back what nobody can hear
        return [Answers(self._answers(command, destination), heard) for command in commands]

    def _answers(self, command: Command, destination: list[str] | None) -> dict[str, Any]:
        hosts = [host for host in self.workers if host not in self.silent and (destination is None or host in destination)]
        match command.name:
            case "query_task":
                ids = command.arguments["ids"]
                self.asked.append(ids)
                return {host: {i: [self.workers[host][i], {"id": i}] for i in ids if i in self.workers[host]} for host in hosts}
            case "active_queues":
                return {host: [{"name": name} for name in self.reads.get(host, ["q"])] for host in hosts}
            case "scheduled":
                return {host: [{"request": {"id": i}} for i, at in self.scheduled.items() if at == host] for host in hosts}
        raise AssertionError(command)

    def standing(self, queue: str) -> Standing:
        readers = sum(queue in self.reads.get(host, ["q"]) for host in self.workers)
        if queue not in self.queues:
            return Standing(0, None if self.redis else 0, exists=self.redis)
        return Standing(len(self.queues[queue]), None if self.redis else readers)

    def waiting(self, queue: str, task_ids: Collection[str]) -> frozenset[str] | None:
        return frozenset(self.queues[queue]) & frozenset(task_ids) if self.redis else None

    def held(self, task_ids: Collection[str]) -> frozenset[str]:
        return frozenset(self.unacked) & frozenset(task_ids) if self.redis else frozenset()

    def prepare(self) -> None:
        raise NotImplementedError

    def reply_to(self) -> dict[str, str]:
        raise NotImplementedError

    def publish(self, body: str, headers: dict[str, Any]) -> int | None:
        raise NotImplementedError

    def collect(self, timeout: float) -> Iterable[tuple[str, Any]]:
        raise NotImplementedError

    def close(self) -> None:
        pass


class Bench:
    """A policy at work: steps are sent, time passes, facts come."""

    def __init__(self, *, redis: bool = True, patience: Patience | None = None) -> None:
        self.now = 1_000_000.0
        self.facts: list[tuple[float, Fact]] = []
        self.notes: list[tuple[int, str]] = []
        self.fleet = Invented(redis=redis)
        self.patience = patience or replace(Patience(), untold_after=Patience().lost_after)
        self.watched = Watched(self.patience, lambda: self.now)
        self.hosts = Hosts(clock=lambda: self.now)
        self._begun = self.now
        self.probing = Probing(self.watched, self.hosts, self._take, self.patience, lambda: self.now)

    def _take(self, news: News) -> None:
        at = self.now - self._begun
        if isinstance(news, Noted):
            self.notes.append((round(at), news.text))
        else:
            self.facts.append((at, news))

    def send(
        self, task_id: str, *, delay: float | None = None, expires: float | None = None, priority: int | None = 0, limited: bool = False
    ) -> None:
        """A step goes out, and is in none of the queues that this fleet has."""
        not_before, ends = (None if after is None else self.now + after for after in (delay, expires))
        self.watched.add(task_id, "q", not_before=not_before, expires=ends, priority=priority, limited=limited)

    def after(self, seconds: float) -> None:
        """Let so many seconds pass."""
        until = self.now + seconds
        wait = 0.0
        while self.now + wait <= until:
            self.now += wait
            try:
                wait = max(0.1, self.probing.turn(lambda: self.fleet))
            except ConnectionLost:
                self.watched.forgive()
                wait = 1.0
        self.now = until

    def told(self, kind: type[Fact]) -> list[str]:
        """The steps of which facts of a kind came."""
        return [fact.task_id for _, fact in self.facts if isinstance(fact, kind)]

    def when(self, kind: type[Fact]) -> list[int]:
        """After how many seconds they came."""
        return [round(at) for at, fact in self.facts if isinstance(fact, kind)]
