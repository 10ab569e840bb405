"""The tasks that every application has, by Celery's names.

``celery.map`` and ``celery.starmap``: one message, one task, many arguments. ``celery.accumulate`` gives its arguments back: a step between
groups, and what a task becomes that is replaced by a group. ``celery.chord_unlock``: what stock clients send for chords on databases.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .errors import NotRegistered
from .shared import register_shared

#: Names of the tasks whose argument ``task`` is the signature of another one.
MAPPING = ("celery.map", "celery.starmap")

#: Names of all of them.
BUILTIN = (*MAPPING, "celery.accumulate", "celery.chord_unlock")


def register(app: Any) -> None:
    """Add the built-in tasks to an application, and those that are shared."""

    def xmap(task: Mapping[str, Any], it: Iterable[Any]) -> list[Any]:
        call = _partial(app, task)
        return [call(item) for item in it]

    def xstarmap(task: Mapping[str, Any], it: Iterable[Iterable[Any]]) -> list[Any]:
        call = _partial(app, task)
        return [call(*item) for item in it]

    def accumulate(*args: Any, index: int | None = None) -> Any:
        return args if index is None else args[index]

    app.task(name="celery.map")(xmap)
    app.task(name="celery.starmap")(xstarmap)

    def chord_unlock(self: Any, *args: Any, **kwargs: Any) -> Any:
        from .unlocking import unlock_chord

        return unlock_chord(self, *args, **kwargs)

    app.task(name="celery.accumulate")(accumulate)
    app.task(name="celery.chord_unlock", bind=True, max_retries=None, ignore_result=True)(chord_unlock)
    register_shared(app)


def _partial(app: Any, signature: Mapping[str, Any]) -> Any:
    """The task of a signature, called with the signature's own arguments behind the given ones."""
    name = signature["task"]
    task = app.tasks.get(name)
    if task is None:
        raise NotRegistered(f"no task is registered as {name!r}")
    args, kwargs = tuple(signature.get("args") or ()), dict(signature.get("kwargs") or {})

    def call(*given: Any) -> Any:
        return task(*given, *args, **kwargs)

    return call
