"""``chain(a, b, c)`` and ``a | b | c``: each task gets the result of the one before it.

A chain that ``|`` makes keeps its steps as a linked list until somebody looks at them: so a flow of ten thousand steps that is built step
by step costs ten thousand small objects, and every chain on the way stays what it was.

Source: "Chains" in "Canvas: Designing Work-flows" of Celery's documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from .chord import chord
from .entries import Within
from .group import group
from .signature import Signature, maybe_signature

if TYPE_CHECKING:
    from ..app import App

#: The last step and what stands before it: a list of steps, another such pair, or nothing.
Node: TypeAlias = "tuple[Node | list[Signature] | None, Signature]"


class chain(Signature):  # noqa: N801  (Celery's name)
    """Tasks one after the other.

    Args:
        tasks: signatures; or one list, generator or other iterable of them.
        options: of the first of them, but for ``link`` (of the last), ``link_error`` (of each) and ``task_id`` (of the last).

    Raises:
        TypeError: what is no signature.
    """

    __slots__ = ("_last",)

    tasks = Within[list[Signature]]()

    def __init__(self, *tasks: Any, **options: Any) -> None:
        self._last: Node | None = None
        super().__init__("celery.chain", (), {}, subtask_type="chain", **options)
        single = len(tasks) == 1 and not isinstance(tasks[0], dict)
        last: Node | None = None
        for task in tasks[0] if single else tasks:
            last = _behind(last, maybe_signature(task))
        self._become(last)

    @classmethod
    def of(cls, first: Signature) -> chain:
        """A chain of one."""
        made = cls(app=first._app)
        made._become((None, first))
        return made

    @classmethod
    def read(cls, d: dict[str, Any], app: App | None) -> chain:
        """From the dict of a chain, with its steps as they stand there."""
        made = cls(app=app)
        dict.update(made, d)
        dict.__setitem__(made, "kwargs", {**d["kwargs"], "tasks": [maybe_signature(task, app) for task in d["kwargs"].get("tasks") or ()]})
        made._last = None
        return made

    def blank(self) -> Self:
        """See :meth:`Signature.blank`."""
        made = super().blank()
        made._last = None
        return made

    def followed_by(self, other: Signature) -> chain:
        """This chain with ``other`` behind it. This one stays as it is."""
        options = dict(self._options)
        last = self._node()
        links, errbacks = options.pop("link", None), options.pop("link_error", None)
        options.pop("task_id", None)
        if links or errbacks:
            made = _linked(list(_steps(last)), links, errbacks)
            last = (made[:-1], made[-1]) if made else None
        joined = chain(app=self._app)
        dict.__setitem__(joined, "options", options)
        joined._become(_behind(last, other))
        return joined

    def unchain_tasks(self) -> list[Signature]:
        """Copies of the steps, with the chain's own callback on the last and its errbacks on each."""
        steps = [task.clone() for task in self.tasks]
        return _linked(steps, self._options.get("link"), self._options.get("link_error"), clone=False)

    # -------------------------------------------------------------------------------------------------------------- calling
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Send it."""
        return self.apply_async(args, kwargs)

    def apply_async(self, args: Sequence[Any] | None = None, kwargs: Mapping[str, Any] | None = None, **options: Any) -> Any:
        """Send the first task, which takes the others along. Returns the result of the last, whose ``parent`` is the one before it."""
        from .launching import launch

        return launch(self, args, kwargs, options)

    def apply(self, args: Sequence[Any] | None = None, kwargs: Mapping[str, Any] | None = None, **options: Any) -> Any:
        """Run it in this process and thread."""
        from .launching import launch

        return launch(self, args, kwargs, options, eager=True)

    def freeze(self, *args: Any, **kwargs: Any) -> Any:
        """Give every step its id. Returns the result of the last."""
        from .freezing import freeze

        return freeze(self, *args, **kwargs)

    def __or__(self, other: Any) -> Any:
        return self.followed_by(other) if isinstance(other, Signature) else NotImplemented

    __ior__ = __or__

    def reprcall(self, *args: Any, **kwargs: Any) -> str:
        """The calls, with ``|`` between them."""
        from .showing import shown

        return shown(self)

    # ---------------------------------------------------------------------------------------------------------- late steps
    @property
    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = dict.__getitem__(self, "options")
        return options

    def _become(self, last: Node | None) -> None:
        """Have these steps."""
        if last is None:
            dict.__setitem__(self, "kwargs", {"tasks": []})
        else:
            dict.pop(self, "kwargs", None)
        self._last = last

    def _node(self) -> Node | None:
        if self._last is not None:
            return self._last
        tasks = list(self.tasks)
        return (tasks[:-1], maybe_signature(tasks[-1])) if tasks else None

    def settle(self) -> None:
        """Make the steps a list, which from now on can be looked at and changed."""
        last = self._last
        if last is not None:
            # in this order: other threads may look at the same moment, and find either the one or the other
            dict.setdefault(self, "kwargs", {"tasks": list(_steps(last))})
            self._last = None

    def __missing__(self, key: str) -> Any:
        self.settle()
        if key == "kwargs" and dict.__contains__(self, key):
            return dict.__getitem__(self, key)
        raise KeyError(key)

    def __eq__(self, other: object) -> bool:
        self.settle()
        if isinstance(other, chain):
            other.settle()
        return dict.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # type: ignore[assignment]


def _settled(method: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: chain, *args: Any, **kwargs: Any) -> Any:
        self.settle()
        return method(self, *args, **kwargs)

    return call


for _name in (
    "__contains__", "__delitem__", "__iter__", "__len__", "__reversed__", "__setitem__",
    "clear", "copy", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values",
):  # fmt: skip
    setattr(chain, _name, _settled(getattr(dict, _name)))
Signature.TYPES["chain"] = chain


def _steps(last: Node | None) -> Iterator[Signature]:
    """The steps of a linked list, from the first."""
    backwards: list[Signature] = []
    node: Any = last
    while type(node) is tuple:
        node, step = node
        backwards.append(step)
    yield from node or ()
    yield from reversed(backwards)


def _behind(last: Node | None, other: Signature) -> Node | None:
    """The list with one more step: chains are taken apart, empty groups left out; a group and what follows it are a chord."""
    if isinstance(other, chain):
        tasks: Iterable[Any] = other.tasks
        links, errbacks = other._options.get("link"), other._options.get("link_error")
        for task in _linked(list(tasks), links, errbacks) if links or errbacks else tasks:
            last = _behind(last, maybe_signature(task))
        return last
    if isinstance(other, group):
        return (last, other) if other.tasks else last
    if last is not None and isinstance(last[1], group):
        before = last[0]
        return (before, chord(last[1], other, app=last[1]._app))
    return (last, other)


def _linked(steps: list[Any], links: Any, errbacks: Any, *, clone: bool = True) -> list[Signature]:
    """The steps with these callbacks on the last and these errbacks on each; copies are changed, unless they are copies already."""
    if not steps or not (links or errbacks):
        return steps
    made = [maybe_signature(step, clone=clone) for step in steps]
    for callback in _listed(links):
        made[-1].link(callback)
    for errback in _listed(errbacks):
        for step in made:
            step.link_error(errback)
    return made


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, (list, tuple)) else () if value is None else (value,)
