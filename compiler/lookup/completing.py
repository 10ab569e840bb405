"""What may stand at the cursor: names, tasks, arguments, options and their values, words of the language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from ...dsl.language import LANGUAGE
from ...dsl.record import dataclass
from ...dsl.scanner import ARROW_TYPES
from ...dsl.source import Span
from ..declarations import Declaration
from ..lower.domain import WRONG
from ..type_syntax import from_tree
from ..types import ANY, Optional, Record, Type
from . import built_in, choices
from .cursor import Bracket, Cursor, find
from .describing import flow_head, signature
from .observing import Observed
from .project import Project
from .suggestion import Completions, Sort, Suggestion
from .symbols import Index, Kind, Symbol, Use

#: Suggestions at one place.
MOST = 1_000

#: What may be typed right behind a new name, so nothing known fits.
_NEW = frozenset({"PARAM", "FLOW", "AS", "TASK", "FOR"})

#: What can be called, or leads to what can be.
_CALLED = frozenset({Kind.FLOW, Kind.TASK, Kind.INCLUDE})

_SORTS = {
    Kind.STEP: Sort.STEP,
    Kind.PARAM: Sort.PARAM,
    Kind.ARGUMENT: Sort.PARAM,
    Kind.LOOP: Sort.STEP,
    Kind.FLOW: Sort.FLOW,
    Kind.INCLUDE: Sort.INCLUDE,
    Kind.TASK: Sort.TASK,
}


@dataclass(frozen=True, slots=True)
class Around:
    """What completion looks at. ``flows``: gives the paths of flows that may be included, as they would be written."""

    project: Project
    at: Index
    observed: Observed
    flows: Callable[[], Iterable[str]]


def complete(around: Around, offset: int) -> Completions:
    """The words that may stand at an offset. Nothing inside comments and plain texts."""
    cursor = find(around.at, offset)
    if cursor.inside is not None:
        return _in_token(around, cursor)
    seen: dict[str, Suggestion] = {}
    for one in _suggest(around, cursor):
        seen.setdefault(one.label, one)
        if len(seen) >= MOST:
            break
    return Completions(cursor.word, tuple(seen.values()))


def _in_token(around: Around, cursor: Cursor) -> Completions:
    """Inside a string: a file to include, a choice of texts, or the braces of an f-string."""
    token = cursor.inside
    assert token is not None
    text = around.at.source.text
    if token.type == "COMMENT":
        return Completions(cursor.word)
    if token.type == "FSTRING":
        brace = text.rfind("{", token.start_pos, cursor.offset)
        if brace < 0 or "}" in text[brace : cursor.offset] or text[brace - 1] == "{":
            return Completions(cursor.word)
        found = re.search(r"\w*\Z", text[brace + 1 : cursor.offset])
        word = Span(cursor.offset - len(found[0]) if found else cursor.offset, cursor.offset)
        return Completions(word, tuple(_names(around, cursor, bare=False)))
    start = token.start_pos + (3 if token.value[:3] in ('"""', "'''") else 1)
    closed = len(token.value) > 1 and token.value[-1] == token.value[0]
    end = max(token.end_pos - 1, cursor.offset) if closed else cursor.offset
    texts: Iterable[str] = ()
    sort = Sort.VALUE
    if cursor.first == "INCLUDE":
        texts, sort = around.flows(), Sort.FILE
    elif cursor.bracket is not None and cursor.bracket.what == "options":
        texts = choices.option_texts(cursor.bracket.name, text)
    elif cursor.bracket is not None and cursor.bracket.what == "call":
        texts = choices.texts_of(_argument_type(around, cursor, cursor.bracket))
    return Completions(Span(start, end), tuple(Suggestion(one, sort) for one in texts))


def _suggest(around: Around, cursor: Cursor) -> Iterator[Suggestion]:
    bracket = cursor.bracket
    if cursor.last == "DOT":
        yield from _members(around, cursor)
        return
    if cursor.first == "FROM":
        yield from _imports(around, cursor)
        return
    if _is_type(cursor, bracket):
        yield from choices.types()
        return
    if cursor.last in _NEW or (bracket is not None and bracket.what == "parameters" and not bracket.name):
        return
    if bracket is not None and bracket.what == "options":
        if not bracket.name:
            yield from choices.options(bracket.given, around.at.source.text[cursor.word.start : cursor.offset])
            return
        yield from choices.option_values(bracket.name, around.at.source.text)
    elif bracket is not None and bracket.what == "map" and not bracket.name:
        if _is_retry_policy(cursor, bracket):
            yield from choices.retry_keys(bracket.given)
        return
    elif bracket is not None and bracket.what == "call":
        yield from _arguments(around, cursor, bracket)
    terminals = cursor.terminals
    if not terminals or "NAME" in terminals:
        yield from _names(around, cursor, bare=bracket is None or bracket.what in ("list", "paren"))
    yield from _words(cursor)


def _is_type(cursor: Cursor, bracket: Bracket | None) -> bool:
    if bracket is not None and bracket.what == "type":
        return True
    if cursor.last == "VBAR" and cursor.first in ("PARAM", "TASK", "FLOW"):
        return True
    if bracket is not None and bracket.what == "parameters":
        return cursor.last == "COLON"
    return bracket is None and (
        (cursor.first == "PARAM" and cursor.last == "COLON") or (cursor.first in ("TASK", "FLOW") and cursor.last == "LINK")
    )


def _is_retry_policy(cursor: Cursor, bracket: Bracket) -> bool:
    at = cursor.before.index(bracket.token)
    return at >= 2 and cursor.before[at - 2].value == "retry_policy"


def _words(cursor: Cursor) -> Iterator[Suggestion]:
    """Reserved words that the grammar takes here."""
    for word, terminal in LANGUAGE.keywords.items():
        if terminal in cursor.terminals:
            doc = built_in.WORDS.get(word)
            yield Suggestion(word, Sort.KEYWORD, doc.form if doc is not None else "", doc.note if doc is not None else "")
    if not cursor.before:
        yield Suggestion("else", Sort.KEYWORD, "else:", "the other branch of the `when` above")


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────


def _names(around: Around, cursor: Cursor, *, bare: bool) -> Iterator[Suggestion]:
    """Everything that can be named, the nearest first. ``bare``: a task may stand without its brackets."""
    for name in cursor.loops:
        yield Suggestion(name, Sort.STEP, "a loop's name")
    scope = around.at.scope_at(cursor.offset)
    here = cursor.before[0].start_pos if cursor.before else cursor.word.start
    bound: set[str] = set(cursor.loops)
    target = cursor.last in ARROW_TYPES  # a value cannot stand right of an arrow
    for symbol in scope.known():
        bound.add(symbol.name)
        late = symbol.kind is Kind.STEP and symbol.span.start >= here and symbol.file is around.at.source
        if not late and not (target and symbol.kind not in _CALLED):
            yield of_symbol(around, symbol)
    own = cursor.before[0].value if len(cursor.before) > 1 and cursor.before[1].type == "EQUAL" else ""
    for name in sorted(around.at.module.broken - bound - {own}):
        yield Suggestion(name, Sort.STEP)
    yield from _tasks(around, bound)
    for name, doc in built_in.FUNCTIONS.items():
        if name not in bound:
            yield Suggestion(name, Sort.FUNCTION, doc.form, doc.note, call=True)


def _tasks(around: Around, bound: set[str]) -> Iterator[Suggestion]:
    """Tasks that are known, by the shortest name that means them alone."""
    short = around.observed.short
    for full, declaration in around.observed.tasks.items():
        word = full.rpartition(".")[2]
        name = word if len(short.get(word, ())) == 1 and word not in bound and word not in built_in.FUNCTIONS else full
        if all(part.isidentifier() for part in name.split(".")):
            yield _task(name, declaration)


def _task(label: str, declaration: Declaration) -> Suggestion:
    return Suggestion(label, Sort.TASK, signature(declaration), declaration.description or "", call=True)


def of_symbol(around: Around, symbol: Symbol) -> Suggestion:
    """A name that is bound."""
    detail, doc = "", ""
    if symbol.kind is Kind.TASK:
        declaration = around.observed.declaration(symbol.task)
        if declaration is not None:
            return _task(symbol.name, declaration)
        detail = symbol.task
    elif symbol.kind is Kind.FLOW:
        detail, doc = flow_head(symbol.file.text[symbol.node.span.start : symbol.node.span.end]), symbol.node.description or ""
    elif symbol.kind is Kind.STEP:
        kind = around.observed.type_of(symbol.file, symbol.node.value.span)
        detail = "" if kind is ANY else str(kind)[:100]
    elif symbol.kind in (Kind.PARAM, Kind.ARGUMENT) and symbol.node.type is not None:
        detail = symbol.file.text[symbol.node.type.span.start : symbol.node.type.span.end]
    return Suggestion(symbol.name, _SORTS[symbol.kind], detail, doc, call=symbol.kind in (Kind.TASK, Kind.FLOW))


def _members(around: Around, cursor: Cursor) -> Iterator[Suggestion]:
    """What can stand behind a dot: members of an include, fields of a record, tasks of a module."""
    names = _dotted(cursor)
    if not names:
        return
    symbol = around.at.scope_at(cursor.offset).find(names[0])
    if symbol is None:
        yield from _modules(around, ".".join(names) + ".")
        return
    if symbol.kind is not Kind.INCLUDE:
        yield from _fields(_type(around, symbol), names[1:])
        return
    found = around.project.resolve(Use(symbol.span, symbol, tuple(names[1:])))
    inner = around.project.included(found) if found is not None and found.kind is Kind.INCLUDE else None
    if inner is not None:
        for one in inner.top.table.values():
            yield of_symbol(around, one)
        for full, task in inner.tasks.items():
            short = full.rpartition(".")[2]
            declaration = around.observed.declaration(full)
            yield (
                Suggestion(short, Sort.TASK, full, task.node.description or "", call=True)
                if declaration is None
                else _task(short, declaration)
            )


def _dotted(cursor: Cursor) -> list[str]:
    """The names that stand before the dot at the cursor; none where something else than names and dots leads there."""
    found: list[str] = []
    at = len(cursor.before) - 1
    while at > 0 and cursor.before[at].type == "DOT" and cursor.before[at - 1].value.isidentifier():
        found.insert(0, cursor.before[at - 1].value)
        at -= 2
    return [] if at >= 0 and cursor.before[at].type == "DOT" else found


def _type(around: Around, symbol: Symbol) -> Type:
    """The type of a name, as far as it is known without the statement that is being written."""
    if symbol.kind is Kind.STEP:
        value = around.observed.value_of(symbol.file, symbol.node.value.span)
        return ANY if value is WRONG else around.observed.type_of(symbol.file, symbol.node.value.span)
    written = getattr(symbol.node, "type", None)
    return ANY if written is None else from_tree(written, lambda *_, **__: None)


def _fields(kind: Type, path: list[str]) -> Iterator[Suggestion]:
    for name in path:
        kind = kind.inner if isinstance(kind, Optional) else kind
        kind = (kind.field(name) or ANY) if isinstance(kind, Record) else ANY
    kind = kind.inner if isinstance(kind, Optional) else kind
    if isinstance(kind, Record):
        for name, field in kind.fields:
            if name.isidentifier():
                yield Suggestion(name, Sort.FIELD, str(field)[:100])


# ── imports ──────────────────────────────────────────────────────────────────────────────────────────────────


def _modules(around: Around, prefix: str, *, tasks: bool = True) -> Iterator[Suggestion]:
    """The next words behind the beginning of tasks' names."""
    for full, declaration in around.observed.tasks.items():
        if full.startswith(prefix):
            word, dot, _ = full[len(prefix) :].partition(".")
            if word.isidentifier() and dot:
                yield Suggestion(word, Sort.MODULE, prefix + word)
            elif word.isidentifier() and tasks:
                yield _task(word, declaration)


def _imports(around: Around, cursor: Cursor) -> Iterator[Suggestion]:
    """Behind ``from``: modules; behind ``import``: what they have that is not imported yet."""
    types = [token.type for token in cursor.before]
    if "IMPORT" not in types:
        if cursor.last == "FROM":
            yield from _modules(around, "", tasks=False)
        yield from _words(cursor)
        return
    at = types.index("IMPORT")
    module = "".join(token.value for token in cursor.before[1:at])
    named = {token.value for token in cursor.before[at + 1 :]}
    if cursor.last in ("IMPORT", "COMMA", "LPAR"):
        for one in _modules(around, f"{module}."):
            if one.sort is Sort.TASK and one.label not in named:
                yield Suggestion(one.label, one.sort, one.detail, one.doc)
    else:
        yield from _words(cursor)


# ── arguments ────────────────────────────────────────────────────────────────────────────────────────────────


def _arguments(around: Around, cursor: Cursor, bracket: Bracket) -> Iterator[Suggestion]:
    if bracket.name:
        yield from choices.values_of(_argument_type(around, cursor, bracket))
        return
    if not bracket.fresh:
        return
    for name, kind in _parameters(around, cursor, bracket)[_taken(cursor, bracket) :]:
        if name not in bracket.given:
            yield Suggestion(f"{name}=", Sort.PARAM, "" if kind is ANY else str(kind)[:100])
    yield from choices.values_of(_argument_type(around, cursor, bracket))


def _parameters(around: Around, cursor: Cursor, bracket: Bracket) -> list[tuple[str, Type]]:
    """The parameters of what is called that have a name, with their types."""
    names = [token.value for token in bracket.head if token.type == "NAME"]
    if not names:
        return []
    symbol = around.at.scope_at(cursor.offset).find(names[0])
    task = ".".join(names)
    if symbol is not None:
        found = around.project.resolve(Use(symbol.span, symbol, tuple(names[1:])))
        if found is None:
            return []
        if found.kind is Kind.FLOW:
            return [(name, _type(around, one)) for name, one in found.inner.items()]
        task = found.task
    declaration = around.observed.declaration(task)
    specs = (declaration.parameters if declaration is not None else None) or ()
    return [(spec.name, spec.type) for spec in specs if spec.kind in ("plain", "keyword")]


def _argument_type(around: Around, cursor: Cursor, bracket: Bracket) -> Type:
    """The type of the argument that the cursor is in."""
    parameters = _parameters(around, cursor, bracket)
    if bracket.name:
        return dict(parameters).get(bracket.name, ANY)
    at = _taken(cursor, bracket)
    return parameters[at][1] if at < len(parameters) else ANY


def _taken(cursor: Cursor, bracket: Bracket) -> int:
    """How many parameters stand before the cursor. What an arrow brings is the first one, unless `_` says where it goes."""
    at = cursor.before.index(bracket.token)
    start = at - len(bracket.head)
    linked = start > 0 and cursor.before[start - 1].type == "LINK" and "_" not in {token.value for token in cursor.before[at:]}
    return bracket.position + linked
