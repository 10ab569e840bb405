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

    def __str__(self) -> str:
        counted = ((self.errors, "error"), (self.warnings, "warning"))
        parts = [f"{n:,} {noun}{'' if n == 1 else 's'}" for n, noun in counted if n]
        return f"; {' and '.join(parts)} ignored" if parts else ""


NONE_IGNORED = Ignored()


def is_always_told(code: str) -> bool:
    """Whether findings of a code cannot be ignored: of a file with a mistake of syntax, or that cannot be read, not all is checked."""
    return code.startswith("F01") or code in _UNREAD
