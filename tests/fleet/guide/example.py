"""What an example of Celery's guides is here, and the two projects on which its Python is run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import flowc

#: Seconds after which an example is given up; nothing is expected to take so long.
DEADLINE = 60.0


@dataclass
class Project:
    """An application with the guides' tasks, under their short names.

    Attributes:
        app: its worker runs in this process, or is Celery's own.
        calls: what tasks have noted under a key.
        queue: that its worker reads.
        key: of notes, for one example.
        heard: what the listener of flows was told.
    """

    app: flowc.App
    calls: Callable[[str], list[Any]]
    queue: str
    key: str = ""
    heard: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Take over the tasks of the stock worker, which are Celery's, and add a listener, for flows."""
        from ..proj import app as celery_app

        for name, task in celery_app.tasks.items():
            if name.startswith("proj."):
                bound = inspect.ismethod(task.run)
                function = task.run.__func__ if bound else task.run
                self.app.task(name=name, bind=bound, max_retries=task.max_retries)(function)
        self.app.task(name="heard")(lambda message: self.heard.append(message))

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["app"].tasks[f"proj.{name}"]
        except KeyError:
            raise AttributeError(name) from None


@dataclass(frozen=True)
class Example:
    """One example.

    Attributes:
        name: what it shows, in the order of the guide.
        flow: the same as a flow; ``KEY`` is a key of notes, ``QUEUE`` the worker's queue.
        value: what both come to.
        python: the same by Python; gives its value.
        states: how the flow's steps end that do not succeed, by task.
        notes: what the flow's tasks have noted in the end.
        said: what those of the Python have, where that differs.
        sent: what those of the submitted flow have, where that differs.
        carried: whether messages can carry the flow: then it is submitted too.
    """

    name: str
    flow: str
    value: Any
    python: Callable[[Project], Any]
    states: Mapping[str, str] = field(default_factory=dict)
    notes: list[Any] | None = None
    said: list[Any] | None = None
    sent: list[Any] | None = None
    carried: bool = True


def got(result: Any) -> Any:
    """The value of a result."""
    return result.get(timeout=DEADLINE)


def with_children(result: Any) -> list[Any]:
    """The value of a result, and those of its callbacks: stock workers send several callbacks as a group."""
    values = [got(result)]
    for child in result.children:
        found = got(child)
        values += found if isinstance(found, list) else [found]
    return values
