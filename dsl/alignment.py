"""Where two sequences of texts differ, in time linear in their size.

``difflib`` alone takes quadratic time where many of them change here and there. So texts that occur once in both sequences are matched
first, and only the short stretches between them are given to it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise

#: Pairs in a stretch that is still compared one by one; of a larger one everything counts as changed.
_MOST_PAIRS = 40_000

#: A stretch: [start, end) of the old sequence became [start, end) of the new one.
Change = tuple[int, int, int, int]


def changes(before: Sequence[str], after: Sequence[str]) -> Iterator[Change]:
    """Where the sequences differ, in order."""
    marks = [(-1, -1), *_anchors(before, after), (len(before), len(after))]
    for (i, j), (k, m) in pairwise(marks):
        yield from _between(before, after, (i + 1, k, j + 1, m))


def _anchors(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """The longest row of places, rising in both texts, at which a text stands that each has once."""
    old, new = Counter(before), Counter(after)
    places = {line: index for index, line in enumerate(after) if new[line] == 1 and old[line] == 1}
    ends: list[int] = []  # where in the new text the best row of each length ends
    tops: list[int] = []  # and which pair that is
    pairs: list[tuple[int, int, int]] = []  # old place, new place, the pair before it in the row
    for index, line in enumerate(before):
        place = places.get(line)
        if place is None:
            continue
        length = bisect_left(ends, place)
        pairs.append((index, place, tops[length - 1] if length else -1))
        if length == len(ends):
            ends.append(place)
            tops.append(len(pairs) - 1)
        else:
            ends[length], tops[length] = place, len(pairs) - 1
    row: list[tuple[int, int]] = []
    at = tops[-1] if tops else -1
    while at >= 0:
        i, j, at = pairs[at]
        row.append((i, j))
    return row[::-1]


def _between(before: Sequence[str], after: Sequence[str], stretch: Change) -> Iterator[Change]:
    i, k, j, m = stretch
    while i < k and j < m and before[i] == after[j]:
        i, j = i + 1, j + 1
    while i < k and j < m and before[k - 1] == after[m - 1]:
        k, m = k - 1, m - 1
    if i == k or j == m or (k - i) * (m - j) > _MOST_PAIRS:
        if i < k or j < m:
            yield i, k, j, m
        return
    for tag, a, b, c, d in SequenceMatcher(None, before[i:k], after[j:m]).get_opcodes():
        if tag != "equal":
            yield i + a, i + b, j + c, j + d
