"""Which application is meant where none is named, as in ``signature("proj.add", (2, 2)).delay()``."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from .errors import ImproperlyConfigured, NotRegistered

if TYPE_CHECKING:
    from .app import App
    from .task import Task

_lock = threading.Lock()
_newest: list[App] = []


def set_current(app: App) -> None:
    """Let ``app`` be the one that is meant; every new :class:`~flowc.App` does so unless told otherwise."""
    with _lock:
        _newest[:] = [app]


def current_app() -> App:
    """The application of the task that this thread runs, else the newest one.

    Raises:
        ImproperlyConfigured: there is none yet.
    """
    from .request import current

    context = current()
    if context is not None and context.app is not None:
        return context.app  # type: ignore[no-any-return]
    if not _newest:
        raise ImproperlyConfigured("there is no application yet: make one first, as in  app = flowc.App(broker=…)")
    return _newest[0]


def task_named(name: str) -> Task:
    """The task of that name of the current application: a pickled task is its name.

    Raises:
        NotRegistered: it has none.
    """
    found = current_app().tasks.get(name)
    if found is None:
        raise NotRegistered(f"no task is registered as {name!r}")
    return found
