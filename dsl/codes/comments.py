"""Codes F099x, of family F09: comments that ignore findings."""

from __future__ import annotations

from ..diagnostics import Severity
from .entry import Code

_HOW = (
    "A comment `# flow: ignore[F0904] the reason` ignores the findings of its codes in the statement that it stands in or, on a line of its own,"
    " in the statement below."
)

CODES: tuple[Code, ...] = (
    Code(
        "F0991",
        "An ignore comment without need",
        "`{name}` is not found here, so there is nothing to ignore",
        f"{_HOW} Nothing of this code is found there (any more). Remove the code, so that it does not hide a later mistake.",
        bad="a(1)  # flow: ignore[F0901, F0904] known at run time\n",
        good="a(1)  # flow: ignore[F0901] known at run time\n",
        severity=Severity.WARNING,
    ),
    Code(
        "F0992",
        "An ignore comment with an unknown code",
        "there is no code `{name}`",
        f"{_HOW} Codes are written in full, with commas between them.",
        bad="a(1)  # flow: ignore[F901]\n",
        good="a(1)  # flow: ignore[F0901]\n",
        severity=Severity.WARNING,
    ),
    Code(
        "F0993",
        "A finding that cannot be ignored",
        "`{name}` cannot be ignored",
        "Behind a mistake of syntax not all of a file is understood, and of a file that cannot be read nothing is: such findings (F01xx, and F0701 to"
        " F0705) are always told.",
        bad="a(1) $ b(2)  # flow: ignore[F0104]\n",
        good="a(1) -> b(2)\n",
        severity=Severity.WARNING,
    ),
    Code(
        "F0994",
        "An ignore comment without codes",
        "this comment names no code, so it ignores nothing",
        f"{_HOW} There is no comment that ignores everything: it would hide what nobody has seen yet.",
        bad="a(1)  # flow: ignore\n",
        good="a(1)  # flow: ignore[F0901]\n",
        severity=Severity.WARNING,
    ),
)
