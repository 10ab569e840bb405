"""Python names for the identities of a plan.

Python takes names that look alike (``ﬁ`` and ``fi``) for the same one, since it normalizes them; so they are normalized here first.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from unicodedata import normalize


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
        if id_.isidentifier() and not keyword.iskeyword(id_) and id_ not in kept and normalize("NFKC", id_) == id_:
            names[id_] = id_
            used.add(id_)
    for id_ in all_ids:
        if id_ in names:
            continue
        base = _identifier(id_).strip("_") or "step"
        base = f"_{base}" if base[0].isdigit() or keyword.iskeyword(base) else base
        name, number = base, numbers.get(base, 2)
        while name in used:
            name, number = f"{base}_{number}", number + 1
        names[id_], numbers[base] = name, number
        used.add(name)
    return names


def _identifier(id_: str) -> str:
    """What is left of an identity when all that no name has is an underscore."""
    if id_.isascii():
        return re.sub(r"\W+", "_", id_)
    return re.sub(r" +", "_", "".join(char if f"_{char}".isidentifier() else " " for char in normalize("NFKC", id_)))
