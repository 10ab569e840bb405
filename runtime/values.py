"""Plan values become Python values: references are replaced by results, and paths reach into them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..compiler.plan import Late, Map, Ref, Value
from .errors import ReachError

#: How many keys a message about a missing one lists.
MOST_KEYS = 8


@dataclass(frozen=True, slots=True)
class Broken:
    """Stands for the value of a group of which a member could not be reached: whoever needs it fails with the message."""

    message: str


def fill(value: Value, results: Mapping[str, Any]) -> Any:
    """A plan's value with every reference replaced: tuples become lists, maps become dicts.

    Raises:
        ReachError: a path leads to nothing; the message shows the path.
        KeyError: a reference to something without a result (our bug).
    """
    kind = type(value)
    if kind is Ref:
        return _follow(value, results)  # type: ignore[arg-type]
    if kind is tuple:
        return [fill(item, results) for item in value]  # type: ignore[union-attr]
    if kind is Map:
        return {key: fill(item, results) for key, item in value.items}  # type: ignore[union-attr]
    if kind is Late:
        raise TypeError("the plan has values that are known at submission only: bind it first (Plan.bind)")
    return value


def references(value: Value) -> Iterator[str]:
    """The ids that a value refers to, in order, with repeats."""
    if isinstance(value, Ref):
        yield value.id
    elif isinstance(value, tuple):
        for item in value:
            yield from references(item)
    elif isinstance(value, Map):
        for _, item in value.items:
            yield from references(item)


def _follow(ref: Ref, results: Mapping[str, Any]) -> Any:
    value = results[ref.id]
    if type(value) is Broken:
        raise ReachError(value.message)
    shown = ref.id
    for part in ref.path:
        found, value = _step(value, part)
        if not found:
            raise ReachError(f"{shown}{_written(part)}: {_missing(value, part)}")
        shown += _written(part)
    return value


def _step(value: Any, part: str | int) -> tuple[bool, Any]:
    """Whether there is such a part, and what it is (or the value itself where there is none)."""
    if isinstance(value, Mapping):
        if part in value:
            return True, value[part]
        # JSON has text keys only: {1: …} comes back as {"1": …}
        return (True, value[str(part)]) if str(part) in value else (False, value)
    if isinstance(part, int):
        if isinstance(value, Sequence) and -len(value) <= part < len(value):
            return True, value[part]
        return False, value
    # dates and the like have attributes; methods are none (a list has a .count) and private names stay private
    if not part.startswith("_"):
        found = getattr(value, part, None)
        if found is not None and not callable(found):
            return True, found
    return False, value


def _written(part: str | int) -> str:
    return f".{part}" if isinstance(part, str) and part.isidentifier() else f"[{part!r}]"


def _missing(value: Any, part: str | int) -> str:
    if isinstance(value, Mapping):
        keys = [str(key) for key in value]
        near = difflib.get_close_matches(str(part), keys[:1000], 1)
        listed = ", ".join(keys[:MOST_KEYS]) + (", …" if len(keys) > MOST_KEYS else "")
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"there is no key {part!r} (keys: {listed or 'none'}){hint}"
    if isinstance(part, int) and isinstance(value, Sequence):
        return f"there is no item {part} (it has {len(value)})"
    named = "null" if value is None else f"of type {type(value).__name__}"
    return f"the value is {named} and has no {'item' if isinstance(part, int) else 'key'} {part!r}"
