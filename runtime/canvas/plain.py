"""Copies of signatures: as plain dicts for the wire, or as signatures of their own.

Only what is made of signatures is copied; arguments of tasks are the same objects. Without recursion, for bodies nest as deep as one likes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

#: Options that hold signatures, or lists of them.
LINKS = ("link", "link_error", "chain", "chord")
#: Named arguments of canvases that do.
PARTS = ("tasks", "header", "body", "task")


def plain(value: Any) -> Any:
    """A signature, or a list of them, as new plain dicts, which every serializer can carry."""
    return _copied(value, dict)


def duplicate(value: Any) -> Any:
    """A copy of a signature, or of a list of them: each signature in it is a new one of the same class."""
    return _copied(value, _alike)


def _alike(source: Mapping[str, Any]) -> dict[str, Any]:
    blank = getattr(source, "blank", None)
    if blank is None:
        return dict(source)
    made: dict[str, Any] = blank()
    dict.update(made, source)
    return made


def _copied(value: Any, new: Callable[[Any], dict[str, Any]]) -> Any:
    holder: list[Any] = [None]
    #: What is to be copied, and where the copy goes.
    stack: list[tuple[Any, Any, Any]] = [(value, holder, 0)]
    while stack:
        source, target, place = stack.pop()
        if isinstance(source, (list, tuple)):
            made: Any = list(source)
            stack.extend((item, made, i) for i, item in enumerate(source))
        elif isinstance(source, dict) and "task" in source:
            made = new(source)
            made["options"] = options = dict(made.get("options") or {})
            stack.extend((options[key], options, key) for key in LINKS if options.get(key))
            made["kwargs"] = kwargs = dict(made.get("kwargs") or {})
            if made.get("subtask_type") is not None:
                stack.extend((kwargs[key], kwargs, key) for key in PARTS if kwargs.get(key))
        else:
            made = source
        target[place] = made
    return holder[0]
