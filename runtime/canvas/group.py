"""``group(a, b, c)``: tasks side by side, with the list of their results.

Source: "Groups" in "Canvas: Designing Work-flows" of Celery's documentation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from .entries import Within
from .signature import Signature, maybe_signature

if TYPE_CHECKING:
    from ..app import App


class group(Signature):  # noqa: N801  (Celery's name)
    """Tasks that run at once. A group of one is a group: its result is a list.

    Args:
        tasks: signatures; or one list, generator or other iterable of them.
        options: of each of them; ``task_id`` is the group's own id.

    Raises:
        TypeError: what is no signature.
    """

    __slots__ = ()

    tasks = Within[list[Signature]]()

    def __init__(self, *tasks: Any, **options: Any) -> None:
        given: Iterable[Any] = tasks
        if len(tasks) == 1 and (isinstance(tasks[0], group) or not isinstance(tasks[0], dict)):
            given = tasks[0].tasks if isinstance(tasks[0], group) else tasks[0]
        super().__init__("celery.group", (), {"tasks": [maybe_signature(task) for task in given]}, subtask_type="group", **options)

    @classmethod
    def read(cls, d: dict[str, Any], app: App | None) -> group:
        """From the dict of a group."""
        made = cls(app=app)
        made.update(d)
        made["kwargs"] = {**d["kwargs"], "tasks": [maybe_signature(task, app) for task in d["kwargs"].get("tasks") or ()]}
        return made

    def __call__(self, *partial_args: Any, **options: Any) -> Any:
        """Send it, with these arguments before those of each task."""
        return self.apply_async(partial_args, **options)

    def apply_async(
        self, args: Sequence[Any] | None = None, kwargs: Mapping[str, Any] | None = None, add_to_parent: bool = True, **options: Any
    ) -> Any:
        """Send every task. Returns their ``GroupResult``.

        Raises:
            TypeError: ``link`` or ``link_error``: a group has no single end; use a chord, or link its tasks.
        """
        for option, instead in (("link", "use a chord"), ("link_error", "give it to each task: group.link_error(…)")):
            if options.pop(option, None) is not None:
                raise TypeError(f"a group as a whole cannot have {option}: {instead}")
        from .launching import launch

        return launch(self, args, kwargs, options if add_to_parent else {**options, "add_to_parent": False})

    def apply(self, args: Sequence[Any] | None = None, kwargs: Mapping[str, Any] | None = None, **options: Any) -> Any:
        """Run the tasks one after the other, in this process and thread."""
        from .launching import launch

        return launch(self, args, kwargs, options, eager=True)

    def freeze(self, *args: Any, **kwargs: Any) -> Any:
        """Give the group and every task their ids. Returns the group's result."""
        from .freezing import freeze

        return freeze(self, *args, **kwargs)

    def skew(self, start: float = 1.0, stop: float | None = None, step: float = 1.0) -> Self:
        """Let the tasks start one after the other.

        Args:
            start: the countdown of the first, in seconds.
            stop: the longest one; from then on all have the same.
            step: how much later each one starts, in seconds.
        """
        now = start
        for task in self.tasks:
            task.set(countdown=now)
            if not stop or now + step <= stop:
                now += step
        return self

    def link(self, callback: Any) -> Any:
        """Link the first task, with a callback that takes no result: a group has no single one. A chord collects all of them."""
        return self.tasks[0].link(maybe_signature(callback, clone=True).set(immutable=True))

    def link_error(self, errback: Any) -> tuple[Any, ...]:
        """Link a copy to every task."""
        errback = maybe_signature(errback)
        return tuple(task.link_error(errback.clone()) for task in self.tasks)

    def set_immutable(self, immutable: bool) -> None:
        """Whether the tasks take further arguments."""
        for task in self.tasks:
            task.set_immutable(immutable)

    def __or__(self, other: Any) -> Any:
        """``group | task``: a chord, whose body gets the list of results."""
        if not isinstance(other, Signature):
            return NotImplemented
        if isinstance(other, group) and not other.tasks:
            return self
        from .chord import chord

        return chord(self, body=other, app=self._app)

    __ior__ = __or__

    def __len__(self) -> int:
        """How many tasks it has."""
        return len(self.tasks)

    def reprcall(self, *args: Any, **kwargs: Any) -> str:
        """``group([proj.add(2, 2), add(4, 4)])``."""
        from .showing import shown

        return shown(self)


Signature.TYPES["group"] = group
