"""Opening a file: its declarations are known everywhere in it, whatever their order; its statements are not run here."""

from __future__ import annotations

from collections.abc import Iterable

from ...dsl import tree
from ...dsl.diagnostics import Label
from ...dsl.source import Source, Span
from ..declarations import UNTOLD, Declaration, ParameterSpec
from ..source_text import value_source
from .domain import WRONG, is_known
from .names import ask, bind, plain_default, type_from
from .state import (
    DEEPEST_INCLUDE,
    MOST_INCLUDES,
    Bound,
    FileNames,
    FlowName,
    Frame,
    IncludeName,
    Lowering,
    Names,
    TaskName,
    TooMuchError,
)

#: What it takes to declare something, each time that its file is included.
WORK_OF_A_DECLARATION = 10

Statements = tuple[tree.Statement, ...]


def bound_in(statements: Iterable[tree.Statement]) -> dict[str, Span]:
    """The names that statements of a block (and its ``when`` blocks) bind, and where first."""
    spans: dict[str, Span] = {}
    for statement in statements:
        if isinstance(statement, tree.Bind):
            spans.setdefault(statement.name.text, statement.name.span)
        elif isinstance(statement, tree.When):
            for name, span in bound_in((*statement.body, *statement.otherwise)).items():
                spans.setdefault(name, span)
    return spans


def open_file(low: Lowering, source: Source, module: tree.Module, space: str = "", chain: tuple[str, ...] = ()) -> FileNames:
    """Bind what a file declares: imports, tasks, flows, included files, parameters.

    Args:
        space: the prefix of its identities, empty for the file of the command line.
        chain: the paths of the files that include it, outermost first.
    """
    file = FileNames(source, module, space, Names(later=bound_in(module.statements)), included=bool(chain))
    frame = Frame(file, file.names, space=space)
    for statement in module.statements:
        if isinstance(statement, tree.Import):
            _import(low, frame, statement)
        elif isinstance(statement, tree.TaskDecl):
            _declare(low, frame, statement)
        elif isinstance(statement, tree.FlowDecl):
            name = statement.name
            bind(low, frame, file.names, name, FlowName(statement, file, source, name.span))
        elif isinstance(statement, tree.Include):
            _include(low, frame, statement, chain)
        elif isinstance(statement, tree.Param):
            _param(low, frame, statement)
    for param in list(file.params.values()):
        if param.name.text not in file.names.table:
            ask(low, file, param)
    return file


def _param(low: Lowering, frame: Frame, param: tree.Param) -> None:
    file, name = frame.file, param.name
    earlier = file.params.get(name.text)
    if earlier is not None:
        label = Label(file.source, earlier.name.span, "first bound here")
        low.report("F0205", file.source, name.span, name=name.text, what="a parameter", labels=(label,))
        low.use(Bound(None, file.source, name.span, "parameter"))
    elif name.text in file.names.table:
        bind(low, frame, file.names, name, Bound(None, file.source, name.span, "parameter"))
    else:
        file.params[name.text] = param


def _import(low: Lowering, frame: Frame, statement: tree.Import) -> None:
    for imported in statement.names:
        full = f"{statement.module.text}.{imported.name.text}"
        bind(low, frame, frame.names, imported.bound, TaskName(full, frame.source, imported.bound.span))


def _declare(low: Lowering, frame: Frame, statement: tree.TaskDecl) -> None:
    full = statement.name.text
    if not full or not full.isprintable():
        low.report("F0413", frame, statement.name.span, name=full)
        return
    declaration = Declaration(
        full,
        None if statement.parameters is None else parameter_specs(low, frame, statement.parameters),
        type_from(low, frame, statement.returns),
        options={},
        description=statement.description,
    )
    _note_options(low, frame, statement, full)
    earlier = low.declared_at.get(full)
    if earlier is not None and earlier != (frame.source, statement.name.span):
        label = Label(earlier[0], earlier[1], "first declared here")
        low.report("F0412", frame, statement.name.span, name=full, labels=(label,))
    else:
        low.declared_at[full] = (frame.source, statement.name.span)
        know_task(low, declaration)
    declared = TaskName(full, frame.source, statement.name.span)
    frame.file.tasks.setdefault(full.rsplit(".", 1)[-1], []).append(declared)
    alias = statement.alias or (statement.name if "." not in full and full.isidentifier() else None)
    if alias is not None:
        bind(low, frame, frame.names, alias, TaskName(full, frame.source, alias.span))


def _note_options(low: Lowering, frame: Frame, statement: tree.TaskDecl, full: str) -> None:
    if statement.options is not None:
        low.task_options[full] = low.layer(statement.options, frame)
    else:
        low.task_options.pop(full, None)  # a file's own declaration stands in place of that of the stubs, options and all


def know_task(low: Lowering, declaration: Declaration) -> None:
    """Add a task to those that are known, by its full and its short name."""
    if declaration.name not in low.tasks:
        module, _, short = declaration.name.rpartition(".")
        low.short.setdefault(short, []).append(declaration.name)
        low.modules.add(module)
    low.tasks[declaration.name] = declaration


def parameter_specs(low: Lowering, frame: Frame, parameters: tuple[tree.Parameter, ...]) -> tuple[ParameterSpec, ...]:
    """The parameters of a task or flow as the checks use them; the parser has seen to their names and order."""
    specs: list[ParameterSpec] = []
    named_only = False
    for p in parameters:
        if p.kind == "*":
            named_only = True
            continue
        if p.kind == "/":
            specs = [ParameterSpec(s.name, "positional", s.type, s.required, s.default) for s in specs]
            continue
        wanted = type_from(low, frame, p.type)
        shown = ""
        if isinstance(p.default, tree.Elided):
            shown = UNTOLD
        elif p.default is not None:
            value = plain_default(low, frame, p.default, wanted)
            shown = (value_source(value) if is_known(value) else None) or UNTOLD
        if p.kind != "plain":
            specs.append(ParameterSpec(p.name.text, p.kind, wanted, required=False))
            named_only = named_only or p.kind == "*args"
            continue
        specs.append(ParameterSpec(p.name.text, "keyword" if named_only else "plain", wanted, p.default is None, shown))
    return tuple(specs)


def _include(low: Lowering, frame: Frame, statement: tree.Include, chain: tuple[str, ...]) -> None:
    file = frame.file
    low.includes += 1
    if low.includes > MOST_INCLUDES or len(chain) > DEEPEST_INCLUDE:
        low.report("F0711", frame, statement.span, most=MOST_INCLUDES, deep=DEEPEST_INCLUDE)
        raise TooMuchError
    loaded = low.loader.load(statement, file.source, low.findings)
    if loaded is None:
        _bind_missing(low, frame, statement.alias)
        return
    source, module = loaded
    if source.name not in low.included:
        low.included.add(source.name)
        low.allowance += len(source.text)
    low.spend(frame, statement.span, WORK_OF_A_DECLARATION * len(module.statements))
    here = (*chain, file.source.name)
    if source.name in here:
        path = " -> ".join([*here[here.index(source.name) :], source.name])
        low.report("F0709", frame, statement.span, path=path)
        _bind_missing(low, frame, statement.alias)
        return
    included = open_file(low, source, module, f"{file.space}{statement.alias.text}/", here)
    low.constants(included)
    file.stubs[statement.alias.text] = all(isinstance(s, (tree.TaskDecl, tree.Include)) for s in module.statements)
    bind(low, frame, file.names, statement.alias, IncludeName(included, file.source, statement.alias.span))


def _bind_missing(low: Lowering, frame: Frame, alias: tree.Name) -> None:
    """A name for an include that could not be read: whatever is made of it is no mistake of its own."""
    binding = Bound(WRONG, frame.source, alias.span, "loop")
    bind(low, frame, frame.names, alias, binding)
    low.use(binding)
