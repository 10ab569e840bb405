"""How far each box is from the start of a picture."""

from __future__ import annotations

from collections.abc import Iterable


def ranks(keys: Iterable[str], edges: Iterable[tuple[str, str]]) -> dict[str, int]:
    """The number of boxes on the longest way to each box, itself included. (In a circle: as far as it was reached.)"""
    ahead: dict[str, list[str]] = {key: [] for key in keys}
    waiting = dict.fromkeys(ahead, 0)
    for tail, head in edges:
        ahead[tail].append(head)
        waiting[head] += 1
    found = dict.fromkeys(ahead, 1)
    ready = [key for key, number in waiting.items() if not number]
    while ready:
        key = ready.pop()
        for head in ahead[key]:
            found[head] = max(found[head], found[key] + 1)
            waiting[head] -= 1
            if not waiting[head]:
                ready.append(head)
    return found
