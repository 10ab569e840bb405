"""Did-you-mean for names that a program gives."""

from __future__ import annotations

from collections.abc import Iterable

#: Longer words are no slip of the fingers, and comparing them takes long.
LONGEST_WORD = 64


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: ``; did you mean 'countdown'?``, or nothing."""
    import difflib  # only on the way to an error

    if not isinstance(word, str) or len(word) > LONGEST_WORD:
        return ""
    near = difflib.get_close_matches(word, sorted(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""
