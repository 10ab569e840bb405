"""How a task is called: at once in this process, by a message, or later by a signature."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .applying import apply_async

if TYPE_CHECKING:
    from ..canvas import Signature, chunks, xmap, xstarmap
    from ..result import AsyncResult, EagerResult


class Calls:
    """The calls of a task, by Celery's names. Source: "Calling Tasks" of Celery's guide."""

    name: str
    app: Any

    def delay(self, *args: Any, **kwargs: Any) -> AsyncResult:
        """Send a call with these arguments: :meth:`apply_async` without options."""
        return apply_async(self.app, self.name, args, kwargs, {}, self)  # type: ignore[arg-type]  # the task that this is a part of

    def apply_async(
        self,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        task_id: str | None = None,
        producer: Any = None,
        link: Any = None,
        link_error: Any = None,
        shadow: str | None = None,
        **options: Any,
    ) -> AsyncResult:
        """Send a call.

        Args:
            args: positional arguments.
            kwargs: named arguments.
            task_id: an id instead of a new one.
            producer: kombu's, instead of a pooled one.
            link: a signature, or a list of them, called with the result when the task has succeeded.
            link_error: the same for when it has failed.
            shadow: another name for logs.
            options: ``countdown`` and ``expires`` (seconds), ``eta`` (aware datetime), ``retry``, ``retry_policy``, ``serializer``,
                ``compression``, ``queue``, ``exchange``, ``routing_key``, ``priority``, ``time_limit``, ``ignore_result`` and the
                others of Celery's guide.

        Raises:
            TypeError: an option that there is not, a value of a wrong type, or arguments that do not fit the function.
            ValueError: a value out of its range.
            OperationalError: the broker cannot be reached and every retry is used up (``T.OperationalError``).

        Source: "Calling Tasks" of Celery's guide.
        """
        for key, value in (("task_id", task_id), ("producer", producer), ("link", link), ("link_error", link_error), ("shadow", shadow)):
            if value is not None:
                options[key] = value
        return apply_async(self.app, self.name, args, kwargs, options, self)  # type: ignore[arg-type]  # as above

    def apply(self, args: Sequence[Any] | None = None, kwargs: Mapping[str, Any] | None = None, **options: Any) -> EagerResult:
        """Run the call in this process and thread, and wait for it: no message is sent.

        Args:
            args: positional arguments.
            kwargs: named arguments.
            options: those of :meth:`apply_async`, and ``throw``: raise what the task raises (default: ``task_eager_propagates``).
        """
        from .eager import apply

        return apply(self, args, kwargs, options)  # type: ignore[arg-type]  # as above

    def AsyncResult(self, task_id: str, **kwargs: Any) -> AsyncResult:  # noqa: N802  (Celery's name)
        """What is known of the call of this task with that id."""
        found: AsyncResult = self.app.AsyncResult(task_id, **kwargs)
        return found

    def get_publisher(self, connection: Any = None, **options: Any) -> Any:
        """kombu's ``Producer`` on a connection (a new one if None), for ``apply_async(publisher=…)``; a context manager.

        Source: "Connections" of Celery's guide.
        """
        return (self.app.connection() if connection is None else connection).Producer(auto_declare=False, **options)

    @property
    def OperationalError(self) -> type[Exception]:  # noqa: N802  (Celery's name)
        """What sending raises when the broker cannot be reached: kombu's error."""
        from ..broker.failures import operational_error

        return operational_error()

    # --------------------------------------------------------------------------------------------------------- signatures
    def signature(self, args: Sequence[Any] | None = None, kwargs: Mapping[str, Any] | None = None, *more: Any, **named: Any) -> Signature:
        """A signature of this task: arguments and options to call it with later. Takes what :class:`~flowc.Signature` takes."""
        from ..canvas import Signature

        named.setdefault("app", self.app)
        return Signature(self, args, kwargs, *more, **named)

    subtask = signature

    def s(self, *args: Any, **kwargs: Any) -> Signature:
        """``T.s(2, 2)``: a signature with these arguments."""
        return self.signature(args, kwargs)

    def si(self, *args: Any, **kwargs: Any) -> Signature:
        """The same, immutable: it takes no further arguments, such as the result of the task that it is linked to."""
        return self.signature(args, kwargs, immutable=True)

    def map(self, it: Iterable[Any]) -> xmap:
        """One task that calls this one with each item in turn: a list of results."""
        from ..canvas import xmap

        return xmap(self.s(), it, app=self.app)

    def starmap(self, it: Iterable[Iterable[Any]]) -> xstarmap:
        """The same; each item is a list of positional arguments."""
        from ..canvas import xstarmap

        return xstarmap(self.s(), it, app=self.app)

    def chunks(self, it: Iterable[Iterable[Any]], n: int) -> chunks:
        """A group of :meth:`starmap` tasks of ``n`` items each."""
        from ..canvas import chunks

        return chunks(self.s(), it, n, app=self.app)
