"""The application: a registry of tasks. Importing and making one is cheap: no broker, no worker, no configuration is touched."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, overload

from .task import Task


class Registry(Mapping[str, Task]):
    """Task name → :class:`Task`, in the order of registration. Read-only: ``@app.task`` adds to it."""

    __slots__ = ("_tasks",)

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}

    def __getitem__(self, name: str) -> Task:
        return self._tasks[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tasks)

    def __len__(self) -> int:
        return len(self._tasks)

    def __repr__(self) -> str:
        return f"<{len(self)} tasks>"

    def _add(self, task: Task) -> None:
        taken = self._tasks.get(task.name)
        if taken is not None and _origin(taken.function) != _origin(task.function):
            raise ValueError(
                f"two tasks have the name {task.name!r}: {_described(taken.function)} and {_described(task.function)}; "
                "give one of them another with @app.task(name=…)"
            )
        self._tasks[task.name] = task


class App:
    """An application: what tasks there are.

    >>> app = App("proj")
    >>> @app.task(name="proj.add")
    ... def add(x: int, y: int) -> int:
    ...     return x + y
    >>> add(2, 2)
    4

    Args:
        name: what to call it; also the module name of tasks that are defined in the script that is run (``__main__``).
    """

    def __init__(self, name: str | None = None) -> None:
        self.name = name
        self.tasks = Registry()
        from .builtin_tasks import register

        register(self)

    @overload
    def task(self, function: Callable[..., Any], /) -> Task: ...

    @overload
    def task(
        self, function: None = None, /, *, name: str | None = None, bind: bool = False, **options: Any
    ) -> Callable[[Callable[..., Any]], Task]: ...

    def task(
        self, function: Callable[..., Any] | None = None, /, *, name: str | None = None, bind: bool = False, **options: Any
    ) -> Task | Callable[[Callable[..., Any]], Task]:
        """Register a function as a task: ``@app.task`` or ``@app.task(name=…, bind=…, queue=…)``.

        Args:
            name: the task's full name; ``module.function`` if not given.
            bind: give the task itself as first argument (``self``): for ``self.request``, ``self.update_state`` and the like.
            options: defaults of the options of its calls, by Celery's names.

        Raises:
            ValueError: another function has the name already.
            TypeError: what is decorated cannot be called.
        """

        def register(target: Callable[..., Any]) -> Task:
            if not callable(target):
                raise TypeError(f"@app.task needs a function, not {target!r}; options are given by name: @app.task(name={target!r})")
            made = Task(self, target, name or self._automatic_name(target), bind=bind, options=options)
            self.tasks._add(made)
            return made

        return register if function is None else register(function)

    def _automatic_name(self, function: Callable[..., Any]) -> str:
        module = function.__module__
        if module == "__main__":
            file = getattr(sys.modules.get("__main__"), "__file__", None)
            module = self.name or (Path(file).stem if file else module)
        return f"{module}.{function.__name__}"

    def __repr__(self) -> str:
        return f"<App {self.name or '(no name)'}: {len(self.tasks)} tasks>"


def _origin(function: Callable[..., Any]) -> tuple[str, str]:
    return (str(getattr(function, "__module__", "")), str(getattr(function, "__qualname__", "")))


def _described(function: Callable[..., Any]) -> str:
    code = getattr(function, "__code__", None)
    place = f" ({code.co_filename}:{code.co_firstlineno})" if code is not None else ""
    return ".".join(_origin(function)) + place
