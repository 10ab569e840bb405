"""What is at a place, as Markdown: for hovering over it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from ...dsl import tree
from ...dsl.diagnostics import quote
from ...dsl.record import dataclass
from ...dsl.scanner import Token, tokens
from ...dsl.source import Source, Span
from ..declarations import Declaration
from ..display import display
from ..lower.domain import WRONG, GroupValue, StepValue, is_known
from ..option_table import DOC
from ..plan import Call, Value
from ..source_text import value_source
from ..types import ANY
from ..values import duration_text
from . import built_in
from .observing import Observed
from .project import Project
from .symbols import Index, Kind, Symbol, Use

#: Characters of a value that is shown.
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Description:
    """Markdown about a span."""

    span: Span
    text: str


def describe(project: Project, at: Index, observed: Observed, offset: int) -> Description | None:
    """What is known of the name, option, word or arrow at an offset."""
    for span, word in at.words.items():
        if word == "option" and span.start <= offset <= span.end:
            return _option(at, span)
    use = at.use_at(offset)
    if use is not None:
        parts = [part for part in _of_use(project, at, observed, use) if part]
        return Description(use.span, "\n\n".join(parts)) if parts else None
    token = token_at(at.source, offset)
    doc = None if token is None else built_in.SIGNS.get(token.value) or built_in.WORDS.get(token.value)
    if token is None or doc is None or Span(token.start_pos, token.end_pos) in at.words:
        return None
    return Description(Span(token.start_pos, token.end_pos), f"{code(doc.form)}\n\n{doc.note}")


def token_at(source: Source, offset: int) -> Token | None:
    """The token that an offset lies in, or just behind."""
    found = None
    for token in tokens(source):
        if token.start_pos > offset:
            break
        if offset < token.end_pos:
            return token
        found = token if token.end_pos == offset else None
    return found


def code(text: str) -> str:
    """Text as a block of code, whatever is in it."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}flow\n{text}\n{fence}"


def signature(declaration: Declaration) -> str:
    """A task as it would be declared."""
    return f"task {declaration.signature()}"


def _option(at: Index, span: Span) -> Description | None:
    name = at.source.text[span.start : span.end]
    doc = DOC.get(name)
    if doc is None:
        return None
    return Description(span, f"{code(f'{doc.name}: {doc.type}')}\n\n{doc.note}\n\nFor example `{doc.example}`")


def _of_use(project: Project, at: Index, observed: Observed, use: Use) -> Iterator[str]:
    if use.function:
        if not use.argument:
            doc = built_in.FUNCTIONS[use.function]
            yield code(doc.form)
            yield doc.note
        return
    symbol = project.resolve(use)
    task = project.task_of(use)
    if task:
        yield from _task(project, at, observed, task)
    elif use.argument and symbol is None:
        yield from _argument(project, observed, use)
    elif symbol is not None:
        yield from _SHOWN[symbol.kind](project, observed, symbol)
    call = None if use.binds or use.argument else _call(at, observed, use)
    if call is not None:
        yield from _step(call)


def _call(at: Index, observed: Observed, use: Use) -> Call | None:
    """The step that a use calls; it begins with the first word of a dotted name."""
    start = use.span.start
    text = at.source.text
    while start > 0 and (text[start - 1] == "." or text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    return observed.call_at(at.source, start)


def _task(project: Project, at: Index, observed: Observed, task: str) -> Iterator[str]:
    declaration = observed.declaration(task)
    if declaration is None:
        yield code(f"task {task}")
        yield "Nothing is known of this task: no application or stubs declare it."
        return
    yield code(signature(declaration))
    yield declaration.description or ""
    declared = project.declared(declaration.name, at)
    options = declared.node.options if declared is not None else None
    if options is not None and declared is not None:
        text = declared.file.text[options.span.start : options.span.end]
        yield f"Its options: `{quote(text, _LONGEST)}`"


def _argument(project: Project, observed: Observed, use: Use) -> Iterator[str]:
    task = project.task_of(Use(use.span, use.symbol, use.path, use.task))
    declaration = observed.declaration(task) if task else None
    for spec in (declaration.parameters if declaration is not None else None) or ():
        if spec.name == use.argument:
            default = f" = {spec.default}" if spec.default else ""
            yield code(f"{spec.name}: {spec.type}{quote(default, _LONGEST)}")
            yield f"a parameter of `{quote(task)}`"


def _step(call: Call) -> Iterator[str]:
    options = ", ".join(f"{name} = {_value(name, value)}" for name, value in call.options)
    if options:
        yield f"Options of this step, from all that apply: `{options}`"
    yield f"Step `{quote(call.id)}`"


def _value(option: str, value: Value) -> str:
    if DOC[option].type.startswith("duration") and isinstance(value, (int, float)):
        return duration_text(dt.timedelta(seconds=value))
    return quote(display(value, longest=_LONGEST), _LONGEST + 1).replace("`", "'")


def _written(symbol: Symbol, span: Span) -> str:
    return quote(" ".join(symbol.file.text[span.start : span.end].split()), _LONGEST)


def _bound(project: Project, observed: Observed, symbol: Symbol) -> Iterator[str]:
    """A name that a statement binds: its type, its value where that is known, and what makes it."""
    node: tree.Bind = symbol.node
    value = observed.value_of(symbol.file, node.value.span)
    kind = observed.type_of(symbol.file, node.value.span)
    yield code(symbol.name if kind is ANY else f"{symbol.name}: {quote(kind, _LONGEST)}")
    yield comment_above(symbol.file, node.span.start)
    if isinstance(value, GroupValue):
        yield f"A group of {len(value.members):,} member{'' if len(value.members) == 1 else 's'}."
    elif isinstance(value, StepValue):
        call = observed.call_of(value)
        if call is not None:
            yield f"The result of a call of `{quote(call.task)}`."
            yield from _step(call)
    elif value is not WRONG and is_known(value):
        shown = value_source(value)
        if shown is not None:
            yield f"`= {quote(shown, _LONGEST)}`"


def _param(project: Project, observed: Observed, symbol: Symbol) -> Iterator[str]:
    yield code(_written(symbol, symbol.node.span))
    yield comment_above(symbol.file, symbol.node.span.start)
    yield f"A parameter of the flow: `-p {symbol.name}=…`"


def _inner(project: Project, observed: Observed, symbol: Symbol) -> Iterator[str]:
    yield code(_written(symbol, symbol.node.span))
    if symbol.owner is not None:
        yield f"a parameter of `{quote(symbol.owner.task or symbol.owner.name)}`"


def _loop(project: Project, observed: Observed, symbol: Symbol) -> Iterator[str]:
    yield code(_written(symbol, symbol.node.span))
    yield "a loop's name"


def _flow(project: Project, observed: Observed, symbol: Symbol) -> Iterator[str]:
    node: tree.FlowDecl = symbol.node
    text = symbol.file.text
    end = node.body[0].span.start if node.body else node.span.end
    head = text[node.span.start : end]
    yield code(flow_head(head))
    yield node.description or comment_above(symbol.file, node.span.start)


def flow_head(text: str) -> str:
    """The head of a sub-flow, from text that begins with it: up to the colon that opens its block."""
    depth = 0
    for at, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if character == ":" and depth == 0:
            text = text[:at]
            break
    return quote(" ".join(text.split()), _LONGEST)


def _include(project: Project, observed: Observed, symbol: Symbol) -> Iterator[str]:
    yield code(_written(symbol, symbol.node.span))
    inner = project.included(symbol)
    if inner is None:
        yield "The file cannot be read."
        return
    yield inner.module.description or ""
    names = [one.name for one in inner.top.table.values()]
    if names:
        yield "It has " + ", ".join(f"`{name}`" for name in names[:20]) + (" …" if len(names) > 20 else "")


def _task_symbol(project: Project, observed: Observed, symbol: Symbol) -> Iterator[str]:
    yield code(f"task {symbol.task}")


def comment_above(source: Source, start: int) -> str:
    """The comment lines right above a statement."""
    lines = source.text[:start].splitlines()[:-1] if source.text[:start].rstrip(" \t").endswith("\n") or start else []
    if source.text[:start].endswith("\n"):
        lines = source.text[:start].splitlines()
    found: list[str] = []
    while lines and lines[-1].lstrip().startswith("#"):
        found.append(lines.pop().lstrip().removeprefix("#").strip())
    return "\n".join(reversed(found))


_SHOWN = {
    Kind.STEP: _bound,
    Kind.PARAM: _param,
    Kind.ARGUMENT: _inner,
    Kind.LOOP: _loop,
    Kind.FLOW: _flow,
    Kind.INCLUDE: _include,
    Kind.TASK: _task_symbol,
}
