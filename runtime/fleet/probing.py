"""The policy for steps of which nothing is heard: workers are asked, and what neither they nor the broker know is lost.

A step ends without a word when its worker's host goes down after the message was acknowledged, when the task raises ``Ignore``, when a
thread is ended by ``SystemExit``, when the callback cannot be sent. No message will ever tell; so what is asked is (see :class:`Patience`
for when, how often and for how long):

1. all workers, by ``query_task`` with the ids of many steps: who has it is alive, whether it runs, waits in the worker or for its time;
2. the broker, about those that nobody knows: does its queue hold messages (Redis: does it hold *this* message), and is it among those
   that a worker has taken and not acknowledged (Redis: when that worker is dead they come back after the visibility timeout; on RabbitMQ
   they are back in the queue as soon as the connection breaks). Then the step is not lost, however long that takes;
3. whether everybody has answered: on Redis the broker says how many workers heard the question, on RabbitMQ how many consume from
   the queue. While one is silent, or known to be leaving, the step may be with it.

Any sign of life begins it all anew. When the broker itself was away, nothing that was found before counts. That there is no worker left at
all is told, and when one is there again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from ..broker.inspecting import Answers, Command, Inspector, Standing
from ..outcome import Noted
from .facts import Alive, Lost, News, Seen
from .hosts import Hosts, queues_of
from .patience import Patience
from .watched import Step, Watched, batches

#: Steps that are asked about in one round, and ids in one question.
MOST, MOST_IDS = 1000, 250

#: What ``query_task`` calls a step, and what it is called here.
_STATES = {"active": "started", "scheduled": "scheduled"}

#: Seconds after a worker has said that it begins or ends until it surely listens to questions, or no more.
_SETTLED = 1.0
#: Seconds that workers have to connect anew, when the broker was away: those of Celery wait for up to 32 s between tries.
_CONNECTING = 60.0


class Probing:
    """Asks about the steps that are due.

    Args:
        watched: the steps.
        hosts: the workers that are known.
        deliver: takes what is found.
        patience: see there.
        clock: seconds since the epoch.
    """

    def __init__(
        self, watched: Watched, hosts: Hosts, deliver: Callable[[News], None], patience: Patience, clock: Callable[[], float] = time.time
    ) -> None:
        self._watched = watched
        self._hosts = hosts
        self._deliver = deliver
        self._patience = patience
        self._clock = clock
        self._asked = 0.0
        self._nobody = False

    def turn(self, inspector: Callable[[], Inspector]) -> float:
        """Ask about what is due; after how many seconds to do so again. Raises ConnectionLost."""
        due = self._watched.due(MOST)
        if due:
            self._ask(inspector(), due)
        elif self._is_doubtful():
            self._call_the_roll(inspector())
        return self._watched.wait()

    def _ask(self, inspector: Inspector, due: list[Step]) -> None:
        asked = self._asked = self._clock()
        questions = [Command("query_task", {"ids": ids}) for ids in batches([step.task_id for step in due], MOST_IDS)]
        answers = inspector.ask(questions, self._patience.answer, expected=self._hosts.queues.keys() - self._hosts.leaving.keys())
        known = dict(_known(answers))
        self._hosts.answered({host for answer in answers for host in answer.by_host}, asked)
        self._somebody(host for answer in answers for host in answer.by_host)
        for task_id, (state, worker) in known.items():
            self._watched.known(task_id, worker)
            self._deliver(Alive(task_id, state, worker))
        missing = [step for step in due if step.task_id not in known and step.task_id in self._watched]
        if missing:
            self._judge(inspector, missing, answers)

    # -------------------------------------------------------------------------------------------------------- is anybody there
    def _is_doubtful(self) -> bool:
        """Whether workers have said what makes it doubtful that there is one, or that there is none, since they were asked last."""
        settled = self._hosts.told + _SETTLED
        if not len(self._watched) or not self._asked_before(settled):
            return False
        return self._nobody or self._hosts.queues.keys() <= self._hosts.leaving.keys()

    def _asked_before(self, moment: float) -> bool:
        return self._asked < moment <= self._clock()

    def _call_the_roll(self, inspector: Inspector) -> None:
        self._asked = self._clock()
        (answers,) = inspector.ask([Command("active_queues", {})], self._patience.answer)
        self._hosts.queues.update(queues_of(answers.by_host))
        self._hosts.answered(answers.by_host, self._asked)
        self._somebody(answers.by_host)
        if answers.listeners == 0:
            self._tell_of_nobody()

    def _somebody(self, hosts: Iterable[str]) -> None:
        host = min(hosts, default=None)
        if self._nobody and host is not None:
            self._nobody = False
            self._deliver(Noted(f"a worker answers again: {host}"))

    def _tell_of_nobody(self) -> None:
        connecting = self._clock() < self._hosts.away + _CONNECTING
        if not self._nobody and self._hosts.ever and not connecting:
            self._nobody = True
            taken = f"what they had taken counts as lost after {self._patience.down_after:g} s, unless it comes back"
            if self._hosts.leaving:
                taken = "those that are leaving may still finish what they have"
            self._deliver(Noted(f"no worker answers any more: what is in a queue waits until one comes; {taken}"))

    # ------------------------------------------------------------------------------------------------ what nobody says he has
    def _judge(self, inspector: Inspector, missing: list[Step], answers: list[Answers]) -> None:
        hosts = set[str].intersection(*(set(answer.by_host) for answer in answers))
        listeners = min((answer.listeners for answer in answers if answer.listeners is not None), default=None)
        self._learn(inspector, hosts)
        if listeners is not None and len(hosts) >= listeners:
            self._hosts.gone(self._hosts.queues.keys() - hosts)
        missing = self._without_children(inspector, missing)
        scheduled = self._scheduled(inspector, missing, listeners is not None)
        held = inspector.held([step.task_id for step in missing])
        by_queue: dict[str, list[Step]] = {}
        for step in missing:
            by_queue.setdefault(step.queue, []).append(step)
        deserted = not hosts
        for queue, steps in by_queue.items():
            standing = inspector.standing(queue)
            waiting = inspector.waiting(queue, [step.task_id for step in steps]) if standing.messages else frozenset()
            everybody = self._everybody(queue, standing, hosts, listeners)
            deserted = deserted and everybody
            if everybody:
                self._hosts.gone(host for host in self._hosts.queues.keys() - hosts if queue in self._hosts.queues[host])
            for step in steps:
                if step.task_id in scheduled:
                    self._watched.known(step.task_id, scheduled[step.task_id])
                    self._deliver(Alive(step.task_id, "scheduled", scheduled[step.task_id]))
                else:
                    self._missing(step, standing, waiting, step.task_id in held, hosts, everybody)
        if deserted:
            self._tell_of_nobody()

    def _missing(
        self, step: Step, standing: Standing, waiting: frozenset[str] | None, held: bool, hosts: set[str], everybody: bool
    ) -> None:
        patience = self._patience
        expired = step.expires is not None and step.expires + patience.expired_after <= self._clock()
        there = held or (step.task_id in waiting if waiting is not None else standing.messages > 0)
        unsure = waiting is None and standing.messages > 0 and bool(hosts) and self._watched.overtaken(step)
        if not hosts and standing.messages > 0:
            there, unsure = True, False
        if expired and (everybody or there):
            limit = 0.0
        elif there and not unsure:
            self._watched.waits(step.task_id)
            return
        else:
            limit = self._limit(step, standing, hosts, everybody=everybody, unsure=unsure)
        gone = self._watched.misses(step.task_id, everybody=everybody, patience=limit)
        if gone is None:
            return
        self._watched.remove([step.task_id], ran=False)
        if expired:
            revoked = {"exc_type": "TaskRevokedError", "exc_message": ["expired"], "exc_module": "celery.exceptions"}
            self._deliver(Seen(step.task_id, "REVOKED", revoked, source="probe"))
        else:
            self._deliver(Lost(step.task_id, _why(step, standing, hosts, everybody, unsure), self._clock() - gone.heard))

    def _limit(self, step: Step, standing: Standing, hosts: set[str], *, everybody: bool, unsure: bool) -> float:
        """For how long nobody must have known a step that is nowhere to be found."""
        patience, known = self._patience, self._hosts
        if not everybody or not known.ever or (step.worker is not None and step.worker not in known.ever):
            return patience.silent_after
        if known.may_finish(step.worker, step.sent):
            return patience.unsure_after
        if not hosts:
            return patience.down_after
        if unsure or step.limited:
            return patience.unsure_after
        if known.lost >= step.sent or not standing.exists:
            return patience.lost_after
        return patience.untold_after

    def _everybody(self, queue: str, standing: Standing, hosts: set[str], listeners: int | None) -> bool:
        """Whether all workers that may have a step of this queue have answered."""
        if listeners is not None and len(hosts) < listeners:
            return False
        readers = sum(queue in self._hosts.queues.get(host, ()) for host in hosts)
        return standing.consumers is None or standing.consumers <= readers

    def _learn(self, inspector: Inspector, hosts: Iterable[str]) -> None:
        """Ask those that are new which queues they read."""
        new = [host for host in hosts if host not in self._hosts.queues]
        if new:
            (answers,) = inspector.ask([Command("active_queues", {})], self._patience.answer, destination=new)
            self._hosts.queues.update(queues_of(answers.by_host))

    def _without_children(self, inspector: Inspector, missing: list[Step]) -> list[Step]:
        """Those of which no call that they have made is known either: a step that has replaced itself goes on in these."""
        children = {child: step.task_id for step in missing for child in step.children}
        if not children:
            return missing
        questions = [Command("query_task", {"ids": ids}) for ids in batches(children, MOST_IDS)]
        alive = {
            children[child]: worker for child, (_, worker) in _known(inspector.ask(questions, self._patience.answer)) if child in children
        }
        for task_id, worker in alive.items():
            self._watched.known(task_id, worker)
            self._deliver(Alive(task_id, "started", worker))
        return [step for step in missing if step.task_id not in alive]

    def _scheduled(self, inspector: Inspector, missing: list[Step], redis: bool) -> dict[str, str]:
        """Who holds a step for its time: ``query_task`` of older workers does not say. On Redis these stand among the unacknowledged."""
        if redis or not self._hosts.queues:
            return {}
        (answers,) = inspector.ask(
            [Command("scheduled", {})], self._patience.answer, expected=self._hosts.queues.keys() - self._hosts.leaving.keys()
        )
        wanted = {step.task_id for step in missing}
        found: dict[str, str] = {}
        for host, held in answers.by_host.items():
            for item in held if isinstance(held, list) else ():
                request = item.get("request") if isinstance(item, dict) else None
                task_id = request.get("id") if isinstance(request, dict) else None
                if task_id in wanted:
                    found[task_id] = host
        return found


def _known(answers: Iterable[Answers]) -> Iterable[tuple[str, tuple[str, str]]]:
    """Who has which step, from answers to ``query_task``."""
    for answer in answers:
        for host, told in answer.by_host.items():
            for task_id, entry in told.items() if isinstance(told, dict) else ():
                if isinstance(entry, (list, tuple)) and entry:
                    yield str(task_id), (_STATES.get(str(entry[0]), "received"), host)


def _why(step: Step, standing: Standing, hosts: set[str], everybody: bool, unsure: bool) -> str:
    if not standing.exists:
        where = f"there is no queue {step.queue!r} any more"
    elif unsure:
        where = f"messages that were sent to the queue {step.queue!r} later have left it"
    else:
        where = f"it is not in its queue {step.queue!r}"
    if not hosts:
        return f"no worker answers, and {where}"
    if step.succeeded:
        return "its worker said that it succeeded, but its result never came"
    who = "its only worker does not know it" if len(hosts) == 1 else f"none of {len(hosts)} workers knows it"
    return f"{who}{'' if everybody else ' (another one does not answer)'}, and {where}"
