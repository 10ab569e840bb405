"""Findings, places and names in the protocol's words."""

from __future__ import annotations

from collections.abc import Iterable

from lsprotocol import types

from ..compiler.lookup.outline import Entry
from ..compiler.lookup.painting import KINDS, MARKS, Paint
from ..compiler.lookup.project import Place
from ..compiler.lookup.renaming import Changes
from ..compiler.lookup.suggestion import Completions, Sort
from ..compiler.lookup.symbols import Kind
from ..dsl.diagnostics import Diagnostic, Severity
from .documents import Documents
from .explaining import Explanations
from .positions import Lines

#: Related places of one finding.
MOST_RELATED = 20

LEGEND = types.SemanticTokensLegend(list(KINDS), list(MARKS))

_LEVELS = {Severity.ERROR: types.DiagnosticSeverity.Error, Severity.WARNING: types.DiagnosticSeverity.Warning}

#: Findings about what could as well be away: editors show it faded.
_UNUSED = frozenset({"F0902", "F0903", "F0904"})

_SORTS = {
    Sort.STEP: types.CompletionItemKind.Variable,
    Sort.PARAM: types.CompletionItemKind.Variable,
    Sort.FLOW: types.CompletionItemKind.Method,
    Sort.TASK: types.CompletionItemKind.Function,
    Sort.FUNCTION: types.CompletionItemKind.Function,
    Sort.INCLUDE: types.CompletionItemKind.Module,
    Sort.MODULE: types.CompletionItemKind.Module,
    Sort.OPTION: types.CompletionItemKind.Property,
    Sort.VALUE: types.CompletionItemKind.Value,
    Sort.KEYWORD: types.CompletionItemKind.Keyword,
    Sort.TYPE: types.CompletionItemKind.TypeParameter,
    Sort.FIELD: types.CompletionItemKind.Field,
    Sort.FILE: types.CompletionItemKind.File,
}

_KINDS = {
    Kind.STEP: types.SymbolKind.Variable,
    Kind.PARAM: types.SymbolKind.Constant,
    Kind.ARGUMENT: types.SymbolKind.Variable,
    Kind.LOOP: types.SymbolKind.Variable,
    Kind.FLOW: types.SymbolKind.Method,
    Kind.INCLUDE: types.SymbolKind.Module,
    Kind.TASK: types.SymbolKind.Function,
}


def diagnostic(finding: Diagnostic, documents: Documents, explanations: Explanations, address: str = "") -> types.Diagnostic:
    """A finding; its help stands in further lines of the message, its labels are related places. ``address``: see ``Explanations.uri``."""
    lines = documents.lines(finding.source)
    uri = explanations.uri(finding.code, address)
    places = [
        types.DiagnosticRelatedInformation(location(Place(label.source, label.span), documents), label.text)
        for label in finding.labels[:MOST_RELATED]
    ]
    return types.Diagnostic(
        range=lines.range(finding.span),
        message="\n".join((finding.message, *finding.help)),
        severity=_LEVELS[finding.severity],
        code=finding.code,
        code_description=None if uri is None else types.CodeDescription(uri),
        source="flowc",
        tags=[types.DiagnosticTag.Unnecessary] if finding.code in _UNUSED else None,
        related_information=places or None,
    )


def location(place: Place, documents: Documents) -> types.Location:
    """A place in a file."""
    return types.Location(documents.uri(place.file), documents.lines(place.file).range(place.span))


def workspace_edit(changes: Changes, documents: Documents) -> types.WorkspaceEdit:
    """Edits of several files."""
    edits: dict[str, list[types.TextEdit]] = {}
    for source, changed in changes.values():
        lines = documents.lines(source)
        edits[documents.uri(source)] = [types.TextEdit(lines.range(edit.span), edit.text) for edit in changed]
    return types.WorkspaceEdit(changes=edits)


def completion(found: Completions, lines: Lines) -> types.CompletionList:
    """Suggestions, in their order."""
    range_ = lines.range(found.span)
    items = [
        types.CompletionItem(
            label=one.label,
            kind=_SORTS[one.sort],
            detail=one.detail or None,
            documentation=types.MarkupContent(types.MarkupKind.Markdown, one.doc) if one.doc else None,
            sort_text=f"{position:04}",
            text_edit=types.TextEdit(range_, one.text or one.label),
        )
        for position, one in enumerate(found.items)
    ]
    return types.CompletionList(is_incomplete=False, items=items)


def symbol(entry: Entry, lines: Lines) -> types.DocumentSymbol:
    """A line of the outline, with those below it. A name may be empty nowhere in the protocol."""
    return types.DocumentSymbol(
        name=entry.name.strip() or "?",
        kind=_KINDS[entry.kind],
        range=lines.range(entry.whole),
        selection_range=lines.range(entry.span),
        detail=entry.detail or None,
        children=[symbol(inner, lines) for inner in entry.inner],
    )


def semantic_tokens(paints: Iterable[Paint], lines: Lines) -> types.SemanticTokens:
    """Five numbers a word: lines and columns since the last one, length, kind, marks."""
    data: list[int] = []
    line = column = 0
    for one in paints:
        start, end = lines.position(one.span.start), lines.position(one.span.end)
        if start.line != end.line or end.character <= start.character:
            continue
        marks = sum(1 << MARKS.index(mark) for mark in one.marks)
        across = start.character - (column if start.line == line else 0)
        data += (start.line - line, across, end.character - start.character, KINDS.index(one.kind), marks)
        line, column = start.line, start.character
    return types.SemanticTokens(data=data)
