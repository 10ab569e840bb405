"""The registry of findings: every code that flowc can report, with its words and examples.

Codes are opaque, stable and never used again for something else, so that wording stays free.
A family a file: F01 syntax, F02 names, F03 values and limits, F04 calls and types, F05 options,
F06 arrows, scopes and groups, F07 files, includes and parameters, F08 not yet supported, F09 lints, F10 what messages of stock workers carry.
"""

from __future__ import annotations

from itertools import chain

from . import arrows, calls, carried, comments, evaluation, files, lints, names, options, syntax, unsupported, values
from .entry import Code

__all__ = ["CODES", "Code"]

_FAMILIES = (syntax, names, values, evaluation, calls, options, arrows, files, unsupported, lints, comments, carried)

CODES: dict[str, Code] = {entry.code: entry for entry in sorted(chain(*(f.CODES for f in _FAMILIES)), key=lambda entry: entry.code)}
"""Every code, in the order of the catalogue."""
