"""What an editor asks, one function a question: each looks at a text as it stands now."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from ..compiler.lookup.completing import Around, complete
from ..compiler.lookup.describing import describe
from ..compiler.lookup.mending import mend
from ..compiler.lookup.outline import outline
from ..compiler.lookup.painting import paint
from ..compiler.lookup.renaming import RefusedError, renamable, rename
from ..dsl.format import format_source
from . import convert
from .documents import Document, flows_below

if TYPE_CHECKING:
    from ..compiler.lookup.project import Project
    from ..compiler.lookup.symbols import Index, Use
    from .server import FlowServer

#: A text of more characters gets no semantic tokens.
LARGEST_PAINTED = 1_000_000


class RequestFailed(JsonRpcException):
    """A request that cannot be done, for a reason that the user should read: no mistake of the server."""

    CODE = types.LSPErrorCodes.RequestFailed
    MESSAGE = "Request failed"


def hover(server: FlowServer, params: types.HoverParams) -> types.Hover | None:
    """What is at a place."""
    document = server.document(params.text_document.uri)
    project = server.session.project(document)
    checked = server.session.check(document)
    found = describe(project, project.index(document.source), checked.observed, document.lines.offset(params.position))
    if found is None:
        return None
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, found.text), document.lines.range(found.span))


class _Place(NamedTuple):
    """A use of a name, and what it is looked up in."""

    document: Document
    project: Project
    names: Index
    use: Use


def _place(server: FlowServer, params: types.DefinitionParams | types.ReferenceParams | types.DocumentHighlightParams) -> _Place | None:
    """The name at a place; None where none stands there."""
    document = server.document(params.text_document.uri)
    project = server.session.project(document)
    index = project.index(document.source)
    use = index.use_at(document.lines.offset(params.position))
    return None if use is None else _Place(document, project, index, use)


def definition(server: FlowServer, params: types.DefinitionParams) -> list[types.Location]:
    """Where a name is bound, or a task declared."""
    at = _place(server, params)
    return [] if at is None else [convert.location(place, server.documents) for place in at.project.definition(at.names, at.use)]


def references(server: FlowServer, params: types.ReferenceParams) -> list[types.Location]:
    """Where a name is used, in all files of the workspace."""
    at = _place(server, params)
    if at is None:
        return []
    files = server.session.files(at.document)
    places = at.project.references(at.names, at.use, files, binding=params.context.include_declaration)
    return [convert.location(place, server.documents) for place in places]


def highlights(server: FlowServer, params: types.DocumentHighlightParams) -> list[types.DocumentHighlight]:
    """Where a name is used in the same file."""
    at = _place(server, params)
    if at is None:
        return []
    places = at.project.references(at.names, at.use, ())
    return [types.DocumentHighlight(at.document.lines.range(place.span)) for place in places if place.file is at.names.source]


def prepare_rename(server: FlowServer, params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder:
    """Whether what is at a place can be renamed."""
    document = server.document(params.text_document.uri)
    project = server.session.project(document)
    try:
        use, symbol = renamable(project, project.index(document.source), document.lines.offset(params.position))
    except RefusedError as why:
        raise RequestFailed(str(why)) from None
    return types.PrepareRenamePlaceholder(document.lines.range(use.span), symbol.name)


def rename_symbol(server: FlowServer, params: types.RenameParams) -> types.WorkspaceEdit:
    """Rename what is at a place, wherever it is used."""
    document = server.document(params.text_document.uri)
    project = server.session.project(document)
    index = project.index(document.source)
    offset = document.lines.offset(params.position)
    try:
        changes = rename(project, index, offset, params.new_name, server.session.files(document))
    except RefusedError as why:
        raise RequestFailed(str(why)) from None
    return convert.workspace_edit(changes, server.documents)


def completion(server: FlowServer, params: types.CompletionParams) -> types.CompletionList:
    """What may stand at a place."""
    document = server.document(params.text_document.uri)
    project = server.session.project(document)
    checked = server.session.check(document)
    around = Around(project, project.index(document.source), checked.observed, lambda: _includable(document))
    return convert.completion(complete(around, document.lines.offset(params.position)), document.lines)


def _includable(document: Document) -> Iterator[str]:
    if document.path is None:
        return
    folder = os.path.dirname(document.path)
    for path in flows_below([folder]):
        if path != document.path:
            yield os.path.relpath(path, folder).replace(os.sep, "/")


def formatting(server: FlowServer, params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
    """The canonical layout. A text with mistakes of syntax stays as it is."""
    document = server.document(params.text_document.uri)
    text = format_source(document.source)
    if text is None or text == document.text:
        return None
    whole = types.Range(types.Position(0, 0), document.lines.position(len(document.source.text)))
    return [types.TextEdit(whole, text)]


def code_actions(server: FlowServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    """What puts the findings of a place right."""
    document = server.document(params.text_document.uri)
    only = params.context.only
    if only and not any(types.CodeActionKind.QuickFix.value.startswith(getattr(kind, "value", kind)) for kind in only):
        return []
    checked = server.session.check(document)
    index = server.session.project(document).index(document.source)
    span = document.lines.span(params.range)
    actions: list[types.CodeAction] = []
    for finding in checked.findings:
        if finding.source is not document.source or finding.span.start > span.end or finding.span.end < span.start:
            continue
        mending = mend(finding, index)
        if mending is not None:
            edits = [types.TextEdit(document.lines.range(edit.span), edit.text) for edit in mending.edits]
            actions.append(
                types.CodeAction(
                    mending.title,
                    kind=types.CodeActionKind.QuickFix,
                    diagnostics=[convert.diagnostic(finding, server.documents, server.explanations, checked.configured.explain_url)],
                    is_preferred=True,
                    edit=types.WorkspaceEdit(changes={document.uri: edits}),
                )
            )
    return actions


def symbols(server: FlowServer, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    """The names that a text binds."""
    document = server.document(params.text_document.uri)
    index = server.session.index(document)
    return [convert.symbol(entry, document.lines) for entry in outline(index.source, index.module)]


def semantic_tokens(server: FlowServer, params: types.SemanticTokensParams) -> types.SemanticTokens:
    """What each word is."""
    document = server.document(params.text_document.uri)
    if len(document.text) > LARGEST_PAINTED:
        return types.SemanticTokens(data=[])
    project = server.session.project(document)
    return convert.semantic_tokens(paint(project, project.index(document.source)), document.lines)


_REQUESTS: tuple[tuple[str, Callable[[Any, Any], Any], Any], ...] = (
    (types.TEXT_DOCUMENT_HOVER, hover, None),
    (types.TEXT_DOCUMENT_DEFINITION, definition, None),
    (types.TEXT_DOCUMENT_REFERENCES, references, None),
    (types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, highlights, None),
    (types.TEXT_DOCUMENT_PREPARE_RENAME, prepare_rename, None),
    (types.TEXT_DOCUMENT_RENAME, rename_symbol, types.RenameOptions(prepare_provider=True)),
    (types.TEXT_DOCUMENT_COMPLETION, completion, types.CompletionOptions(trigger_characters=[".", "(", "{", "=", '"', ">", ","])),
    (types.TEXT_DOCUMENT_FORMATTING, formatting, None),
    (types.TEXT_DOCUMENT_CODE_ACTION, code_actions, types.CodeActionOptions([types.CodeActionKind.QuickFix])),
    (types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, symbols, None),
    (types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, semantic_tokens, convert.LEGEND),
)


def register(server: FlowServer) -> None:
    """Let a server answer all of this."""
    for method, answer, options in _REQUESTS:

        def ask(params: Any, answer: Callable[[Any, Any], Any] = answer) -> Any:
            try:
                return answer(server, params)
            except FileNotFoundError as gone:
                raise JsonRpcInvalidParams(f"there is no such text: {gone}") from None

        ask.__name__ = answer.__name__
        server.feature(method, options)(ask) if options is not None else server.feature(method)(ask)
