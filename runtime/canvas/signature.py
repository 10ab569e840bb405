"""A signature: a task with arguments and options to call it with later. A dict in Celery's form, so that every worker can read it.

Source: "Signatures" in "Canvas: Designing Work-flows" of Celery's documentation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from ..calling.call_options import check_names
from ..ids import new_id
from .entries import Entry, OptionEntry
from .plain import duplicate, plain

if TYPE_CHECKING:
    from ..app import App
    from ..task import Task

#: Options that stay what they are once they are set: tasks that wait for a whole group count by them.
_KEPT_OPTIONS = ("group_id", "stamped_headers")


class Signature(dict[str, Any]):
    """``{"task", "args", "kwargs", "options", "subtask_type", "immutable"}``, with these and the options' ids as attributes too.

    Args:
        task: a task or its name; or a signature or its dict form, of which this becomes a copy.
        args: positional arguments.
        kwargs: named arguments.
        options: those of ``apply_async``; ``more`` adds to them.
        immutable: take no further arguments.
        app: the application that sends it; the task's own, or the current one, if not given.

    Raises:
        TypeError: an option that there is not.
        ValueError: a dict that is no signature.
    """

    __slots__ = ("_app", "_type")

    TYPES: ClassVar[dict[str, type[Signature]]] = {}

    task = Entry[str]()
    args = Entry[Sequence[Any]]()
    kwargs = Entry[dict[str, Any]]()
    options = Entry[dict[str, Any]]()
    subtask_type = Entry[str | None]()
    immutable = Entry[bool]()
    id = OptionEntry("task_id")
    parent_id = OptionEntry("parent_id")
    root_id = OptionEntry("root_id")

    def __init__(
        self,
        task: Any = None,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        type: Any = None,  # noqa: A002  (Celery's name)
        subtask_type: str | None = None,
        immutable: bool = False,
        app: App | None = None,
        **more: Any,
    ) -> None:
        self._app = app
        self._type: Task | None = type
        if isinstance(task, dict):
            super().__init__(_complete(task))
            if isinstance(task, Signature):
                self._app, self._type = app or task._app, type or task._type
            return
        if not isinstance(task, str):
            self._type = task
            task = task.name
        if options:
            more = {**options, **more}
        if more:
            check_names(more)
        super().__init__(
            task=task,
            args=tuple(args) if args else (),
            kwargs={} if kwargs is None else dict(kwargs),
            options=more,
            subtask_type=subtask_type,
            immutable=immutable,
        )

    @classmethod
    def from_dict(cls, d: Mapping[str, Any], app: App | None = None) -> Signature:
        """The signature that a dict describes, Celery's ones too.

        Raises:
            ValueError: it describes none.
        """
        kind = d.get("subtask_type")
        if not kind:
            return Signature(dict(d), app=app)
        try:
            made = cls.TYPES[kind]
        except (KeyError, TypeError):
            raise ValueError(f"a signature has no subtask_type {kind!r}; there are {', '.join(sorted(cls.TYPES))}") from None
        return made.read(_complete(d), app)

    @classmethod
    def read(cls, d: dict[str, Any], app: App | None) -> Signature:
        """The same, for a dict of this class that has all entries."""
        return Signature(d, app=app)

    def blank(self) -> Self:
        """An empty one of the same class and application, to be filled by a copy."""
        made = self.__class__.__new__(self.__class__)
        made._app, made._type = self._app, self._type
        return made

    # ------------------------------------------------------------------------------------------------------------- calling
    def __call__(self, *partial_args: Any, **partial_kwargs: Any) -> Any:
        """Call the task here and now, in this process."""
        args, kwargs, _ = self.merged(partial_args, partial_kwargs, None)
        return self.type(*args, **kwargs)

    def delay(self, *partial_args: Any, **partial_kwargs: Any) -> Any:
        """Send it, with these arguments before (and these named ones over) its own."""
        return self.apply_async(partial_args, partial_kwargs)

    def apply_async(self, args: Sequence[Any] | None = None, kwargs: Mapping[str, Any] | None = None, **options: Any) -> Any:
        """Send it.

        Args:
            args: positional arguments before its own.
            kwargs: named arguments over its own.
            options: over its own; None stands for: not given.

        Returns:
            The result: ``AsyncResult``, or ``GroupResult`` for a group.

        Raises:
            TypeError, ValueError, EncodeError, OperationalError: as for ``T.apply_async``.
        """
        from ..calling.applying import apply_async

        args, kwargs, options = self.merged(args, kwargs, {key: value for key, value in options.items() if value is not None})
        return apply_async(self.app, self["task"], args, kwargs, options, self._type)

    def apply(self, args: Sequence[Any] | None = None, kwargs: Mapping[str, Any] | None = None, **options: Any) -> Any:
        """Run it in this process and thread: see ``T.apply``."""
        args, kwargs, options = self.merged(args, kwargs, {key: value for key, value in options.items() if value is not None})
        return self.type.apply(args, kwargs, **options)

    def merged(
        self, args: Sequence[Any] | None, kwargs: Mapping[str, Any] | None, options: Mapping[str, Any] | None
    ) -> tuple[Sequence[Any], dict[str, Any], dict[str, Any]]:
        """Its arguments and options with further ones: arguments in front, named arguments and options over its own.

        Immutable signatures take options alone. A ``group_id`` that it has stays.
        """
        own = self["options"]
        if options:
            kept = {key: own[key] for key in _KEPT_OPTIONS if key in own}
            own = {**own, **options, **kept}
        if self["immutable"]:
            return self["args"], self["kwargs"], own
        return (
            (*args, *self["args"]) if args else self["args"],
            {**self["kwargs"], **kwargs} if kwargs else self["kwargs"],
            own,
        )

    # ----------------------------------------------------------------------------------------------- copies and changes
    def clone(self, args: Sequence[Any] | None = None, kwargs: Mapping[str, Any] | None = None, **options: Any) -> Self:
        """A copy, with further arguments and options as :meth:`apply_async` would take them. Changing it changes nothing of this one."""
        made: Self = duplicate(self)
        if args or kwargs or options:
            check_names(options)
            made["args"], made["kwargs"], made["options"] = made.merged(args, kwargs, options)
        made["args"] = tuple(made["args"])
        return made

    partial = clone

    def replace(
        self, args: Sequence[Any] | None = None, kwargs: Mapping[str, Any] | None = None, options: Mapping[str, Any] | None = None
    ) -> Self:
        """A copy with these instead of its own."""
        made = self.clone()
        for key, value in (("args", args), ("kwargs", kwargs), ("options", options)):
            if value is not None:
                made[key] = value
        return made

    def set(self, immutable: bool | None = None, **options: Any) -> Self:
        """Set options of its calls, in place.

        Raises:
            TypeError: an option that there is not.
        """
        check_names(options)
        if immutable is not None:
            self.set_immutable(immutable)
        self["options"].update(options)
        return self

    def set_immutable(self, immutable: bool) -> None:
        """Whether it takes further arguments."""
        self["immutable"] = immutable

    def link(self, callback: Any) -> Any:
        """Call ``callback`` with the result when the task has succeeded. Returns the callback."""
        return self.add_to_list("link", callback)

    def link_error(self, errback: Any) -> Any:
        """Call ``errback`` when the task has failed. Returns the errback."""
        return self.add_to_list("link_error", errback)

    def on_error(self, errback: Any) -> Self:
        """:meth:`link_error` that returns the signature itself."""
        self.link_error(errback)
        return self

    def add_to_list(self, option: str, value: Any) -> Any:
        """Add to an option that is a list (or becomes one), unless it is there already."""
        items = self["options"].get(option)
        if not isinstance(items, list):
            items = self["options"][option] = [] if items is None else list(items) if isinstance(items, tuple) else [items]
        if value not in items:
            items.append(value)
        return value

    def freeze(
        self,
        _id: str | None = None,
        group_id: str | None = None,
        chord: Any = None,
        root_id: str | None = None,
        parent_id: str | None = None,
        group_index: int | None = None,
    ) -> Any:
        """Give it an id now, so that its result is known before it is sent. Returns that result."""
        options = self["options"]
        options.setdefault("task_id", _id or new_id())
        if group_id:
            options.setdefault("group_id", group_id)
        given = (("root_id", root_id), ("parent_id", parent_id), ("chord", chord), ("group_index", group_index))
        options.update((key, value) for key, value in given if value is not None)
        from ..result import AsyncResult

        return AsyncResult(options["task_id"], app=self.app)

    def flatten_links(self) -> list[Signature]:
        """It and all callbacks, theirs too."""
        found: list[Signature] = []
        stack: list[Any] = [self]
        while stack:
            one = maybe_signature(stack.pop(), self._app)
            found.append(one)
            links = one["options"].get("link") or ()
            stack.extend(reversed(links if isinstance(links, (list, tuple)) else [links]))
        return found

    # --------------------------------------------------------------------------------------------------------- combining
    def __or__(self, other: Any) -> Any:
        """``a | b``: a chain. Behind a group it becomes the body of a chord."""
        if not isinstance(other, Signature):
            return NotImplemented
        from .chain import chain

        return chain.of(self).followed_by(other)

    __ior__ = __or__

    def __invert__(self) -> Any:
        """``~sig``: send it and wait for its result."""
        return self.apply_async().get()

    # ----------------------------------------------------------------------------------------------------------- showing
    @property
    def name(self) -> str:
        """The task's name."""
        name: str = self["task"]
        return name

    @property
    def app(self) -> App:
        """The application that sends it.

        Raises:
            ImproperlyConfigured: none is given, and there is none yet.
        """
        if self._app is not None:
            return self._app
        if self._type is not None:
            own: App = self._type.app
            return own
        from ..current import current_app

        return current_app()

    @property
    def type(self) -> Task:
        """The task itself.

        Raises:
            NotRegistered: this process has no task of that name.
        """
        if self._type is not None:
            return self._type
        found = self.app.tasks.get(self["task"])
        if found is None:
            from ..errors import NotRegistered

            raise NotRegistered(f"no task is registered as {self['task']!r}")
        return found

    def reprcall(self, *args: Any, **kwargs: Any) -> str:
        """The call as text, with further arguments: ``proj.add(2, 2)``."""
        positional, named = (*args, *self["args"]), {**self["kwargs"], **kwargs}
        return f"{self['task']}({', '.join([*map(_short, positional), *(f'{key}={_short(value)}' for key, value in named.items())])})"

    def __repr__(self) -> str:
        return self.reprcall()

    def __json__(self) -> dict[str, Any]:
        made: dict[str, Any] = plain(self)
        return made

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _unpickled, (plain(self),)

    def __copy__(self) -> Self:
        return self.clone()

    def __deepcopy__(self, memo: Any) -> Self:
        return self.clone()


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _unpickled(d: dict[str, Any]) -> Signature:
    return Signature.from_dict(d)


def _complete(d: Mapping[str, Any]) -> dict[str, Any]:
    """A signature's dict with every entry.

    Raises:
        ValueError: it is none.
    """
    task, args, kwargs, options = d.get("task"), d.get("args"), d.get("kwargs"), d.get("options")
    if not isinstance(task, str) or not all(
        value is None or isinstance(value, kind) for value, kind in ((args, (list, tuple)), (kwargs, Mapping), (options, Mapping))
    ):
        raise ValueError("this dict is no signature: it needs a task (text), args (list), kwargs and options (mappings)")
    made = dict(d)
    if args is None or kwargs is None or options is None or "subtask_type" not in d or "immutable" not in d:
        made.update(args=args or (), kwargs=kwargs or {}, options=options or {})
        made.setdefault("subtask_type", None)
        made.setdefault("immutable", False)
    return made


def signature(varies: Any, *args: Any, **kwargs: Any) -> Signature:
    """A signature: of a task or a name with arguments; or a copy of a signature; or from its dict form.

    Args:
        varies: a task, its name, a signature or a dict.
        args: as for :class:`Signature`.
        kwargs: the same.
    """
    if isinstance(varies, Signature):
        return varies.clone()
    if isinstance(varies, dict):
        return Signature.from_dict(varies, app=kwargs.get("app"))
    return Signature(varies, *args, **kwargs)


def maybe_signature(d: Any, app: App | None = None, clone: bool = False) -> Any:
    """A signature of what may be its dict form; None stays None. With ``app``, it belongs to that application."""
    if d is None:
        return None
    if isinstance(d, Signature):
        found = d.clone() if clone else d
    elif isinstance(d, dict):
        found = Signature.from_dict(d, app=app)
    else:
        raise TypeError(f"a signature is needed, not {d!r}" + ("; write task.s(…)" if hasattr(d, "apply_async") else ""))
    if app is not None:
        found._app = app
    return found
