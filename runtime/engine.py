"""The engine drives a plan. It has no clock, no connection and no thread: facts go in, calls come out.

How it works. Calls and groups are the nodes of a graph. Each node counts what it still waits for; an end of a node takes one from
the count of each dependent, so a whole run costs one step for each edge, however wide a group is. A group is done when its
members are: its value is then made once, from values that are already made, so no depth of nesting recurses.

Invariants (the property tests hold the engine to them):

* A call becomes ready exactly once, when everything it needs has succeeded, or is skipped exactly once, or the run is stopped.
* The first end of a step counts; whatever arrives for it later changes nothing.
* A failed step's dependents are skipped, transitively, and nothing else is. The rest of a group goes on.
* Handlers of one failure are called one after the other: those of the innermost scope first, each scope once (``each``: every failure).
  A lost step is a failed one; a revoked step calls none. A handler's own failure triggers nothing.
* Each state of a step goes to each listener around it exactly once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..compiler.plan import Call, Plan, Value
from .errors import ReachError
from .events import Action, Event, Failed, HandlerEnded, Lost, Notify, Ready, Revoked, Skipped, State, Succeeded, Told
from .layout import lay_out
from .sequences import HandlerSequences
from .values import Broken, fill

_ENDED = frozenset((State.SUCCESS, State.FAILURE, State.REVOKED, State.LOST, State.SKIPPED))


@dataclass(frozen=True, slots=True)
class Send:
    """A call with its arguments, complete."""

    call: Call
    args: list[Any]
    kwargs: dict[str, Any]


class Engine:
    """One run of one plan, which must be bound (no ``Late`` values).

    Raises:
        PlanError: the plan is damaged.
    """

    def __init__(self, plan: Plan) -> None:
        self._layout = lay_out(plan)
        self._value = plan.value
        self._waits = dict(self._layout.needed)
        self._states: dict[str, State] = dict.fromkeys(self._waits, State.PENDING)
        self._results: dict[str, Any] = {}
        self._because: dict[str, str] = {}
        self._open = len(self._layout.calls)
        self._out = 0
        self._stopped = False
        self._handlers = HandlerSequences()

    # ------------------------------------------------------------------------------------------------------- questions
    @property
    def finished(self) -> bool:
        """Whether nothing is left to do: every step has ended, or the run was stopped and nothing is out; and no handler runs."""
        return not self._handlers and (self._open == 0 or (self._stopped and self._out == 0))

    def call(self, id_: str) -> Call:
        """A step's call."""
        return self._layout.calls[id_]

    def state(self, id_: str) -> State:
        """The state of a step or group."""
        return self._states[id_]

    def because(self, id_: str) -> str | None:
        """The step by whose end a step was skipped."""
        return self._because.get(id_)

    def result(self, id_: str) -> Any:
        """The result of a step or group that succeeded. Raises KeyError for another."""
        return self._results[id_]

    def value(self) -> Any:
        """The value of the flow. Raises as :meth:`fill` does."""
        return fill(self._value, self._results)

    def fill(self, value: Value) -> Any:
        """A value of the plan with the results that are there.

        Raises:
            KeyError: a step that it needs has not succeeded.
            ReachError: it reaches for something that is not in a result.
        """
        return fill(value, self._results)

    # --------------------------------------------------------------------------------------------------------- the run
    def start(self) -> list[Action]:
        """What can be sent at once."""
        actions: list[Action] = []
        self._reach(self._layout.starts, actions)
        return actions

    def stop(self) -> None:
        """Make nothing ready any more: steps that are not out stay ``PENDING``."""
        self._stopped = True

    def send(self, id_: str) -> Send:
        """Take a ready step for sending.

        Raises:
            ReachError: an argument reaches for something that is not in a result; answer with :class:`Failed`.
        """
        self._states[id_] = State.STARTED
        self._out += 1
        return self.arguments(id_)

    def arguments(self, id_: str) -> Send:
        """A step's call with its arguments. Raises ReachError as :meth:`send` does."""
        call, results = self._layout.calls[id_], self._results
        return Send(call, [fill(arg, results) for arg in call.args], {key: fill(value, results) for key, value in call.kwargs.items})

    def unsend(self, id_: str) -> None:
        """Take back a step that was sent but never began."""
        if self._states[id_] is State.STARTED:
            self._states[id_] = State.PENDING
            self._out -= 1

    def handle(self, event: Event) -> list[Action]:
        """Take in a fact; give what follows from it, in a fixed order."""
        actions: list[Action] = []
        match event:
            case Succeeded(id_, result):
                if self._end(id_, State.SUCCESS):
                    self._results[id_] = result
                    self._notify(id_, State.SUCCESS, result, None, actions)
                    self._reach(self._released(id_), actions)
            case Told(id_, state, meta):
                if self._states[id_] is State.STARTED:
                    self._notify(id_, state, meta, None, actions)
            case Failed(id_, failure) | Lost(id_, failure):
                state = State.FAILURE if isinstance(event, Failed) else State.LOST
                if self._end(id_, state):
                    self._notify(id_, state, failure.as_json(), failure.traceback, actions)
                    scope = self._layout.calls[id_].scope
                    first = self._handlers.begin(id_, failure, self._layout.errors[scope]) if scope is not None else None
                    actions.extend([first] if first else ())
                    self._skip_dependents(id_, actions)
            case Revoked(id_, failure):
                if self._end(id_, State.REVOKED):
                    self._notify(id_, State.REVOKED, failure.as_json(), None, actions)
                    self._skip_dependents(id_, actions)
            case HandlerEnded(number, _):
                following = self._handlers.next(number)
                actions.extend([following] if following else ())
        return actions

    def _end(self, id_: str, state: State) -> bool:
        before = self._states[id_]
        if before in _ENDED:
            return False
        if before is State.STARTED:
            self._out -= 1
        self._states[id_] = state
        self._open -= 1
        return True

    # ------------------------------------------------------------------------------------------------------- readiness
    def _reach(self, first: Iterable[str], actions: list[Action]) -> None:
        """Nodes with nothing left to wait for: a call can be sent; a group is done, and so may be what waited for it."""
        calls, states = self._layout.calls, self._states
        queue = deque(first)
        while queue:
            node = queue.popleft()
            if node in calls:
                if not self._stopped:
                    actions.append(Ready(node))
                continue
            states[node] = State.SUCCESS
            self._results[node] = self._group_value(node)
            queue.extend(self._released(node))

    def _released(self, node: str) -> list[str]:
        """The nodes that waited for this one alone, now that it has succeeded."""
        waits, states = self._waits, self._states
        freed: list[str] = []
        for other in self._layout.dependents[node]:
            waits[other] -= 1
            if waits[other] == 0 and states[other] is State.PENDING:
                freed.append(other)
        return freed

    def _group_value(self, node: str) -> list[Any] | Broken:
        try:
            return [fill(member, self._results) for member in self._layout.groups[node].members]
        except ReachError as exc:
            return Broken(str(exc))

    # --------------------------------------------------------------------------------------------------------- failure
    def _skip_dependents(self, step: str, actions: list[Action]) -> None:
        states, calls = self._states, self._layout.calls
        queue = deque([step])
        while queue:
            for other in self._layout.dependents[queue.popleft()]:
                if states[other] is not State.PENDING:
                    continue
                states[other] = State.SKIPPED
                self._because[other] = step
                queue.append(other)
                if other in calls:
                    self._open -= 1
                    actions.append(Skipped(other, step))

    def _notify(self, step: str, state: str, result: Any, traceback: str | None, actions: list[Action]) -> None:
        scope_id = self._layout.calls[step].scope
        if scope_id is None:
            return
        for scope in self._layout.messages[scope_id]:
            actions.extend(Notify(scope.id, handler.id, step, str(state), result, traceback) for handler in scope.handlers)
