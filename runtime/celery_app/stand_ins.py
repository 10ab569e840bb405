"""What stands in for parts of a Celery application while calls of ours run inside it.

- ``send_task``: ``self.retry`` goes to flowc's retries. Where there is no broker, other calls run at once, in this thread.
- ``backend``: ``self.update_state`` goes to whoever listens. Where there is no broker, results are in this process's memory.
- ``conf``: where there is no broker, canvases see ``task_always_eager``.

Each is a subclass of what the application has, with that one member more. Threads that run no call see no difference.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .placing import place

if TYPE_CHECKING:
    from .inside import Inside

#: Which of Celery's modules are told that calls run at once. Not for single ones: ``send_task`` sees to them, and keeps their results.
_EAGER = {"celery.canvas": True, "celery.app.task": False, "celery.backends.base": False}


def application_class(kind: Any, inside: Inside) -> type:
    """A subclass of an application's class."""
    backend, conf = _backend(inside), _conf(inside)

    class Application(kind):  # type: ignore[misc]
        """The application while calls run inside it."""

        def send_task(
            self, name: str, args: Any = None, kwargs: Any = None, countdown: Any = None, eta: Any = None, task_id: Any = None,
            *more: Any, **options: Any,
        ) -> Any:  # fmt: skip
            """Celery's, where it is to leave this process."""
            call = inside.current()
            if call is not None and call.is_own_retry(name, task_id, options):
                call.resend(args or (), kwargs or {}, countdown, eta, options)
                return self.AsyncResult(task_id)
            if inside.here():
                return place(self, name, args, kwargs, task_id, options)
            return super().send_task(name, args, kwargs, countdown, eta, task_id, *more, **options)

        @property
        def backend(self) -> Any:
            """Where results are kept."""
            return backend(self, lambda: super(Application, self).backend)

        @property
        def conf(self) -> Any:
            """The settings."""
            found = super().conf
            return conf(found, sys._getframe(1).f_globals.get("__name__", "")) if inside.here() else found

        @conf.setter
        def conf(self, value: Any) -> None:
            kind.conf.fset(self, value)

    Application.__name__, Application.__qualname__, Application.__module__ = kind.__name__, kind.__qualname__, kind.__module__
    return Application


def _backend(inside: Inside) -> Callable[[Any, Callable[[], Any]], Any]:
    """Gives the backend of an application, from one that gives its own."""
    lock = threading.Lock()
    memory: list[Any] = []
    telling: dict[type, type] = {}

    def give(app: Any, own: Callable[[], Any]) -> Any:
        if not inside.here():
            return _with_class(own(), telling, lambda kind: _telling(kind, inside)) if inside.current() is not None else own()
        with lock:
            if not memory:
                kind, url = sys.modules["celery.app.backends"].by_url("cache+memory://", app.loader)
                memory.append(_keeping(_telling(kind, inside), inside)(app=app, url=url))
        return memory[0]

    return give


def _telling(kind: Any, inside: Inside) -> type:
    """A subclass of a backend's class which lets the states that a task tells of itself go to who has called it."""

    def store_result(self: Any, task_id: str, result: Any, state: str, *more: Any, **options: Any) -> Any:
        call = inside.current()
        if call is None or task_id != call.context.id:
            return kind.store_result(self, task_id, result, state, *more, **options)
        call.tell(state, result)
        return result

    return type(kind.__name__, (kind,), {"store_result": store_result})


def _keeping(kind: Any, inside: Inside) -> type:
    """A subclass of a backend's class which keeps results of eager calls, too: whoever has an id only, waits for them."""

    def keeps(task_id: str, request: Any) -> bool:
        call = inside.current()
        return (call is None or task_id != call.context.id) and not getattr(request, "ignore_result", False)

    def done(self: Any, task_id: str, result: Any, request: Any = None, store_result: bool = True, *more: Any, **options: Any) -> Any:
        return kind.mark_as_done(self, task_id, result, request, keeps(task_id, request), *more, **options)

    def failed(self: Any, task_id: str, exc: Any, traceback: Any = None, request: Any = None, **options: Any) -> Any:
        return kind.mark_as_failure(self, task_id, exc, traceback, request=request, **{**options, "store_result": keeps(task_id, request)})

    return type(kind.__name__, (kind,), {"mark_as_done": done, "mark_as_failure": failed})


def _conf(inside: Inside) -> Callable[[Any, str], Any]:
    """Gives the settings that a module of that name sees, from those that there are."""
    known: dict[bool, dict[type, type]] = {True: {}, False: {}}

    def give(conf: Any, asking: str) -> Any:
        eager = _EAGER.get(asking)
        if eager is None:
            return conf
        return _with_class(conf, known[eager], lambda kind: _settings(kind, eager=eager))

    return give


def _settings(kind: Any, *, eager: bool) -> type:
    values = {"task_always_eager": eager, "task_eager_propagates": False}

    def get(self: Any, key: str) -> Any:
        return values[key] if key in values else kind.__getitem__(self, key)

    return type(kind.__name__, (kind,), {"__getitem__": get})


def _with_class(of: Any, known: dict[type, type], make: Callable[[type], type]) -> Any:
    """The same object under another class: its attributes are the same."""
    kind = type(of)
    if kind not in known:
        known[kind] = make(kind)
    made: Any = object.__new__(known[kind])
    object.__setattr__(made, "__dict__", of.__dict__)
    return made
