"""Lints: what compiles but is hardly meant. One rule per file; ``ALL`` lists them in the order in which they run."""

from __future__ import annotations

from collections.abc import Callable

from ...dsl.diagnostics import Findings
from ..lower.state import FileNames
from . import unused_import, unused_name, unused_parameter

Rule = Callable[[FileNames, "set[tuple[str, int]]", Findings], None]

#: Every rule. It gets the file of the command line, and where each name that was used is bound (source and offset).
ALL: tuple[Rule, ...] = (unused_import.check, unused_parameter.check, unused_name.check)
