"""The registry of findings: every code that flowc can report, with its words and examples.

Codes are opaque, stable and never used again for something else, so that wording stays free.
A family a file: F01 syntax, F02 names, F03 values and limits, F04 calls and types, F05 options,
F06 arrows, scopes and groups, F07 files, includes and parameters, F08 not yet supported, F09 lints.
"""

from __future__ import annotations

from itertools import chain

from . import arrows, calls, evaluation, files, lints, names, options, syntax, unsupported, values
from .entry import Code

__all__ = ["CODES", "Code"]

CODES: dict[str, Code] = {
    entry.code: entry
    for entry in chain(
        syntax.CODES,
        names.CODES,
        values.CODES,
        evaluation.CODES,
        calls.CODES,
        options.CODES,
        arrows.CODES,
        files.CODES,
        unsupported.CODES,
        lints.CODES,
    )
}
"""Every code, in the order of the catalogue."""
