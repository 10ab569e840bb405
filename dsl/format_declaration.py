"""What a declaration's tokens are to the layout: which brackets belong to types, and which string is the description."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence


def types_and_description(kinds: Sequence[str], closes: Mapping[int, int]) -> tuple[frozenset[int], int]:
    """The outer brackets of the types in the head of a task or flow, and the token of its description (-1 without one).

    Args:
        kinds: the types of its tokens.
        closes: its opening brackets, and the closing one of each.
    """
    found: list[int] = []
    described = -1
    behind = 2
    for at in _top(closes, 2, len(kinds)):
        if kinds[at] == "LINK":
            behind = _type_end(kinds, closes, at + 1)
            found += _brackets(closes, at + 1, behind)
        elif kinds[at] == "LPAR":
            found += _parameter_types(kinds, closes, at + 1, closes[at])
        elif kinds[at] == "STRING" and at >= behind:
            described = at
    return frozenset(found), described


def _top(closes: Mapping[int, int], start: int, end: int) -> Iterator[int]:
    """The tokens of a range that no bracket in it encloses; of the brackets themselves, the opening ones."""
    while start < end:
        yield start
        start = closes.get(start, start) + 1


def _brackets(closes: Mapping[int, int], start: int, end: int) -> list[int]:
    return [at for at in _top(closes, start, end) if at in closes]


def _parameter_types(kinds: Sequence[str], closes: Mapping[int, int], start: int, end: int) -> list[int]:
    """The brackets between a parameter's colon and its ``=``."""
    found: list[int] = []
    typed = False
    for at in _top(closes, start, end):
        if kinds[at] in ("COLON", "COMMA", "EQUAL"):
            typed = kinds[at] == "COLON"
        elif typed and at in closes:
            found.append(at)
    return found


def _type_end(kinds: Sequence[str], closes: Mapping[int, int], at: int) -> int:
    """Where a type ends that begins with a token."""
    padded = [*kinds, ""]
    while True:
        at = closes.get(at, at) + 1
        if padded[at] == "LSQB":
            at = closes[at] + 1
        if padded[at] == "QMARK":
            at += 1
        if padded[at] != "VBAR":
            return at
        at += 1
