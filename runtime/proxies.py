"""Objects that stand for another one, which is looked up each time: ``flowc.current_app``, ``flowc.current_task``, shared tasks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Proxy:
    """Stands for what ``find`` gives: attributes, calls, comparisons and texts are those of that object.

    Args:
        name: what the proxy itself is called, where there is nothing to stand for.
        find: gives the object; None where there is none.
    """

    __slots__ = ("__name__", "_find")

    def __init__(self, name: str, find: Callable[[], Any]) -> None:
        object.__setattr__(self, "__name__", name)
        object.__setattr__(self, "_find", find)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._find(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._find(), name, value)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._find()(*args, **kwargs)

    def __bool__(self) -> bool:
        return bool(self._find())

    def __eq__(self, other: object) -> bool:
        return bool(self._find() == (other._find() if isinstance(other, Proxy) else other))

    def __hash__(self) -> int:
        return hash(self._find())

    def __dir__(self) -> list[str]:
        return dir(self._find())

    def __repr__(self) -> str:
        return repr(self._find())


def _current_app() -> Any:
    from .current import current_app

    return current_app()


def _current_task() -> Any:
    from .request import current

    context = current()
    return context.app.tasks.get(context.task) if context is not None and context.app is not None else None


#: The application of the task that this thread runs, else the newest one.
current_app = Proxy("current_app", _current_app)

#: The task that this thread runs for a worker; false and ``None``-like outside of any.
current_task = Proxy("current_task", _current_task)
