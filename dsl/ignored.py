"""Findings that are not shown: how many, told at the end of every report so that nothing is ignored unseen; and which there cannot be."""

from __future__ import annotations

from .record import dataclass

#: Codes beyond those of syntax whose file was not read, so that nothing in it was checked.
_UNREAD = frozenset({"F0701", "F0702", "F0703", "F0704", "F0705"})


@dataclass(frozen=True, slots=True)
class Ignored:
    """Counts of findings that comments, settings or options hide. As text, the end of a closing line; empty if there are none."""

    errors: int = 0
    warnings: int = 0

    @property
    def all(self) -> int:
        """Both together."""
        return self.errors + self.warnings

    def __str__(self) -> str:
        if not self.all:
            return ""
        if not self.errors:
            return f"; {self.all:,} ignored"
        if self.errors == self.all:
            return f"; {self.all:,} ignored, an error" if self.all == 1 else f"; {self.all:,} ignored, all of them errors"
        return f"; {self.all:,} ignored, {self.errors:,} of them {'an error' if self.errors == 1 else 'errors'}"


NONE_IGNORED = Ignored()


def is_always_told(code: str) -> bool:
    """Whether findings of a code cannot be ignored: of a file with a mistake of syntax, or that cannot be read, not all is checked."""
    return code.startswith("F01") or code in _UNREAD
