"""The names by which a test may speak of a flow: task names, in full or their last part, and ids of steps and handlers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from ...compiler.plan import Location, Plan
from ..builtin_tasks import BUILTIN
from ..calling.nearest import did_you_mean
from ..preflight import tasks_of
from .errors import StubError
from .stubs import check_stub, options_of, task

#: Names that a message lists.
MOST_LISTED = 12


class Place(NamedTuple):
    """Where a flow calls a task. ``id``: that of the step or handler; None for the task that a ``map`` calls."""

    task: str
    what: str
    where: Location
    id: str | None


class Names:
    """The names of a plan.

    Attributes:
        places: where it calls which task, in the order of the plan.
        tasks: the full names of its tasks, in that order; not the built-in ones.
        ids: the task of each step and handler, by its id.
    """

    def __init__(self, plan: Plan) -> None:
        self.ids = {
            **{handler.id: handler.task for scope in plan.scopes for handler in scope.handlers},
            **{call.id: call.task for call in plan.calls},
        }
        self.places = tuple(Place(task, what, where, self._id(task, what)) for task, what, where in tasks_of(plan))
        self.tasks = tuple(dict.fromkeys(place.task for place in self.places if place.task not in BUILTIN))

    def _id(self, task: str, what: str) -> str | None:
        id_ = what.partition(" ")[2]
        return id_ if self.ids.get(id_) == task else None

    def task(self, name: str) -> str | None:
        """The full name of the task that is called so: in full, or by its last part where only one ends so."""
        if name in self.tasks:
            return name
        ending = [task for task in self.tasks if task.endswith(f".{name}")]
        return ending[0] if len(ending) == 1 else None

    def known(self) -> list[str]:
        """Every name that may be used."""
        short = (task.rpartition(".")[2] for task in self.tasks)
        return list(dict.fromkeys((*(name for name in short if self.task(name)), *self.tasks, *self.ids)))

    def has(self, name: str) -> bool:
        """Whether a name means anything."""
        return name in self.ids or any(task == name or task.endswith(f".{name}") for task in self.tasks)

    def resolve(self, name: str, asked_by: str) -> tuple[str, str | None]:
        """What a name means: a task and None, or a task and the id of the one step that is meant.

        Raises:
            StubError: the flow has nothing of that name, or several things; ``asked_by`` begins the message.
        """
        task, own = self.task(name), self.ids.get(name)
        if own is not None and task in (None, own):
            return (own, name) if task is None else (task, None)
        if own is not None:
            raise StubError(
                f"{asked_by}: {name!r} is both a step (of {own}) and the task {task}; name the task in full, or rename the step"
            )
        if task is not None:
            return task, None
        raise StubError(f"{asked_by}: {self.unknown(name)}")

    def unknown(self, name: str) -> str:
        """Why a name means nothing."""
        ending = [task for task in self.tasks if task.endswith(f".{name}")]
        if ending:
            return f"several tasks of the flow are called {name!r}: {', '.join(ending)}; name one in full"
        hint = did_you_mean(name, self.known())
        return f"the flow has no task, step or handler {name!r}{hint or f'; it has {listed(self.known())}'}"


def listed(names: Iterable[str]) -> str:
    """Some names for a message."""
    every = list(names)
    return ", ".join(every[:MOST_LISTED]) + (", …" if len(every) > MOST_LISTED else "") if every else "none"


class Assigned:
    """Which stub stands where.

    Args:
        names: those of the flow.
        stubs: stubs by name.
        fail: exceptions by name; where both are given by equally exact names, these, with the options of the stubs.
        elsewhere: whether a name stands in the flow, though not in its plan: in a branch that its parameters do not take.

    Raises:
        StubError: a name that the flow does not have.
    """

    def __init__(
        self, names: Names, stubs: Mapping[str, Any], fail: Mapping[str, Any], elsewhere: Callable[[str], bool] = lambda name: False
    ) -> None:
        self._of: dict[tuple[str, str | None], Any] = {}
        for asked_by, given in (("stubs", stubs), ("fail", fail)):
            for name, stub in given.items():
                check_stub(stub, name)
                if names.has(name) or not elsewhere(name):
                    key = names.resolve(name, asked_by)
                    options = options_of(self._of.get(key))
                    self._of[key] = task(stub, **options) if options else stub

    def __contains__(self, where: tuple[str, str | None]) -> bool:
        return where in self._of

    def of(self, task: str, id_: str | None) -> Any:
        """The stub for a task where a step or handler calls it. Raises KeyError where there is none."""
        return self._of[(task, id_) if (task, id_) in self._of else (task, None)]

    def all_of(self, task: str) -> Iterator[Any]:
        """Every stub of a task, that for all its steps first."""
        if (task, None) in self._of:
            yield self._of[task, None]
        yield from (stub for (of, id_), stub in self._of.items() if of == task and id_ is not None)
