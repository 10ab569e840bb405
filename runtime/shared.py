"""``@shared_task``: a task of every application, for libraries that make none of their own."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, overload

from .proxies import Proxy

_registrations: list[Callable[[Any], Any]] = []
_apps: weakref.WeakSet[Any] = weakref.WeakSet()


@overload
def shared_task(function: Callable[..., Any], /) -> Any: ...


@overload
def shared_task(function: None = None, /, **options: Any) -> Callable[[Callable[..., Any]], Any]: ...


def shared_task(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Register a function as a task of every application, of those to come too. Arguments and errors as for ``@app.task``.

    What it returns is the task of the current application.
    """

    def share(target: Callable[..., Any]) -> Any:
        names: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()

        def register(app: Any) -> None:
            names[app] = app.task(**options)(target).name

        def find() -> Any:
            from .current import current_app

            app = current_app()
            return app.tasks[names[app]]

        for app in list(_apps):
            register(app)
        _registrations.append(register)
        return Proxy(getattr(target, "__name__", "task"), find)

    return share if function is None else share(function)


def register_shared(app: Any) -> None:
    """Give an application the shared tasks that there are, and those that come."""
    _apps.add(app)
    for register in _registrations:
        register(app)
