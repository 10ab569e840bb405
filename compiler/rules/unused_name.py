"""F0904: a name for a step or value that nothing uses."""

from __future__ import annotations

from ...dsl import tree
from ...dsl.diagnostics import Findings
from ..lower.state import FileNames


def check(file: FileNames, used: set[tuple[str, int]], findings: Findings) -> None:
    """Report names that are bound and never read; the last statement's is the file's value, and ``_x`` says that it is meant so."""
    statements = file.module.statements
    runs = any(isinstance(s, tree.Do) for s in statements) or (statements and isinstance(statements[-1], tree.Bind))
    if runs:
        _block(file, used, findings, statements[:-1] if statements and isinstance(statements[-1], tree.Bind) else statements)
    for statement in statements:
        if isinstance(statement, tree.FlowDecl):
            _block(file, used, findings, statement.body)


def _block(file: FileNames, used: set[tuple[str, int]], findings: Findings, statements: tuple[tree.Statement, ...]) -> None:
    for statement in statements:
        if isinstance(statement, tree.Bind):
            name = statement.name
            if not name.text.startswith("_") and (file.source.name, name.span.start) not in used:
                findings.report("F0904", file.source, name.span, name=name.text)
        elif isinstance(statement, tree.When):
            _block(file, used, findings, (*statement.body, *statement.otherwise))
