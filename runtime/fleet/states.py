"""States that the result backend tells: by itself (Redis publishes each), and in any case when it is looked into again and again."""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import DecodeError
from ..results.interface import READY_STATES, Backend
from .facts import Alive, Fact, Seen, alike
from .patience import Patience
from .watched import Watched

if TYPE_CHECKING:
    from ..results.redis_prefix import PrefixSubscription

logger = logging.getLogger("flowc.fleet")

#: States that say no more than that a worker has the step.
_ALIVE = {"STARTED": "started", "RECEIVED": "received"}
#: Seconds between tries to reach a backend that is away, at most.
_PAUSE_MOST = 10.0
#: Seconds for which published states gather after some have come: what is asked for is read at once, the others hurry nobody.
_GATHER = 0.02


class States(ABC):
    """A thread that reads states and makes facts of them.

    A success is told after ``patience.linger``, if the step is still out then: mostly its link comes first, and has the same value.
    """

    def __init__(self, backend: Backend, watched: Watched, deliver: Callable[[Fact], None], patience: Patience) -> None:
        self._backend = backend
        self._watched = watched
        self._deliver = deliver
        self._patience = patience
        self._stopping = threading.Event()
        self._asked: set[str] = set()
        self._given: dict[str, Any] = {}
        self._lingering: OrderedDict[str, float] = OrderedDict()
        self._thread = threading.Thread(target=self._run, name="flowc-states", daemon=True)
        self._complained = False

    def start(self) -> None:
        self._thread.start()

    def ask(self, task_id: str) -> None:
        """Look for the state of a step now. From any thread."""
        self._asked.add(task_id)
        self.wake()

    def add(self, task_id: str) -> None:  # noqa: B027 (most need not know)
        """A step was sent. From any thread."""

    def forget(self, task_ids: Iterable[str]) -> None:
        """These have ended. From any thread."""
        for task_id in task_ids:
            self._given.pop(task_id, None)

    def close(self) -> None:
        self._stopping.set()
        self.wake()
        if self._thread.is_alive():
            self._thread.join(5.0)

    # ------------------------------------------------------------------------------------------------------------- the thread
    def _run(self) -> None:
        pause = self._patience.look_first
        while not self._stopping.is_set():
            try:
                self._listen()
                pause = self._patience.look_first
            except Exception as exc:  # whatever it is: the run has other sources
                if not self._complained:
                    self._complained = True
                    logger.warning("states are not read from the result backend for now: %s", exc)
                self._stopping.wait(pause)
                pause = min(pause * 2, _PAUSE_MOST)

    @abstractmethod
    def _listen(self) -> None:
        """Read until it is closed, or an error."""

    @abstractmethod
    def wake(self) -> None:
        """Let the thread look around."""

    # --------------------------------------------------------------------------------------------------------------- making facts
    def _look(self, task_ids: Sequence[str], *, linger: bool = True) -> bool:
        """Read these steps' documents and tell what is new; whether anything was."""
        new = [task_id for task_id, document in self._documents(task_ids).items() if self._tell(task_id, document, linger=linger)]
        return bool(new)

    def _documents(self, task_ids: Sequence[str]) -> dict[str, Any]:
        """The newest document of each of these steps that has one."""
        try:
            return dict(self._backend.get_many(task_ids))
        except DecodeError:
            return self._one_by_one(task_ids)

    def _one_by_one(self, task_ids: Sequence[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for task_id in task_ids:
            try:
                document = self._backend.get(task_id)
            except DecodeError as exc:
                self._unreadable(exc)
            else:
                if document is not None:
                    found[task_id] = document
        return found

    def _unreadable(self, exc: DecodeError) -> None:
        if not self._complained:
            self._complained = True
            logger.warning("a state in the result backend cannot be read: %s", exc)

    def _tell(self, task_id: str, document: Mapping[str, Any], *, linger: bool = True) -> bool:
        status, result = str(document["status"]), document.get("result")
        if task_id not in self._watched or alike(self._given.get(task_id), (status, result)):
            return False
        if status == "SUCCESS" and linger:
            self._linger(task_id)
            return True
        self._given[task_id] = (status, result)
        worker = document.get("worker")
        if status in _ALIVE:
            host = result.get("hostname") if isinstance(result, dict) else worker
            self._watched.hear(task_id, host if isinstance(host, str) else None)
            self._deliver(Alive(task_id, _ALIVE[status], host if isinstance(host, str) else None))
            return True
        if status in READY_STATES:
            self._watched.remove([task_id])
            self._given.pop(task_id, None)
        else:
            self._watched.hear(task_id)
        traceback = document.get("traceback")
        self._deliver(Seen(task_id, status, result, traceback, worker=worker if isinstance(worker, str) else None))
        return True

    def _linger(self, task_id: str) -> None:
        self._lingering.setdefault(task_id, time.monotonic() + self._patience.linger)

    def _look_again(self) -> float | None:
        """Tell the successes whose links have not come, and the states that were asked for; seconds until the next such success."""
        asked = [self._asked.pop() for _ in range(len(self._asked))]
        now, late = time.monotonic(), list[str]()
        while self._lingering and (first := next(iter(self._lingering.items())))[1] <= now:
            del self._lingering[first[0]]
            late.append(first[0])
        wanted = [task_id for task_id in dict.fromkeys((*asked, *late)) if task_id in self._watched]
        if wanted:
            self._look(wanted, linger=False)
        return next(iter(self._lingering.values())) - now if self._lingering else None


class PolledStates(States):
    """Of a backend that does not tell: it is looked into after pauses that grow while nothing is new."""

    def __init__(self, backend: Backend, watched: Watched, deliver: Callable[[Fact], None], patience: Patience) -> None:
        super().__init__(backend, watched, deliver, patience)
        self._woken = threading.Event()

    def wake(self) -> None:
        self._woken.set()

    def _listen(self) -> None:
        patience, pause = self._patience, self._patience.look_first
        while not self._stopping.is_set():
            self._woken.clear()
            began = time.monotonic()
            wanted = [task_id for task_id in self._watched.ids() if not self._ended(task_id)]
            news = self._look(wanted) if wanted else False
            due = self._look_again()
            # a store that is slow to answer is asked the less
            least = 3 * (time.monotonic() - began)
            pause = patience.look_first if news else min(pause * 1.5, patience.look_most)
            self._woken.wait(max(least, min(pause, due if due is not None else pause)))

    def _ended(self, task_id: str) -> bool:
        given = self._given.get(task_id)
        return task_id in self._lingering or (given is not None and given[0] in READY_STATES)


class PublishedStates(States):
    """Of Redis, which publishes every state: one subscription for all ids that begin with the run's, and a look now and then."""

    def __init__(self, backend: Any, run_id: str, watched: Watched, deliver: Callable[[Fact], None], patience: Patience) -> None:
        super().__init__(backend, watched, deliver, patience)
        self._redis = backend
        self._run_id = run_id
        self._others: set[str] = set()
        self._subscription: PrefixSubscription | None = None

    def add(self, task_id: str) -> None:
        if not task_id.startswith(f"{self._run_id}."):
            self._others.add(task_id)
            self.wake()

    def wake(self) -> None:
        subscription = self._subscription
        if subscription is not None:
            subscription.wake()

    def _listen(self) -> None:
        from ..results.redis_prefix import PrefixSubscription

        with PrefixSubscription(self._redis, f"{self._run_id}.") as subscription:
            self._subscription = subscription
            try:
                self._follow(subscription)
            finally:
                self._subscription = None

    def _follow(self, subscription: PrefixSubscription) -> None:
        look_at = 0.0
        while not self._stopping.is_set():
            subscription.add(self._others)
            now = time.monotonic()
            if now >= look_at:  # also at first, and anew after every break of the connection
                look_at = now + self._patience.look_backstop
                wanted = [task_id for task_id in self._watched.ids() if task_id not in self._lingering]
                if wanted:
                    self._look(wanted)
            due = self._look_again()
            came = subscription.receive(min(look_at - now, due if due is not None else look_at - now))
            for task_id, data in came:
                self._take(task_id, data)
            if came:
                self._stopping.wait(_GATHER)

    def _documents(self, task_ids: Sequence[str]) -> dict[str, Any]:
        assert self._subscription is not None
        found: dict[str, Any] = {}
        for task_id, data in self._subscription.newest(task_ids).items():
            try:
                found[task_id] = self._redis.documents.decode(data, task_id)
            except DecodeError as exc:
                self._unreadable(exc)
        return found

    def _take(self, task_id: str, data: bytes) -> None:
        if task_id not in self._watched:
            return
        if self._redis.documents.status(data, task_id) == "SUCCESS":
            self._linger(task_id)
            return
        try:
            self._tell(task_id, self._redis.documents.decode(data, task_id))
        except DecodeError as exc:
            self._unreadable(exc)


def make_states(backend: Backend, run_id: str, watched: Watched, deliver: Callable[[Fact], None], patience: Patience) -> States | None:
    """What reads the states of this backend; None where it keeps none (rpc sends them to the caller's reply queue)."""
    from ..results.disabled import DisabledBackend
    from ..results.rpc import RPCBackend

    if isinstance(backend, (DisabledBackend, RPCBackend)):
        return None
    if type(backend).__module__.rpartition(".")[2] == "redis":
        return PublishedStates(backend, run_id, watched, deliver, patience)
    return PolledStates(backend, watched, deliver, patience)
