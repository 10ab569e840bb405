"""Files of stubs: tasks declared once for many flows, as if an application had registered them, so that a check needs none."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import field
from types import MappingProxyType

from ..dsl import tree
from ..dsl.diagnostics import Diagnostic, Findings, Label, Severity
from ..dsl.parser import parse
from ..dsl.record import dataclass
from ..dsl.source import Source, Span
from .budget import Budget, OperatorError
from .declarations import Declaration
from .include import NOWHERE, Loader, read_source
from .lower.dispatch import equip
from .lower.files import know_task, open_file
from .lower.state import MOST_WORK, Layer, Lowering, TaskName, TooMuchError

_WORDS: dict[type, str] = {
    tree.Import: "an import",
    tree.Param: "a parameter",
    tree.FlowDecl: "a sub-flow",
    tree.Defaults: "`defaults`",
    tree.Return: "a `return`",
    tree.When: "a `when`",
    tree.Bind: "a name",
    tree.Do: "a step or value",
}


@dataclass(frozen=True, slots=True)
class Stubs:
    """What files of stubs declare: tasks, their default options as written, and further names by which bare calls find them.

    ``findings``: what is wrong with the files; every compile with them has these findings too.
    """

    tasks: Mapping[str, Declaration] = field(default_factory=lambda: MappingProxyType({}))
    options: Mapping[str, Layer] = field(default_factory=lambda: MappingProxyType({}))
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    findings: tuple[Diagnostic, ...] = ()

    @property
    def broken(self) -> bool:
        """Whether tasks may be missing, because of a mistake in a file."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)


def read_stubs(paths: Iterable[str]) -> Stubs:
    """Read files of stubs. What cannot be read, or is no stub, is among the findings: nothing is raised.

    A task may be declared in several files, if they agree.
    """
    findings = Findings()
    known: dict[str, Declaration] = {}
    options: dict[str, Layer] = {}
    names: dict[str, str] = {}
    places: dict[str, tuple[Source, Span]] = {}
    for path in dict.fromkeys(paths):
        source = read_source(path, findings)
        if source is None:
            continue
        low = _opened(source, findings, names)
        for name, declaration in low.tasks.items():
            if name in known and (known[name], _values(options.get(name))) != (declaration, _values(low.task_options.get(name))):
                place, label = low.declared_at[name], Label(*places[name], "first declared here")
                findings.report("F0412", place[0], place[1], name=name, labels=(label,))
                continue
            known[name] = declaration
            places[name] = low.declared_at[name]
            if name in low.task_options:
                options[name] = low.task_options[name]
    return Stubs(known, options, names, findings.sorted())


def _opened(source: Source, findings: Findings, names: dict[str, str]) -> Lowering:
    """What one file declares, and those that it includes; its aliases are added to ``names``."""
    from .pipeline import Settings

    own = Findings()
    module = parse(source, own)
    low = Lowering(own, Settings(), Loader(os.path.dirname(source.path or "") or "."), Budget())
    low.allowance = MOST_WORK + len(source.text)
    equip(low)
    try:
        file = open_file(low, source, module)
        for name, binding in file.names.table.items():
            if isinstance(binding, TaskName):
                names.setdefault(name, binding.task)
    except TooMuchError:
        pass
    except OperatorError as problem:
        low.refuse(problem, source, NOWHERE)
    except RecursionError:
        own.report("F0367", source, NOWHERE)
    for statement in module.statements:
        if not isinstance(statement, (tree.TaskDecl, tree.Include)):
            own.report("F0718", source, statement.span, what=_WORDS[statement.__class__])
    findings.extend(own)
    return low


def _values(layer: Layer | None) -> dict[str, object]:
    return {name: option.value for name, option in (layer or {}).items()}


def know_stubs(low: Lowering, stubs: Stubs, registered: Mapping[str, Declaration] | None) -> None:
    """Let a compile know what stubs declare, but for tasks that an application registers."""
    low.findings.extend(stubs.findings)
    for name, declaration in stubs.tasks.items():
        if registered is None or name not in registered:
            know_task(low, declaration)
            if name in stubs.options:
                low.task_options[name] = stubs.options[name]
    for alias, name in stubs.names.items():
        known = low.short.setdefault(alias, [])
        if name not in known and name in low.tasks:
            known.append(name)
