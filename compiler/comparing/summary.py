"""What a difference comes to, in a line."""

from __future__ import annotations

from .model import Difference, Kind, Status

_KINDS: tuple[Kind, ...] = ("step", "group", "handler")
_STATUSES: tuple[Status, ...] = ("added", "removed", "changed", "moved")


def counts(difference: Difference) -> dict[str, dict[str, int]]:
    """How many of each kind are ``added removed changed moved``; of edges only the first two. Steps have ``same``, too."""
    found: dict[str, dict[str, int]] = {
        f"{kind}s": {str(status): difference.count(kind, status) for status in _STATUSES} for kind in _KINDS
    }
    found["steps"]["same"] = difference.same
    found["edges"] = {status: sum(edge.status == status for edge in difference.edges) for status in ("added", "removed")}
    return found


def summary(difference: Difference) -> str:
    """Counts first: ``2 steps added, 1 changed; 3 edges removed; 6 steps as before``."""
    parts = []
    for kind, of in counts(difference).items():
        said = [f"{count:,} {status}" for status, count in of.items() if count and status != "same"]
        if said:
            first, _, status = said[0].partition(" ")
            said[0] = f"{first} {kind[:-1] if first == '1' else kind} {status}"
            parts.append(", ".join(said))
    if difference.value is not None:
        parts.append("another value")
    if difference.description is not None:
        parts.append("another description")
    if not parts:
        return "No difference."
    same = difference.same
    parts.append(f"{same:,} {'step' if same == 1 else 'steps'} as before" if same else "no step as before")
    return "; ".join(parts)
