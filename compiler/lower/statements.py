"""Statements, in written order: each binds a name, runs something, or sets defaults."""

from __future__ import annotations

from ...dsl import tree
from ...dsl.diagnostics import Label
from ...dsl.record import dataclass
from ...dsl.source import Span
from ..types import ANY, ListOf, Type, optional, union
from .domain import WRONG, Elab, GroupValue, LateValue, StepValue, Unknown, elab_type, is_known
from .expressions import refuse_results
from .files import bound_in
from .names import bind
from .state import Bound, FileNames, Frame, Lowering, Names


@dataclass(slots=True)
class Block:
    """How far a block has got: what it is worth, what it returned and where, and whether steps stand in it already."""

    frame: Frame
    value: Elab = None
    returned: Elab = None
    returned_at: Span | None = None
    defaults_at: Span | None = None
    stepped: bool = False


def top(low: Lowering, file: FileNames) -> Elab:
    """The statements of the file of the command line; returns the value of the last one."""
    block = Block(Frame(file, file.names, space=file.space))
    for statement in file.module.statements:
        block.value = None
        _run(low, block, statement)
    return block.value


def constants(low: Lowering, file: FileNames) -> None:
    """The statements of an included file: they may bind constants, but make no steps."""
    block = Block(Frame(file, file.names, space=file.space))
    for statement in file.module.statements:
        before = len(low.out.order)
        _run(low, block, statement)
        if len(low.out.order) > before or (isinstance(statement, tree.Do) and block.value is not WRONG):
            low.report("F0710", file.source, statement.span)


def flow_block(low: Lowering, statements: tuple[tree.Statement, ...], frame: Frame) -> tuple[Elab, Span | None]:
    """The body of a sub-flow: what it returns and where."""
    block = Block(frame)
    _statements(low, block, statements)
    return block.returned, block.returned_at


def _run(low: Lowering, block: Block, statement: tree.Statement) -> None:
    frame = block.frame
    low.spend(frame, statement.span)
    if isinstance(statement, tree.Bind):
        _bind(low, block, statement)
    elif isinstance(statement, tree.Do):
        block.value = low.stage(statement.value, frame, None, None)
        block.stepped = True
    elif isinstance(statement, tree.Return):
        _return(low, block, statement)
    elif isinstance(statement, tree.Defaults):
        _defaults(low, block, statement)
    elif isinstance(statement, tree.When):
        _when(low, block, statement)
    elif frame.names is not frame.file.names:
        low.report("F0617", frame, statement.span)


def _bind(low: Lowering, block: Block, statement: tree.Bind) -> None:
    frame, name = block.frame, statement.name
    inner = frame.within(base=name.text)
    before = len(low.out.order)
    taken = name.text in frame.names.table
    block.value = low.stage(statement.value, inner, None, None if taken else name.text)
    block.stepped = block.stepped or len(low.out.order) > before
    binding = Bound(block.value, frame.source, name.span)
    bind(low, frame, frame.names, name, binding)
    if block.value is WRONG:
        low.use(binding)  # that it is not used may come of what was reported


def _return(low: Lowering, block: Block, statement: tree.Return) -> None:
    if not low.active:
        low.report("F0610", block.frame, statement.span)
    block.returned = low.stage(statement.value, block.frame, None, None)
    block.returned_at = statement.span
    block.value = block.returned


def _defaults(low: Lowering, block: Block, statement: tree.Defaults) -> None:
    frame = block.frame
    if block.defaults_at is not None:
        label = Label(frame.source, block.defaults_at, "the first ones")
        low.report("F0615", frame, statement.span, labels=(label,))
        return
    if block.stepped:
        low.report("F0616", frame, statement.span)
    block.defaults_at = statement.span
    layer = low.layer(statement.options, frame)
    if frame.names is frame.file.names:
        frame.file.defaults = layer
    else:
        block.frame = frame.within(block=layer)


# ── when ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _when(low: Lowering, block: Block, statement: tree.When) -> None:
    """The compiler decides over known values; both branches are checked."""
    frame = block.frame
    test = low.value(statement.condition, frame)
    span = statement.condition.span
    if any(isinstance(test, kind) for kind in (StepValue, GroupValue)) or not _decidable(low, frame, span, test):
        test = low.report("F0804", frame, span) if isinstance(test, (StepValue, GroupValue)) else WRONG
    branches = (statement.body, statement.otherwise)
    if isinstance(test, Unknown):
        one, other = (_branch(low, block, branch, kept=False) for branch in branches)
        _join(frame, _bound(one), _bound(other), None)
        if one.returned_at is not None and other.returned_at is not None:
            block.returned = Unknown(union((elab_type(one.returned), elab_type(other.returned))))
            block.returned_at = one.returned_at
        return
    taken = 0 if test else 1
    kept = _branch(low, block, branches[taken], kept=True)
    dropped = _branch(low, block, branches[1 - taken], kept=False)
    _join(frame, _bound(kept), _bound(dropped), _bound(kept))


def _decidable(low: Lowering, frame: Frame, span: Span, test: Elab) -> bool:
    if isinstance(test, LateValue):
        low.report("F0360", frame, span, what="`when`")
        return False
    return is_known(test) or isinstance(test, Unknown) or not refuse_results(low, frame, span, test, "if")


def _branch(low: Lowering, block: Block, statements: tuple[tree.Statement, ...], *, kept: bool) -> Block:
    """Run a branch in names of its own. A branch not taken is run for its findings alone."""
    names = Names({}, block.frame.names, block=False, later=bound_in(statements))
    inner = Block(block.frame.within(names=names), stepped=block.stepped)
    if kept:
        _statements(low, inner, statements)
        block.value, block.stepped = inner.value, inner.stepped
        if inner.returned_at is not None:
            block.returned, block.returned_at = inner.returned, inner.returned_at
    else:
        with low.discarding():
            _statements(low, inner, statements)
    return inner


def _bound(block: Block) -> dict[str, Bound]:
    return {name: b for name, b in block.frame.names.table.items() if isinstance(b, Bound)}


def _statements(low: Lowering, block: Block, statements: tuple[tree.Statement, ...]) -> None:
    """The statements of a sub-flow or branch; those behind a ``return`` are checked and thrown away."""
    for position, statement in enumerate(statements):
        if position and isinstance(statements[position - 1], tree.Return):
            low.report("F0907", block.frame, statement.span)
        if block.returned_at is None:
            _run(low, block, statement)
        else:
            with low.discarding():
                _run(low, Block(block.frame), statement)


def _join(frame: Frame, one: dict[str, Bound], other: dict[str, Bound], taken: dict[str, Bound] | None) -> None:
    """Bind what the branches bound: optional where only one of them does, null where that one is not taken."""
    for name in dict.fromkeys((*one, *other)):
        both = [t[name] for t in (one, other) if name in t]
        wanted = union(tuple(elab_type(b.value) for b in both))
        value: Elab
        if taken is None:
            value = Unknown(wanted if len(both) == 2 else _optional(wanted))
        elif name in taken:
            value = taken[name].value if len(both) == 2 else _maybe(taken[name].value)
        else:
            value = None
        frame.names.table.setdefault(name, Bound(value, both[0].source, both[0].span, also=both[-1].span))


def _optional(inner: Type) -> Type:
    return ANY if inner is ANY else optional(inner)


def _maybe(value: Elab) -> Elab:
    if isinstance(value, StepValue):
        return StepValue(value.id, _optional(value.type), value.path)
    if isinstance(value, GroupValue) and isinstance(value.type, ListOf):
        return GroupValue(value.id, value.members, _optional(value.type))
    return value
