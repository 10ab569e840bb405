"""Renaming what a file binds, wherever it is used; refused where the text would then mean something else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...dsl import tree
from ...dsl.diagnostics import Edit, quote
from ...dsl.scanner import tokens
from ...dsl.source import Source, Span
from ...dsl.words import RESERVED
from .project import Place, Project
from .symbols import Index, Kind, Scope, Symbol, Use


class RefusedError(Exception):
    """Why something is not renamed, in words for the user."""


Changes = dict[str, tuple[Source, list[Edit]]]

_WORDS = {
    Kind.STEP: "a name",
    Kind.PARAM: "a parameter",
    Kind.ARGUMENT: "a parameter",
    Kind.LOOP: "a loop's name",
    Kind.FLOW: "a flow",
    Kind.INCLUDE: "an include",
    Kind.TASK: "a task",
}


def renamable(project: Project, at: Index, offset: int) -> tuple[Use, Symbol]:
    """The use at an offset and what it is bound to.

    Raises:
        RefusedError: there is no name, or one that does not belong to flows.
    """
    use = at.use_at(offset)
    if use is None:
        raise RefusedError("there is no name here that a flow binds")
    symbol = project.resolve(use)
    if symbol is None:
        word = at.source.text[use.span.start : use.span.end]
        if use.function:
            raise RefusedError(f"`{word}` is a built-in function")
        raise RefusedError(
            f"`{quote(word)}` is the name of a task, which its code gives it; `from … import … as …` gives it another one here"
        )
    if symbol.owner is not None and symbol.owner.kind is Kind.TASK:
        raise RefusedError(f"`{symbol.name}` is a parameter of the task `{quote(symbol.owner.task)}`, whose code gives it its name")
    if isinstance(symbol.node, tree.TaskDecl) and symbol.node.alias is None:
        raise RefusedError(
            f"`{quote(symbol.name)}` is the name of a task, which its code gives it; `as` behind its declaration gives it another"
        )
    return use, symbol


def rename(project: Project, at: Index, offset: int, new: str, files: Iterable[str]) -> Changes:
    """The edits that give what stands at an offset another name, by file. ``files``: paths of those that may name it.

    Raises:
        RefusedError: nothing here can be renamed, or the new name cannot be taken.
    """
    _, symbol = renamable(project, at, offset)
    new = new.strip()
    if new == symbol.name:
        return {}
    _check_word(new)
    home = at if symbol.file is at.source else project.index(symbol.file)
    _check_free(home, symbol, new)
    changes: Changes = {}
    plain = Use(symbol.span, symbol)
    for place in _places(project, at, plain, files):
        _check_whole(project.index(place.file), symbol.name)
        _, edits = changes.setdefault(place.file.name, (place.file, []))
        edits.append(Edit(place.span, _written(symbol, place, new)))
    return changes


def _places(project: Project, at: Index, use: Use, files: Iterable[str]) -> Iterator[Place]:
    symbol = use.symbol
    paths = dict.fromkeys((*files, *filter(None, (at.source.path,))))
    home = at if symbol is not None and symbol.file is at.source else project.index(symbol.file) if symbol is not None else at
    known = {home.source.path or home.source.name: home, at.source.path or at.source.name: at}
    for path in paths:
        if path not in known:
            source = project.read(path)
            if source is not None and symbol is not None and symbol.name in source.text:
                known[path] = project.index(source)
    for one in known.values():
        spans = dict.fromkeys(other.span for other in one.uses if project.resolve(other) is symbol)
        yield from (Place(one.source, span) for span in spans)


def _written(symbol: Symbol, place: Place, new: str) -> str:
    """What stands at a place then: an import that has no ``as`` gets one."""
    if isinstance(symbol.node, tree.Import) and place.file is symbol.file:
        for name in symbol.node.names:
            if name.bound.span == place.span and name.name.span == name.bound.span:
                return f"{name.name.text} as {new}"
    return new


def _check_word(new: str) -> None:
    if new in RESERVED:
        raise RefusedError(f"`{new}` is a reserved word")
    if new == "_":
        raise RefusedError("`_` stands for the linked result")
    if not new.isidentifier():
        raise RefusedError(f"`{quote(new)}` is no name: a name is one word of letters, digits and `_`")


def _check_free(home: Index, symbol: Symbol, new: str) -> None:
    """Whether the new name would meet another one: around the symbol's scope, in it, or as the name of a task or function there."""
    scope = _scope_of(home, symbol)
    taken = scope.find(new) if scope is not None else None
    inner = [one for one in home.scopes if scope is not None and _is_inside(one, scope)]
    for one in inner:
        taken = taken or one.table.get(new)
    if taken is not None and taken is not symbol:
        line = taken.file.position(taken.span.start).line
        raise RefusedError(f"`{new}` is taken: it is {_WORDS[taken.kind]} already, in line {line}")
    if new in home.module.broken:
        raise RefusedError(f"`{new}` is taken, in a statement that has a mistake of syntax")
    for use in home.uses:
        if scope is not None and not scope.span.start <= use.span.start <= scope.span.end:
            continue
        if use.function == new or (use.task.partition(".")[0] == new and not use.argument):
            what = "a built-in function" if use.function else "a task"
            raise RefusedError(f"`{new}` is taken: it is {what} that line {home.source.position(use.span.start).line} uses")


def _scope_of(home: Index, symbol: Symbol) -> Scope | None:
    return next((scope for scope in home.scopes if scope.table.get(symbol.name) is symbol), None)


def _is_inside(scope: Scope | None, outer: Scope) -> bool:
    while scope is not None:
        if scope is outer:
            return True
        scope = scope.outer
    return False


def _check_whole(home: Index, name: str) -> None:
    """Refuse where a statement that could not be parsed may use the name: that use would be left behind."""
    spans = list(_whole(home.module.statements))
    for token in tokens(home.source):
        if token.type == "NAME" and token.value == name and not any(s.start <= token.start_pos < s.end for s in spans):
            line = home.source.position(token.start_pos).line
            raise RefusedError(f"line {line} of {home.source.name} has a mistake of syntax, and may use `{name}`: put it right first")


def _whole(statements: Iterable[tree.Statement]) -> Iterator[Span]:
    """What the tree covers: statements, and of blocks the head and the statements inside."""
    for statement in statements:
        body: tuple[tree.Statement, ...] = ()
        if isinstance(statement, tree.FlowDecl):
            body = statement.body
        elif isinstance(statement, tree.When):
            body = (*statement.body, *statement.otherwise)
        if body:
            yield Span(statement.span.start, body[0].span.start)
            yield from _whole(body)
        else:
            yield statement.span
