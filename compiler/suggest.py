"""Did-you-mean: the known word that a mistyped one most resembles, in bounded time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import islice

#: Known words looked at; a file with more names than this gets suggestions from the first ones only.
MOST_KNOWN = 5_000

#: Words longer than this are compared for equality (without case) only.
LONGEST_WORD = 64


def suggest(word: str, known: Iterable[str]) -> str | None:
    """The known word nearest to ``word``, or None when none is near.

    A word is near when it differs in case only, is the same behind or before a dot (``tasks.add`` for ``add``), or is at most
    a third of its length in typing mistakes away (a letter too many, too few, other, or two swapped). Of equally near
    ones the alphabetically first is given. Sets are sorted first, so that the answer never depends on hashing.
    """
    words = sorted(known) if isinstance(known, (set, frozenset)) else known
    folded = word.casefold()
    most = _mistakes_allowed(folded)
    best: tuple[int, str] | None = None
    for candidate in islice(words, MOST_KNOWN):
        if candidate == word:
            continue
        distance = _nearness(folded, candidate.casefold(), most if best is None else best[0])
        if distance is not None and (best is None or (distance, candidate) < best):
            best = (distance, candidate)
    return None if best is None else best[1]


def did_you_mean(word: str, known: Collection[str], listed: int = 8) -> tuple[str, ...]:
    """Help lines for an unknown word: the nearest known one, or all of them when they are few. May be empty."""
    found = suggest(word, known)
    if found is not None:
        return (f"did you mean `{found}`?",)
    if 0 < len(known) <= listed:
        return ("known here: " + ", ".join(f"`{name}`" for name in sorted(known)),)
    return ()


def _mistakes_allowed(word: str) -> int:
    return 0 if len(word) > LONGEST_WORD else min(3, max(1, len(word) // 3))


def _nearness(word: str, candidate: str, most: int) -> int | None:
    if word == candidate:
        return 0
    if most < 1:
        return None
    if len(word) > 2 and (candidate.endswith("." + word) or word.endswith("." + candidate)):
        return 1
    if abs(len(word) - len(candidate)) > most or len(candidate) > LONGEST_WORD:
        return None
    if len(word) < 3 and word[:1] != candidate[:1]:
        return None
    distance = _distance(word, candidate, most)
    # A short word all of whose letters are mistyped is another word.
    return distance if distance <= most and distance < min(len(word), len(candidate)) else None


def _distance(a: str, b: str, most: int) -> int:
    """Typing mistakes between two words (optimal string alignment); more than ``most`` is given as ``most + 1``."""
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before, last = last, row
    return last[-1]
