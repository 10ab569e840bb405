"""Which application sends a canvas: its own, or that of the first part which has one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from .plain import PARTS


def owner_of(root: Any) -> Any:
    """The application of a signature or, where it names none, of its parts; None if none of them does."""
    stack: list[Iterator[Any]] = [iter((root,))]
    while stack:
        sig = next(stack[-1], None)
        if sig is None:
            stack.pop()
            continue
        if (app := getattr(sig, "_app", None)) is not None:
            return app
        if (task := getattr(sig, "_type", None)) is not None:
            return task.app
        if isinstance(sig, dict) and (sig.get("subtask_type") is not None or str(sig.get("task")).startswith("celery.")):
            stack.append(_parts(sig["kwargs"]))
    return None


def _parts(kwargs: Any) -> Iterator[Any]:
    for key in PARTS:
        part = kwargs.get(key)
        if isinstance(part, dict):
            yield part
        elif isinstance(part, Iterable) and not isinstance(part, str):
            yield from (one for one in part if isinstance(one, dict))
