"""Python names for the identities of a plan."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable


def python_names(ids: Iterable[str], taken: Iterable[str] = ("value",)) -> dict[str, str]:
    """A Python name for each identity, alike and unique: ``add#1`` → ``add_1``, ``raw[0]`` → ``raw_0``.

    Args:
        ids: the identities.
        taken: names that none of them may have.
    """
    names: dict[str, str] = {}
    kept = set(taken)
    used = set(kept)
    numbers: dict[str, int] = {}
    all_ids = list(dict.fromkeys(ids))
    # Identities that are Python names already keep them, whatever the others would like.
    for id_ in all_ids:
        if id_.isidentifier() and not keyword.iskeyword(id_) and id_ not in kept:
            names[id_] = id_
            used.add(id_)
    for id_ in all_ids:
        if id_ in names:
            continue
        base = re.sub(r"\W+", "_", id_).strip("_") or "step"
        base = f"_{base}" if base[0].isdigit() or keyword.iskeyword(base) else base
        name, number = base, numbers.get(base, 2)
        while name in used:
            name, number = f"{base}_{number}", number + 1
        names[id_], numbers[base] = name, number
        used.add(name)
    return names
