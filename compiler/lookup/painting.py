"""What each word of a text is, for colours that know more than its form."""

from __future__ import annotations

from collections.abc import Iterator

from ...dsl.record import dataclass
from ...dsl.scanner import Token, tokens
from ...dsl.source import Span
from .project import Project
from .symbols import Index, Kind, Use

#: The kinds of words, by the names that editors have for them.
KINDS = (
    "keyword", "comment", "string", "number", "operator", "function", "variable", "parameter", "namespace", "property", "type", "method",
)  # fmt: skip

#: What else is said of a word.
MARKS = ("declaration", "readonly", "defaultLibrary")

_FORMS = {"COMMENT": "comment", "STRING": "string", "FSTRING": "string", "NUMBER": "number"}
_ARROWS = frozenset({"LINK", "THEN", "ON_ERROR", "ALWAYS", "ON_MESSAGE", "COALESCE"})
_OF_KIND = {
    Kind.STEP: "variable",
    Kind.PARAM: "parameter",
    Kind.ARGUMENT: "parameter",
    Kind.LOOP: "variable",
    Kind.FLOW: "method",
    Kind.INCLUDE: "namespace",
    Kind.TASK: "function",
}


@dataclass(frozen=True, slots=True)
class Paint:
    """A span on one line, and what it is. ``marks`` are some of ``MARKS``."""

    span: Span
    kind: str
    marks: tuple[str, ...] = ()


def paint(project: Project, at: Index) -> Iterator[Paint]:
    """The words of a text in order; none spans a line break, and none lies in another."""
    uses = {use.span.start: use for use in at.uses}
    words = {span.start: word for span, word in at.words.items()}
    embedded = sorted(start for start in (*uses, *words))
    dotted: Use | None = None
    for token in tokens(at.source):
        found = uses.get(token.start_pos)
        dotted = found if found is not None and found.span.end > token.end_pos else dotted
        if dotted is not None and token.start_pos > dotted.span.start and token.end_pos <= dotted.span.end:
            if token.type != "DOT":
                last = token.end_pos == dotted.span.end
                yield Paint(Span(token.start_pos, token.end_pos), "function" if last else "namespace")
            continue
        if token.type == "FSTRING":
            yield from _fstring(project, at, token, [s for s in embedded if token.start_pos < s < token.end_pos], uses, words)
            continue
        for paint_ in _token(project, token, uses, words):
            yield from _by_line(at.source.text, paint_)


def _token(project: Project, token: Token, uses: dict[int, Use], words: dict[int, str]) -> Iterator[Paint]:
    span = Span(token.start_pos, token.end_pos)
    form = _FORMS.get(token.type)
    if form is not None:
        yield Paint(span, form)
    elif token.type in _ARROWS:
        yield Paint(span, "operator")
    elif span.start in uses:
        yield _used(project, uses[span.start], span)
    elif span.start in words:
        yield Paint(span, "type" if words[span.start] == "type" else "property")
    elif token.value == "_" or (token.value.isidentifier() and token.type not in ("NAME", "BAD")):
        yield Paint(span, "keyword")


def _used(project: Project, use: Use, span: Span) -> Paint:
    if use.argument:
        return Paint(span, "parameter")
    if use.function:
        return Paint(span, "function", ("defaultLibrary",))
    if use.span.end > span.end:
        return Paint(span, "namespace")  # the first word of a dotted task
    symbol = project.resolve(use)
    if symbol is None:
        return Paint(span, "function")
    marks = ("declaration",) if use.binds else ()
    return Paint(span, _OF_KIND[symbol.kind], (*marks, "readonly") if symbol.kind is Kind.PARAM else marks)


def _fstring(project: Project, at: Index, token: Token, inside: list[int], uses: dict[int, Use], words: dict[int, str]) -> Iterator[Paint]:
    """A string with values in it: the text round the names that are used in it."""
    text = at.source.text
    start = token.start_pos
    for name in inside:
        if name < start:
            continue
        end = name
        while end < token.end_pos and (text[end].isalnum() or text[end] == "_"):
            end += 1
        if end == name:
            continue
        yield from _by_line(text, Paint(Span(start, name), "string"))
        span = Span(name, end)
        yield _used(project, uses[name], span) if name in uses else Paint(span, "property")
        start = end
    yield from _by_line(text, Paint(Span(start, token.end_pos), "string"))


def _by_line(text: str, whole: Paint) -> Iterator[Paint]:
    start, end = whole.span
    while start < end:
        stop = min((at for at in (text.find("\n", start, end), text.find("\r", start, end)) if at >= 0), default=end)
        if stop > start:
            yield Paint(Span(start, stop), whole.kind, whole.marks)
        start = stop + 1
