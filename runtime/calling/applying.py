"""``apply_async``: checks a call and hands it to the sender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .. import request as requests
from .call_options import check_limits, check_options

if TYPE_CHECKING:
    from ..app import App
    from ..result import AsyncResult
    from ..sending import Sending
    from ..task import Task


class _Late:
    """Classes whose modules the first call imports, not the making of an application; an import in each call would cost a microsecond."""

    def __getattr__(self, name: str) -> Any:
        from ..result import AsyncResult
        from ..sending import Sending

        self.result, self.sending = AsyncResult, Sending
        return self.__dict__[name]


_late: Any = _Late()

#: Options whose values are signatures.
_LINKS = ("link", "link_error", "chain", "chord")


def apply_async(
    app: App, name: str, args: Sequence[Any] | None, kwargs: Mapping[str, Any] | None, options: Mapping[str, Any], task: Task | None = None
) -> AsyncResult:
    """Send one call.

    Args:
        app: the application whose broker carries it.
        name: the task's full name.
        args: its positional arguments.
        kwargs: its named arguments.
        options: by Celery's names (:data:`~.call_options.OPTIONS`); None stands for: not given. Durations are seconds.
        task: the task, where it is at hand; else it is looked up, and may be unknown to this process.

    Returns:
        What is known of the call's result. Within a task it is also one of the task's ``children``.

    Raises:
        TypeError: an unknown option, a wrong type, or arguments that do not fit the function.
        ValueError: an option out of its range.
        EncodeError: the serializer cannot carry the arguments.
        OperationalError: kombu's; the broker cannot be reached and every retry is used up.

    Source: "Calling Tasks" of Celery's guide.
    """
    sending = checked(app, name, args, kwargs, options, task)
    if app.conf.task_always_eager:
        from .eager import apply_sending

        return apply_sending(app, sending)
    result: AsyncResult = _late.result(app.sender.send(sending), app=app)
    result.ignored = ignores(app, sending.options, sending.task)
    if requests.current() is not None:
        remember(result, sending.options, sending.task)
    return result


def checked(
    app: App, name: str, args: Sequence[Any] | None, kwargs: Mapping[str, Any] | None, options: Mapping[str, Any], task: Task | None = None
) -> Sending:
    """A call that is ready for the sender. Arguments and errors as for :func:`apply_async`."""
    if args is None:
        args = ()
    elif not isinstance(args, (tuple, list)):
        raise TypeError(f"{name}: args is a list or tuple of the positional arguments, not of type {type(args).__name__}")
    if kwargs is None:
        kwargs = {}
    elif not isinstance(kwargs, Mapping):
        raise TypeError(f"{name}: kwargs is a mapping of the named arguments, not of type {type(kwargs).__name__}")
    if options:
        check_options(options)
        for key in _LINKS:
            if options.get(key):
                options = _plain_links(options)
                break
    if task is None:
        task = _registered(app, name)
    if task is not None:
        if task.typing and task.arity is not None:
            task.arity.check(name, args, kwargs)
        if options and ("time_limit" in options) != ("soft_time_limit" in options):
            check_limits({**task.options, **options})
        if task.shadow_name is not None and not options.get("shadow"):
            options = {**options, "shadow": task.shadow_name(task, args, kwargs, options)}
    made: Sending = _late.sending(name, args, kwargs, options, task)
    return made


def _registered(app: App, name: object) -> Task | None:
    """The task of that name, if the application has it: whoever calls by name need not."""
    if not isinstance(name, str):
        raise TypeError(f"a task is called by its name, a text, not by one of type {type(name).__name__}")
    if not name:
        raise ValueError("a task is called by its name, and this one is empty")
    return app.tasks.get(name)


def ignores(app: App, options: Mapping[str, Any], task: Task | None) -> bool:
    """Whether the result of a call is not kept: then there is nothing to wait for."""
    own = options.get("ignore_result")
    if own is None and task is not None:
        own = task.options.get("ignore_result")
    return bool(app.conf.task_ignore_result if own is None else own)


def remember(result: Any, options: Mapping[str, Any], task: Task | None) -> None:
    """Let a result be a child of the task that runs now, unless it asks not to be."""
    request = requests.serving()
    if request is None or options.get("add_to_parent") is False:
        return
    if task is None or task.trail:
        request.children.append(result)


def _plain_links(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with signatures as plain dicts, which every serializer can carry; links are lists."""
    from ..canvas.plain import plain

    made = dict(options)
    for key in _LINKS:
        value = made.get(key)
        if value is None:
            continue
        if key == "chord":
            made[key] = value if type(value) is dict else plain(value)
            continue
        made[key] = [one if type(one) is dict else plain(one) for one in (value if isinstance(value, (list, tuple)) else (value,))]
    return made
