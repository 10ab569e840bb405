"""A task: a user's function under a name, callable as it is in this process, and from any other by a message."""

from __future__ import annotations

import datetime as dt
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from . import request as requests
from .calling.arity import arity_of
from .calling.calls import Calls
from .calling.declared import ATTRIBUTES, FROM_SETTINGS, check_declared
from .errors import SoftTimeLimitExceeded
from .request import Context
from .task_attributes import CallDefault, FromSettings

if TYPE_CHECKING:
    from .canvas import Signature
    from .errors import Retry


class Task(Calls):
    """What ``@app.task`` makes of a function.

    Attributes:
        name: the full name by which messages and flows call it.
        function: the user's function (its first parameter is the task itself where ``bind`` is set).
        options: default options of its calls, by Celery's names.
        app: the application that it belongs to.
        arity: what the function takes, where Python knows.

    The options of ``@app.task`` are attributes too, and can be set: ``max_retries default_retry_delay autoretry_for
    dont_autoretry_for retry_kwargs retry_backoff retry_backoff_max retry_jitter throws typing trail shadow_name send_events``; those
    that a setting stands for (``acks_late`` and its like); and the defaults of its calls (``serializer``, ``queue`` …).
    """

    name: str
    app: Any
    max_retries: int | None
    default_retry_delay: float
    autoretry_for: Sequence[type[BaseException]]
    dont_autoretry_for: Sequence[type[BaseException]]
    retry_kwargs: Mapping[str, Any]
    retry_backoff: bool | float
    retry_backoff_max: float
    retry_jitter: bool
    throws: Sequence[type[BaseException]]
    typing: bool
    trail: bool
    send_events: bool
    shadow_name: Callable[..., str | None] | None

    acks_late = FromSettings()
    acks_on_failure_or_timeout = FromSettings()
    reject_on_worker_lost = FromSettings()
    track_started = FromSettings()
    store_errors_even_if_ignored = FromSettings()

    queue = CallDefault(None)
    exchange = CallDefault(None)
    routing_key = CallDefault(None)
    priority = CallDefault("task_default_priority")
    serializer = CallDefault("task_serializer")
    compression = CallDefault("task_compression")
    expires = CallDefault(None)
    time_limit = CallDefault("task_time_limit")
    soft_time_limit = CallDefault("task_soft_time_limit")
    ignore_result = CallDefault("task_ignore_result")
    delivery_mode = CallDefault(None)
    mandatory = CallDefault(None)

    #: What is raised in it at its soft time limit.
    soft_limit_error: type[BaseException] = SoftTimeLimitExceeded

    def __init__(self, app: Any, function: Callable[..., Any], name: str, *, bind: bool, options: Mapping[str, Any]) -> None:
        check_declared(name, options)
        functools.update_wrapper(self, function)
        self.app = app
        self.name = name
        self.function = function
        self.bind = bind
        self.arity = arity_of(function, bound=bind)
        for attribute, (default, _) in ATTRIBUTES.items():
            given = options.get(attribute, default)
            setattr(self, attribute, default if given is None and attribute != "max_retries" else given)
        self.own = {key: options[key] for key in FROM_SETTINGS if options.get(key) is not None}
        self.options: Mapping[str, Any] = MappingProxyType(
            {key: value for key, value in options.items() if key not in ATTRIBUTES and key not in FROM_SETTINGS}
        )

    # ---------------------------------------------------------------------------------------------------- in this process
    def call_function(self, *args: Any, **kwargs: Any) -> Any:
        """Call the user's function, with the task itself first where it is bound."""
        return self.function(self, *args, **kwargs) if self.bind else self.function(*args, **kwargs)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task for the request that is current: what ``autoretry_for`` names becomes a retry."""
        if self.autoretry_for:
            from .retrying import run_with_autoretry

            return run_with_autoretry(self, args, kwargs)
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

    # ----------------------------------------------------------------------------------------------------- inside the task
    def retry(
        self,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        exc: BaseException | type[BaseException] | None = None,
        throw: bool = True,
        eta: dt.datetime | None = None,
        countdown: float | None = None,
        max_retries: int | None = None,
        **options: Any,
    ) -> Retry:
        """Try this call again, under the same id. Write ``raise self.retry(…)`` to show that nothing runs after it.

        Args:
            args: other positional arguments.
            kwargs: other named arguments.
            exc: what to raise when the retries are used up.
            throw: raise :class:`Retry`, which tells the worker; without it, the task goes on.
            eta: not before this moment (aware).
            countdown: not before so many seconds; ``default_retry_delay`` if neither is given.
            max_retries: for this call instead of the task's own limit; None stands for the task's (where None means: for ever).
            options: those of :meth:`apply_async`, and ``retry_backoff``, ``retry_backoff_max``, ``retry_jitter`` for this retry alone.

        Raises:
            Retry: the worker is to try again.
            MaxRetriesExceededError: it was retried ``max_retries`` times, and no ``exc`` is given to raise instead.
            Reject: the message of the next try could not be sent.

        Called as a plain function, the task cannot be tried again: then ``exc``, or what is being handled, is raised.

        Source: "Retrying" in the guide to Celery's tasks.
        """
        from .retrying import retry

        return retry(self, args, kwargs, exc, throw, eta, countdown, max_retries, options)

    def replace(self, sig: Signature) -> Any:
        """End this task and let a signature take its place: its id, its callbacks and its place in a chain, group or chord.

        Raises:
            Ignore: to end the task; write ``return self.replace(…)`` or ``raise self.replace(…)``.
            ImproperlyConfigured: an empty canvas.
        """
        from .canvas.replacing import replace

        return replace(self, sig)

    def add_to_chord(self, sig: Signature, lazy: bool = False) -> Any:
        """Add a signature to the header of the chord that this task is part of: the body waits for it too.

        Args:
            sig: what to add.
            lazy: do not send it; returns the signature, to be sent later.

        Raises:
            ValueError: this task is part of no chord.

        Source: ``Task.add_to_chord`` of Celery's reference.
        """
        from .canvas.replacing import add_to_chord

        return add_to_chord(self, sig, lazy)

    def update_state(self, task_id: str | None = None, state: str | None = None, meta: Any = None) -> None:
        """Tell how far the task is: who waits with ``on_message``, and listeners (``~>``) of a flow, get ``{task_id, status, result, …}``.

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

    def __reduce__(self) -> Any:
        from .current import task_named

        return task_named, (self.name,)

    def __repr__(self) -> str:
        return f"<task {self.name}>"
