"""Thinning: what keeps the layout of a dense picture quick.

Graphviz splits a line that passes other ranks into a piece for each, and the time of a layout grows faster than the number of pieces. Fifty
steps of which each uses the results of all before it make 20,000. So a picture has a length, all lines in ranks; above :data:`LONGEST`
the lines that follow from others (``a → c`` beside ``a → b → c``) are left out, which the picture says.
"""

from __future__ import annotations

from dataclasses import replace

from .ranks import ranks
from .sketch import Edge, Sketch

#: The length up to which all lines of a picture are drawn.
LONGEST = 3000


def length(small: Sketch) -> int:
    """All lines between steps together, in ranks."""
    edges = _between_steps(small)
    rank = ranks(small.pieces, ((tail, head) for tail, head, _ in edges))
    return sum(abs(rank[head] - rank[tail]) for tail, head, _ in edges)


def thin(small: Sketch) -> tuple[Sketch, int]:
    """The sketch without the lines that follow from others, and how many those were; in a sketch with circles none does."""
    edges = _between_steps(small)
    ahead: dict[str, list[Edge]] = {key: [] for key in small.pieces}
    for edge in edges:
        ahead[edge[0]].append(edge)
    rank = ranks(small.pieces, ((tail, head) for tail, head, _ in edges))
    if any(rank[head] <= rank[tail] for tail, head, _ in edges):
        return small, 0
    bit = {key: 1 << number for number, key in enumerate(small.pieces)}
    reached: dict[str, int] = {}
    implied: set[Edge] = set()
    for key in sorted(small.pieces, key=lambda key: -rank[key]):
        seen = 0
        for edge in sorted(ahead[key], key=lambda edge: (rank[edge[1]], edge[2])):  # data before then
            if seen & bit[edge[1]]:
                implied.add(edge)
            seen |= reached[edge[1]] | bit[edge[1]]
        reached[key] = seen
    return replace(small, edges={edge: count for edge, count in small.edges.items() if edge not in implied}), len(implied)


def _between_steps(small: Sketch) -> list[Edge]:
    return [edge for edge in small.edges if edge[2] in ("data", "then")]
