"""What changes between two versions of a text, as a unified diff, in time linear in their size.

``difflib`` alone takes quadratic time where many lines change here and there, as in a file that is laid out anew. So lines that occur
once in both versions are matched first, and only the short stretches between them are given to it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import TextIO

#: Lines around a change that are shown with it.
CONTEXT = 3

#: Pairs of lines in a stretch that is still compared line by line; of a larger one all lines count as changed.
_MOST_PAIRS = 40_000

#: A stretch of lines: [start, end) of the old text became [start, end) of the new one.
Change = tuple[int, int, int, int]


def shown(before: str, after: str, name: str, stream: TextIO) -> Iterator[str]:
    """The lines of a unified diff as a stream may have them: coloured on a terminal, and nothing that it would obey."""
    from ..dsl.columns import visible
    from .terminal import wants_colour

    colours = {"+": "32", "-": "31", "@": "36"} if wants_colour(stream) else {}
    for line in unified(before.split("\n"), after.split("\n"), name):
        text = visible(line.replace("\t", "    "))
        colour = colours.get(line[:1])
        yield (f"\x1b[{colour}m{text}\x1b[0m" if colour else text) + "\n"


def unified(before: Sequence[str], after: Sequence[str], name: str) -> Iterator[str]:
    """The lines of a unified diff, without line ends; none where nothing changes."""
    headed = False
    for hunk in _hunks(changes(before, after)):
        if not headed:
            yield f"--- {name}"
            yield f"+++ {name}"
            headed = True
        yield from _hunk(before, after, hunk)


def changes(before: Sequence[str], after: Sequence[str]) -> Iterator[Change]:
    """Where the texts differ, in order."""
    marks = [(-1, -1), *_anchors(before, after), (len(before), len(after))]
    for (i, j), (k, m) in pairwise(marks):
        yield from _between(before, after, (i + 1, k, j + 1, m))


def _anchors(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """The longest row of places, rising in both texts, at which a line stands that each has once."""
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


def _hunks(found: Iterator[Change]) -> Iterator[list[Change]]:
    """Changes that are shown together, since their contexts touch."""
    hunk: list[Change] = []
    for change in found:
        if hunk and change[0] - hunk[-1][1] > 2 * CONTEXT:
            yield hunk
            hunk = []
        hunk.append(change)
    if hunk:
        yield hunk


def _hunk(before: Sequence[str], after: Sequence[str], hunk: list[Change]) -> Iterator[str]:
    first, last = hunk[0], hunk[-1]
    start, begin = max(0, first[0] - CONTEXT), max(0, first[2] - CONTEXT)
    stop, end = min(len(before), last[1] + CONTEXT), min(len(after), last[3] + CONTEXT)
    yield f"@@ -{_range(start, stop)} +{_range(begin, end)} @@"
    at = start
    for i, k, j, m in hunk:
        yield from (f" {line}" for line in before[at:i])
        yield from (f"-{line}" for line in before[i:k])
        yield from (f"+{line}" for line in after[j:m])
        at = k
    yield from (f" {line}" for line in before[at:stop])


def _range(start: int, stop: int) -> str:
    count = stop - start
    if count == 1:
        return f"{start + 1}"
    return f"{start + 1 if count else start},{count}"
