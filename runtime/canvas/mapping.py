"""``T.map``, ``T.starmap`` and ``T.chunks``: one message for many calls of a task.

Source: "Map & Starmap" and "Chunks" in "Canvas: Designing Work-flows" of Celery's documentation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from .entries import Within
from .group import group
from .signature import Signature, maybe_signature

if TYPE_CHECKING:
    from ..app import App


class _Mapping(Signature):
    """What ``xmap`` and ``xstarmap`` have in common."""

    __slots__ = ()

    TASK: ClassVar[str]

    def __init__(self, task: Any, it: Iterable[Any], **options: Any) -> None:
        items = it if isinstance(it, (list, tuple)) else list(it)
        super().__init__(self.TASK, (), {"task": _signature(task), "it": items}, immutable=True, **options)

    @classmethod
    def read(cls, d: dict[str, Any], app: App | None) -> Signature:
        """From the dict of one. One whose arguments come in another way is a plain signature."""
        if not {"task", "it"} <= d["kwargs"].keys():
            return Signature(d, app=app)
        made = cls(d["kwargs"]["task"], d["kwargs"]["it"], app=app)
        made["options"] = dict(d["options"])
        return made

    def reprcall(self, *args: Any, **kwargs: Any) -> str:
        """As a comprehension."""
        star = "*" if self.TASK == "celery.starmap" else ""
        items = repr(self["kwargs"]["it"])
        return f"[{self['kwargs']['task']['task']}({star}x) for x in {items if len(items) <= 100 else items[:97] + '...'}]"


class xmap(_Mapping):  # noqa: N801  (Celery's name)
    """One message: the worker calls the task with each item in turn, and the result is the list of what it returns."""

    __slots__ = ()
    TASK = "celery.map"


class xstarmap(_Mapping):  # noqa: N801
    """The same; each item is a list of positional arguments."""

    __slots__ = ()
    TASK = "celery.starmap"


class chunks(Signature):  # noqa: N801
    """Items in parts of ``n``: one :class:`xstarmap` message for each part.

    Raises:
        ValueError: ``n`` below one.
    """

    __slots__ = ()

    it = Within[Sequence[Any]]()
    n = Within[int]()

    def __init__(self, task: Any, it: Iterable[Any], n: int, **options: Any) -> None:
        if isinstance(n, bool) or not isinstance(n, int):
            raise TypeError(f"chunks: n={n!r}: an integer is needed: how many items a part has")
        if n < 1:
            raise ValueError(f"chunks: n={n}: a part has at least one item")
        items = it if isinstance(it, (list, tuple)) else list(it)
        super().__init__("celery.chunks", (), {"task": _signature(task), "it": items, "n": n}, immutable=True, **options)

    @classmethod
    def read(cls, d: dict[str, Any], app: App | None) -> Signature:
        """From the dict of one."""
        if not {"task", "it", "n"} <= d["kwargs"].keys():
            raise ValueError("this dict is no signature: celery.chunks needs the named arguments task, it and n")
        made = cls(d["kwargs"]["task"], d["kwargs"]["it"], d["kwargs"]["n"], app=app)
        made["options"] = dict(d["options"])
        return made

    def group(self) -> group:
        """The group that it is sent as."""
        mapped, it = self["kwargs"]["task"], iter(self["kwargs"]["it"])
        parts = iter(lambda: list(islice(it, self["kwargs"]["n"])), [])
        return group([xstarmap(mapped, part, app=self._app) for part in parts], app=self._app, **self["options"])

    def __call__(self, **options: Any) -> Any:
        """Send it."""
        return self.apply_async(**options)

    def apply_async(self, args: Sequence[Any] | None = None, kwargs: Mapping[str, Any] | None = None, **options: Any) -> Any:
        """Send the parts. Returns their ``GroupResult``: a list of lists."""
        return self.group().apply_async(args, kwargs, **options)

    def apply(self, args: Sequence[Any] | None = None, kwargs: Mapping[str, Any] | None = None, **options: Any) -> Any:
        """Run the parts in this process and thread."""
        return self.group().apply(args, kwargs, **options)

    @classmethod
    def apply_chunks(cls, task: Any, it: Iterable[Any], n: int, app: App | None = None) -> Any:
        """Make one and send it."""
        return cls(task, it, n, app=app)()


def _signature(task: Any) -> Signature:
    made: Signature = task.s() if hasattr(task, "apply_async") and not isinstance(task, dict) else maybe_signature(task)
    return made


Signature.TYPES.update(xmap=xmap, xstarmap=xstarmap, chunks=chunks)
