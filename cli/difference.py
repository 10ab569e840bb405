"""What changes between two versions of a text, as a unified diff."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TextIO

from ..dsl.alignment import Change, changes

#: Lines around a change that are shown with it.
CONTEXT = 3


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
