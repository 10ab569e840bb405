"""The application: a registry of tasks. Importing and making one is cheap: no broker, no worker, no configuration is touched."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, overload

from . import forks
from .current import set_current
from .task import Task

if TYPE_CHECKING:
    from .broker.broker import Broker
    from .broker.control import Control
    from .canvas import Signature
    from .configuration import Configuration
    from .result import AsyncResult, GroupResult
    from .results.interface import Backend
    from .sending import Sender
    from .worker.service import WorkerService


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
    """An application: its tasks, its settings, and the connections that they lead to, each opened when it is first needed.

    >>> app = App("proj")
    >>> @app.task(name="proj.add")
    ... def add(x: int, y: int) -> int:
    ...     return x + y
    >>> add(2, 2)
    4

    Args:
        name: what to call it; also the module name of tasks that are defined in the script that is run (``__main__``).
        broker: ``broker_url``, as in ``redis://localhost:6379/0``; default: inside this process (``memory://``).
        backend: ``result_backend``, as in ``redis://localhost:6379/1`` or ``rpc://``.
        settings: further settings by Celery's lower-case names; unknown ones are refused when ``conf`` is first read.
        set_as_current: let it be the application of signatures that name none.

    ``peer`` is None, but for an application that stands for one of Celery's (``flowc.runtime.celery_app``): then it is that one.

    Source: "Application" and "Configuration" of Celery's documentation.
    """

    peer: Any = None

    def __init__(
        self,
        name: str | None = None,
        *,
        broker: str | None = None,
        backend: str | None = None,
        settings: Mapping[str, Any] | None = None,
        set_as_current: bool = True,
    ) -> None:
        self.name = name
        self.tasks = Registry()
        given = {"broker_url": broker, "result_backend": backend}
        self._given: dict[str, Any] = {**{k: v for k, v in given.items() if v is not None}, **(settings or {})}
        self._lock = threading.RLock()
        self._made: dict[str, Any] = {}
        forks.watch(self)
        from .builtin_tasks import register

        register(self)
        if set_as_current:
            set_current(self)

    # ------------------------------------------------------------------------------------------------ made when first needed
    def _once(self, what: str, make: Callable[[App], Any]) -> Any:
        """What was made already under that name, else made now: one for all threads."""
        with self._lock:
            if what not in self._made:
                self._made[what] = make(self)
            return self._made[what]

    @property
    def conf(self) -> Configuration:
        """The settings in force: what the program gives, over ``FLOWC_…`` variables, over ``[tool.flowc]``, over the defaults."""
        made: Configuration | None = self._made.get("conf")
        return self._once("conf", _conf) if made is None else made

    @property
    def configured(self) -> bool:
        """Whether any setting may differ from its default: cheaper to ask than to make ``conf``."""
        if self._given or "conf" in self._made or any(name.startswith("FLOWC_TASK_") for name in os.environ):
            return True
        from .configuration.project import project_settings

        return bool(project_settings()[0])

    @property
    def broker(self) -> Broker:
        """Connections, producers and consumers."""
        made: Broker | None = self._made.get("broker")
        return self._once("broker", _broker) if made is None else made

    @property
    def backend(self) -> Backend:
        """Where results are kept."""
        made: Backend | None = self._made.get("backend")
        return self._once("backend", _backend) if made is None else made

    @property
    def sender(self) -> Sender:
        """The one way on which calls leave."""
        made: Sender | None = self._made.get("sender")
        return self._once("sender", _sender) if made is None else made

    @property
    def control(self) -> Control:
        """Commands to all workers, such as ``revoke``."""
        made: Control | None = self._made.get("control")
        return self._once("control", _control) if made is None else made

    @property
    def pool(self) -> Any:
        """kombu's pool of connections: ``with app.pool.acquire(block=True) as connection``."""
        return self.broker.connections

    @property
    def producer_pool(self) -> Any:
        """kombu's pool of producers: ``with app.producer_pool.acquire(block=True) as producer``."""
        return self.broker.producers

    def connection(self) -> Any:
        """A new kombu ``Connection`` to the broker, not yet established."""
        return self.broker.connection()

    connection_for_write = connection_for_read = connection

    def config_from_object(self, source: object) -> None:
        """Take settings from a mapping, an object or the name of a module (its lower-case attributes).

        Raises:
            ImproperlyConfigured: a setting that is unknown or has a wrong value.
        """
        self.conf.update_from(source)

    # ------------------------------------------------------------------------------------------------------------ calling
    def send_task(self, name: str, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None, **options: Any) -> AsyncResult:
        """Call a task by name, whether or not this process registers it. Options and errors as for :meth:`Task.apply_async`."""
        from .calling import apply_async

        return apply_async(self, name, args, kwargs, options)

    def signature(self, *args: Any, **kwargs: Any) -> Signature:
        """A :class:`~flowc.Signature` of this application."""
        from .canvas import signature

        return signature(*args, app=self, **kwargs)

    def AsyncResult(self, task_id: str, **kwargs: Any) -> AsyncResult:  # noqa: N802  (Celery's name)
        """What is known of the call with that id."""
        from .result import AsyncResult

        return AsyncResult(task_id, app=self, **kwargs)

    def GroupResult(self, group_id: str, results: Sequence[Any] = (), **kwargs: Any) -> GroupResult:  # noqa: N802
        """The results of the group with that id."""
        from .result import GroupResult

        return GroupResult(group_id, results, app=self, **kwargs)

    def embedded_worker(
        self, queues: Sequence[str] | None = None, *, concurrency: int | None = None, pool: str = "threads", **options: Any
    ) -> AbstractContextManager[WorkerService]:
        """A worker inside this process, in threads of its own, for as long as the ``with`` block lasts.

        Args:
            queues: what it reads; the default queue and those of the routes if None.
            concurrency: how many tasks at once.
            pool: ``threads``, ``processes`` or ``solo``.
            options: those of :class:`~flowc.runtime.worker.service.WorkerService`.
        """
        from .worker.embedded import embedded_worker

        return embedded_worker(self, queues, concurrency=concurrency, pool=pool, **options)

    def close(self) -> None:
        """Close every connection. The application can be used again: it opens them anew."""
        with self._lock:
            for what in ("sender", "control", "backend", "broker"):
                made = self._made.pop(what, None)
                if made is not None:
                    made.close()

    def stands_alone(self) -> None:
        """This process does nothing but run the application's tasks."""

    def forked(self) -> None:
        """This is a forked child: another thread of the parent may have held the lock. What was made looks after itself."""
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

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


# Each imports what it needs only now, and not on every access: calls pass here by the ten thousand.
def _conf(app: App) -> Configuration:
    from .configuration import Configuration

    return Configuration.load(app._given)


def _broker(app: App) -> Broker:
    from .broker.broker import Broker

    return Broker(app.conf)


def _backend(app: App) -> Backend:
    from .results.factory import make_backend

    return make_backend(app)


def _sender(app: App) -> Sender:
    from .sending import Sender

    return Sender(app)


def _control(app: App) -> Control:
    from .broker.control import Control

    return Control(app)


def _origin(function: Callable[..., Any]) -> tuple[str, str]:
    return (str(getattr(function, "__module__", "")), str(getattr(function, "__qualname__", "")))


def _described(function: Callable[..., Any]) -> str:
    code = getattr(function, "__code__", None)
    place = f" ({code.co_filename}:{code.co_firstlineno})" if code is not None else ""
    return ".".join(_origin(function)) + place
