"""A task: a user's function under a name, callable as it is in this process."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from . import request as requests
from .request import Context


class Task:
    """What ``@app.task`` makes of a function.

    Attributes:
        name: the full name by which messages and flows call it.
        function: the user's function (its first parameter is the task itself where ``bind`` is set).
        options: default options of its calls, by Celery's names.
        app: the application that it belongs to.
    """

    name: str
    app: Any

    def __init__(self, app: Any, function: Callable[..., Any], name: str, *, bind: bool, options: Mapping[str, Any]) -> None:
        functools.update_wrapper(self, function)
        self.app = app
        self.name = name
        self.function = function
        self.bind = bind
        self.options: Mapping[str, Any] = MappingProxyType(dict(options))

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function, with the task itself first where it is bound. It sees the request that is current."""
        return self.function(self, *args, **kwargs) if self.bind else self.function(*args, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task here and now, as a plain function."""
        requests.push(Context(task=self.name, args=args, kwargs=kwargs))
        try:
            return self.run(*args, **kwargs)
        finally:
            requests.pop()

    @property
    def request(self) -> Context:
        """The call that this thread serves now; an empty one outside of any."""
        return requests.current() or Context()

    @property
    def __signature__(self) -> inspect.Signature:
        signature = inspect.signature(self.function)
        if not self.bind:
            return signature
        return signature.replace(parameters=list(signature.parameters.values())[1:])

    def update_state(self, task_id: str | None = None, state: str | None = None, meta: Any = None) -> None:
        """Tell the run how far the task is: listeners (``~>``) of its step get ``{task_id, status, result, …}``.

        Args:
            task_id: Celery's; a task may only tell of itself, so anything but its own id is an error.
            state: a word such as ``PROGRESS``.
            meta: anything that JSON carries.

        Raises:
            ValueError: another task's id, or no state.
            EncodeError: JSON cannot carry ``meta``.
        """
        context = self.request
        if not state or not isinstance(state, str):
            raise ValueError("update_state needs a state, a text such as 'PROGRESS'")
        if task_id is not None and task_id != context.id:
            raise ValueError(f"a task can only update its own state ({context.id}), not that of {task_id}")
        if context.tell is not None:
            context.tell(state, meta)

    def __repr__(self) -> str:
        return f"<task {self.name}>"
