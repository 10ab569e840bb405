"""``chord(header, body)``: a group, and a task that gets the list of its results.

Source: "Chords" in "Canvas: Designing Work-flows" of Celery's documentation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .entries import Within
from .group import group
from .signature import Signature, maybe_signature

if TYPE_CHECKING:
    from ..app import App


class chord(Signature):  # noqa: N801  (Celery's name)
    """Tasks side by side and one behind all of them.

    Args:
        header: a group, or a list or other iterable of signatures.
        body: the signature that gets their results; it may also be given when the chord is called: ``chord(header)(body)``.
        options: of the header's tasks and of the body; ``countdown`` and ``eta`` of the header alone; ``link`` and ``link_error`` of the
            body; ``task_id`` is the header's group id.

    Raises:
        TypeError: what is no signature.
    """

    __slots__ = ()

    #: The header.
    tasks = Within[Any]("header")
    body = Within[Any]()

    def __init__(
        self,
        header: Any,
        body: Any = None,
        task: str = "celery.chord",
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        app: App | None = None,
        options: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> None:
        kept = ("subtask_type", "immutable", "type")
        named = {key: more.pop(key) for key in kept if key in more}
        parts = {**(kwargs or {"kwargs": {}}), "header": _header(header), "body": maybe_signature(body)}
        super().__init__(task, args, parts, options, app=app, **{**named, **more, "subtask_type": "chord"})

    @classmethod
    def read(cls, d: dict[str, Any], app: App | None) -> chord:
        """From the dict of a chord."""
        kwargs = d["kwargs"]
        made = cls((), app=app)
        made.update(d)
        header = kwargs.get("header") or ()
        tasks = maybe_signature(header, app) if isinstance(header, dict) else [maybe_signature(task, app) for task in header]
        made["kwargs"] = {"kwargs": {}, **kwargs, "header": _header(tasks), "body": maybe_signature(kwargs.get("body"), app)}
        return made

    def __call__(self, body: Any = None, **options: Any) -> Any:
        """Send it, with this body if one is given."""
        return self.apply_async((), {} if body is None else {"body": body}, **options)

    def apply_async(self, args: Sequence[Any] | None = None, kwargs: Mapping[str, Any] | None = None, **options: Any) -> Any:
        """Send the header. Returns the body's result, whose ``parent`` is the ``GroupResult`` of the header.

        Args:
            args: before the arguments of each task of the header.
            kwargs: over their named arguments; but ``body`` is the body.
            options: as for the class; ``task_id`` is the body's.

        Raises:
            ImproperlyConfigured: the result backend cannot count a header.
            TypeError: there is no body.
        """
        from .launching import launch

        return launch(*self._call(args, kwargs), options)

    def apply(self, args: Sequence[Any] | None = None, kwargs: Mapping[str, Any] | None = None, **options: Any) -> Any:
        """Run it in this process and thread."""
        from .launching import launch

        return launch(*self._call(args, kwargs), options, eager=True)

    def _call(self, args: Sequence[Any] | None, kwargs: Mapping[str, Any] | None) -> tuple[chord, Sequence[Any] | None, dict[str, Any]]:
        named = dict(kwargs or {})
        body = maybe_signature(named.pop("body", None))
        called = self if body is None else self.with_body(body)
        if called.body is None:
            raise TypeError("this chord has no body: give it one, as in chord(header, body) or chord(header)(body)")
        return called, args, {**self["kwargs"].get("kwargs", {}), **named}

    def with_body(self, body: Signature) -> chord:
        """The same header with another body."""
        made = self.blank()
        dict.update(made, self)
        made["kwargs"] = {**self["kwargs"], "body": body}
        made["options"] = dict(self["options"])
        return made

    def freeze(self, *args: Any, **kwargs: Any) -> Any:
        """Give header and body their ids. Returns the body's result."""
        from .freezing import freeze

        return freeze(self, *args, **kwargs)

    def link(self, callback: Any) -> Any:
        """Link the body."""
        self._body_needed("link").link(callback)
        return callback

    def link_error(self, errback: Any) -> Any:
        """Link the body, which fails when a task of the header does; and with ``task_allow_error_cb_on_chord_header`` the header too."""
        errback = maybe_signature(errback)
        tasks = self.tasks.tasks if isinstance(self.tasks, group) else self.tasks
        everywhere = getattr(self.app.conf, "task_allow_error_cb_on_chord_header", False)
        for task in tasks:
            if everywhere:
                task.link_error(errback.clone().set(immutable=True))
            elif isinstance(task, chord):
                task.link_error(errback)
        self._body_needed("link_error").link_error(errback)
        return errback

    def _body_needed(self, what: str) -> Signature:
        body: Signature | None = self.body
        if body is None:
            raise TypeError(f"{what} is for the body of the chord, and it has none yet: chord(header, body)")
        return body

    def set_immutable(self, immutable: bool) -> None:
        """Whether the header's tasks take further arguments."""
        for task in self.tasks.tasks if isinstance(self.tasks, group) else self.tasks:
            task.set_immutable(immutable)

    def __or__(self, other: Any) -> Any:
        """``chord | task``: the task comes behind the body."""
        from .chain import chain

        if not isinstance(other, Signature):
            return NotImplemented
        if isinstance(other, (group, chain)) or self.body is None:
            return chain.of(self).followed_by(other)
        return self.with_body(self.body | other)

    __ior__ = __or__

    def __length_hint__(self) -> int:
        """How many tasks' ends the body waits for."""
        from .lowering import Fan, lower

        first = lower(self)[0]
        return sum(1 for _ in first.ends()) if isinstance(first, Fan) else 0

    def reprcall(self, *args: Any, **kwargs: Any) -> str:
        """``chord([proj.add(2, 2), add(4, 4)], proj.total())``."""
        from .showing import shown

        return shown(self)


Signature.TYPES["chord"] = chord


def _header(header: Any) -> Any:
    """The tasks of a header; a group that has options stays one, so that they are not lost."""
    if isinstance(header, dict):
        header = maybe_signature(header)
        return header.tasks if isinstance(header, group) and not header["options"] else header if isinstance(header, group) else [header]
    return [maybe_signature(task) for task in header]
