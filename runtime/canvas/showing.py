"""Canvases as text, as one would write them."""

from __future__ import annotations

from typing import Any

from .signature import Signature

#: A text of a canvas ends here.
LONGEST = 10_000


def shown(root: Signature) -> str:
    """The text of a canvas; what is very long is cut. Module names that repeat are left out, as Celery does."""
    from .chain import chain
    from .chord import chord
    from .group import group

    parts: list[str] = []
    length = 0
    prefix = ""
    stack: list[Any] = [root]
    while stack:
        one = stack.pop()
        if isinstance(one, chain):
            pieces: list[Any] = _between(one.tasks, " | ") if one.tasks else ["chain()"]
        elif isinstance(one, chord):
            tasks = one.tasks.tasks if isinstance(one.tasks, group) else one.tasks
            pieces = ["chord([", *_between(tasks, ", "), "]", *([", ", one.body] if one.body is not None else []), ")"]
        elif isinstance(one, group):
            pieces = ["group([", *_between(one.tasks, ", "), "])"] if one.tasks else ["group(<empty>)"]
        else:
            text = one if isinstance(one, str) else repr(one)
            if not isinstance(one, str):
                module = one["task"].rpartition(".")[0] + "." if isinstance(one, Signature) and "." in one["task"] else ""
                if not prefix:
                    prefix = module
                elif module == prefix:
                    text = text.removeprefix(prefix)
            parts.append(text)
            length += len(text)
            if length > LONGEST:
                parts.append("…")
                break
            continue
        stack.extend(reversed(pieces))
    return "".join(parts)


def _between(tasks: Any, separator: str) -> list[Any]:
    made: list[Any] = []
    for task in tasks:
        made += [separator, task]
    return made[1:]
