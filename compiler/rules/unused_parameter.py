"""F0903: a parameter of the file or of a sub-flow that nothing uses."""

from __future__ import annotations

from ...dsl import tree
from ...dsl.diagnostics import Findings
from ..lower.state import FileNames


def check(file: FileNames, used: set[tuple[str, int]], findings: Findings) -> None:
    """Report parameters that no expression names, but for those whose name begins with ``_``."""
    library = _is_library(file.module)
    for statement in file.module.statements:
        names: list[tree.Name] = []
        if isinstance(statement, tree.Param) and not library:
            names = [statement.name]
        elif isinstance(statement, tree.FlowDecl):
            names = [p.name for p in statement.parameters if p.name.text]
        for name in names:
            if not name.text.startswith("_") and (file.source.name, name.span.start) not in used:
                findings.report("F0903", file.source, name.span, name=name.text)


def _is_library(module: tree.Module) -> bool:
    """A file without anything to run is there to be included: its parameters are for others."""
    return not any(isinstance(s, (tree.Do, tree.Bind, tree.FlowDecl, tree.When)) for s in module.statements)
