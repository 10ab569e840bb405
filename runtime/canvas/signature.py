"""A signature: a task with arguments and options to call it with later. A dict in Celery's form, so that every worker can read it.

Source: "Signatures" in "Canvas: Designing Work-flows" of Celery's documentation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from ..calling.call_options import check_names
from ..ids import new_id
from .form import Form
from .plain import duplicate

if TYPE_CHECKING:
    from ..app import App

#: Options that stay what they are once they are set: tasks that wait for a whole group count by them.
_KEPT_OPTIONS = ("group_id", "stamped_headers")


class Signature(Form):
    """A task with arguments and options to call it with later.

    Its entries are attributes too: ``task args kwargs options subtask_type immutable``, and ``id parent_id root_id`` of its options.
    Arguments and errors as for :class:`Form`.
    """

    __slots__ = ()

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
        if args is not None:
            made["args"] = tuple(args)
        if kwargs is not None:
            made["kwargs"] = dict(kwargs)
        if options is not None:
            check_names(options)
            made["options"] = dict(options)
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

    def __ror__(self, other: Any) -> Any:
        """Nothing but a signature can stand before one: a dict's own ``|`` would merge them."""
        return NotImplemented

    def __invert__(self) -> Any:
        """``~sig``: send it and wait for its result."""
        return self.apply_async().get()


Form.TYPES[""] = Signature


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
