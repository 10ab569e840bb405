"""F0902: an import or include that nothing uses."""

from __future__ import annotations

from ...dsl import tree
from ...dsl.diagnostics import Findings
from ..lower.state import FileNames


def check(file: FileNames, used: set[tuple[str, int]], findings: Findings) -> None:
    """Report imported names and includes that no expression names. An included file of declarations alone is a stub file, and in use."""
    for statement in file.module.statements:
        if isinstance(statement, tree.Import):
            for imported in statement.names:
                name = imported.bound
                if not name.text.startswith("_") and (file.source.name, name.span.start) not in used:
                    findings.report("F0902", file.source, imported.span, name=name.text)
        elif isinstance(statement, tree.Include):
            name = statement.alias
            if (file.source.name, name.span.start) not in used and not file.stubs.get(name.text, False):
                findings.report("F0902", file.source, name.span, name=name.text)
