"""The dict of a signature, in Celery's form: its entries, how it is read, copied, pickled and shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from ..calling.call_options import check_names
from .entries import Entry, OptionEntry
from .owner import owner_of
from .plain import duplicate, plain

if TYPE_CHECKING:
    from ..app import App
    from ..task import Task
    from .signature import Signature

#: Canvases whose dicts, as Celery writes them, say nothing of their kind.
_KINDS: dict[Any, str] = {"celery.map": "xmap", "celery.starmap": "xstarmap", "celery.chunks": "chunks"}


class Form(dict[str, Any]):
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
            if isinstance(task, Form):
                self._app, self._type = app or task._app, type or task._type
            return
        if not isinstance(task, str):
            self._type = task
            task = getattr(task, "name", None)
            if not isinstance(task, str):
                raise TypeError(f"a signature is one of a task or its name, not of {self._type!r}")
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
        complete = _complete(d)
        kind = complete["subtask_type"] or _KINDS.get(complete["task"], "")
        made = cls.TYPES.get(kind) if isinstance(kind, str) else None
        if made is None:
            raise ValueError(f"a signature has no subtask_type {kind!r}; there are {', '.join(sorted(filter(None, cls.TYPES)))}")
        return made.read(complete, app)

    @classmethod
    def read(cls, d: dict[str, Any], app: App | None) -> Signature:
        """The same, for a dict of this class that has all entries."""
        return cls.TYPES[""](d, app=app)

    def blank(self) -> Self:
        """An empty one of the same class and application, to be filled by a copy."""
        made = self.__class__.__new__(self.__class__)
        made._app, made._type = self._app, self._type
        return made

    # ----------------------------------------------------------------------------------------------------------- showing
    @property
    def name(self) -> str:
        """The task's name."""
        name: str = self["task"]
        return name

    @property
    def app(self) -> App:
        """The application that sends it: its own, that of its task, that of its first part which has one, or the current one.

        Raises:
            ImproperlyConfigured: none is given, and there is none yet.
        """
        found: App | None = self._app if self._app is not None else owner_of(self)
        if found is None:
            from ..current import current_app

            found = current_app()
        return found

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
        made: Self = duplicate(self)
        return made

    def __deepcopy__(self, memo: Any) -> Self:
        return self.__copy__()


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _unpickled(d: dict[str, Any]) -> Signature:
    return Form.from_dict(d)


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
