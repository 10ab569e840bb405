"""The server as an editor meets it: one process, a real client, every feature once, and what must not end it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from .editor import Editor

STUBS = """\
task proj.extract(day: datetime, region: str = "eu") -> list[map] {queue = "etl"} "Read a region."
task proj.load(rows: list[map], mode: "fast" | "safe" = "safe") -> int "Write the rows."
"""
NUMBER = count()


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    """One editor with one server for all tests of this file."""
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "pyproject.toml").write_text('[tool.flowc]\nstubs = ["tasks.flow"]\nenv = ["CITY"]\n')
    (folder / "tasks.flow").write_text(STUBS)
    editor = Editor(folder)
    yield editor
    editor.close()


@pytest.fixture
def name() -> str:
    """A file name of its own for each test."""
    return f"test{next(NUMBER)}.flow"


def at(uri: str, position: types.Position) -> dict[str, Any]:
    return {"text_document": types.TextDocumentIdentifier(uri), "position": position}


def test_findings_come_as_one_types(editor: Editor, name: str) -> None:
    uri, _ = editor.open(name, 'x = extract("😀", quue=1)\nx -> load\n')
    (finding,) = [f for f in editor.findings(uri) if f.code == "F0403"]
    assert finding.range == types.Range(types.Position(0, 18), types.Position(0, 24))
    assert finding.source == "flowc"
    for version, text in enumerate(["x = ", "x = extract(", "x = extract(now)", "x = extract(now) -> load\nx -> load"], 2):
        editor.change(uri, text, version)
    assert [f.code for f in editor.findings(uri, 5)] == ["F0406"]
    editor.change(uri, "x = extract(now) -> load\n", 6)
    assert [f.code for f in editor.findings(uri, 6)] == []
    editor.shut(uri)
    editor.until(lambda: editor.found[uri] == [])


def test_a_code_leads_to_its_explanation(editor: Editor, name: str) -> None:
    uri, _ = editor.open(name, "unheard(1) -> of(2)\nx = 1 +\n")
    for finding in editor.findings(uri):
        assert finding.code_description is not None
        page = Path(unquote(urlsplit(finding.code_description.href).path)).read_text()
        assert page.startswith(f"# {finding.code}: ")


def test_labels_are_related_places(editor: Editor, name: str) -> None:
    uri, _ = editor.open(name, "x = 1\nx = 2\nextract(now, x)\n")
    (finding,) = [f for f in editor.findings(uri) if f.code == "F0205"]
    assert finding.related_information is not None
    assert finding.related_information[0].message == "first bound here"
    assert finding.related_information[0].location.range.start == types.Position(0, 0)


def test_comments_ignore_findings_here_too(editor: Editor, name: str) -> None:
    uri, _ = editor.open(name, "x = 1  # flow: ignore[F0904] for later\nextract(now)\n")
    assert editor.findings(uri) == []


def test_includes_are_read_from_open_texts(editor: Editor, name: str) -> None:
    lib = f"lib_{name}"
    uri, _ = editor.open(name, f'include "{lib}" as lib\nlib.fetch(now)\n')
    assert [f.code for f in editor.findings(uri)] == ["F0701"]
    editor.found.pop(uri)
    other, _ = editor.open(lib, "flow fetch(day: datetime):\n    return extract(day)\n")
    editor.change(uri, f'include "{lib}" as lib\nlib.fetch(now)\n\n', 2)
    assert editor.findings(uri, 2) == []
    editor.change(other, "flow fetched(day: datetime):\n    return extract(day)\n", 2)
    editor.until(lambda: [f.code for f in editor.found[uri]] == ["F0207"])
    edit = editor.wait(editor.client.text_document_rename_async(types.RenameParams(**at(other, types.Position(0, 6)), new_name="fetch")))
    assert edit is not None
    assert list(edit.changes or {}) == [other]
    editor.change(other, "flow fetch(day: datetime):\n    return extract(day)\n", 3)
    editor.until(lambda: editor.found[uri] == [])
    edit = editor.wait(editor.client.text_document_rename_async(types.RenameParams(**at(uri, types.Position(1, 5)), new_name="new")))
    assert edit is not None
    assert {key: [e.range.start.line for e in edits] for key, edits in (edit.changes or {}).items()} == {uri: [1], other: [0]}
    found = editor.wait(editor.client.text_document_definition_async(types.DefinitionParams(**at(uri, types.Position(1, 5)))))
    assert [place.uri for place in found] == [other]  # type: ignore[union-attr]


def test_hover(editor: Editor, name: str) -> None:
    uri, place = editor.open(name, 'é😀 = 1\nx = f"😀{é😀}"\n"😀" == x; ext§ract(now)\n'.replace("é😀", "é"))
    found = editor.wait(editor.client.text_document_hover_async(types.HoverParams(**at(uri, place))))
    assert found is not None
    assert isinstance(found.contents, types.MarkupContent)
    assert "Read a region." in found.contents.value
    assert "Options of this step" in found.contents.value
    assert found.range == types.Range(types.Position(2, 11), types.Position(2, 18))


def test_definition_of_a_task_is_in_the_stubs(editor: Editor, name: str) -> None:
    uri, place = editor.open(name, "ext§ract(now)\n")
    found = editor.wait(editor.client.text_document_definition_async(types.DefinitionParams(**at(uri, place))))
    assert [(p.uri, p.range.start) for p in found] == [  # type: ignore[union-attr]
        ((editor.folder / "tasks.flow").as_uri(), types.Position(0, 5))
    ]


def test_references_and_highlights(editor: Editor, name: str) -> None:
    uri, place = editor.open(name, "rows§ = extract(now)\nload(rows)\nload(rows)\n")
    params = types.ReferenceParams(types.ReferenceContext(include_declaration=False), **at(uri, place))
    assert [p.range.start.line for p in editor.wait(editor.client.text_document_references_async(params)) or ()] == [1, 2]
    shown = editor.wait(editor.client.text_document_document_highlight_async(types.DocumentHighlightParams(**at(uri, place))))
    assert len(shown or ()) == 3


def test_rename_refuses_with_a_reason(editor: Editor, name: str) -> None:
    uri, place = editor.open(name, "rows§ = extract(now)\nload(rows)\n")
    ready = editor.wait(editor.client.text_document_prepare_rename_async(types.PrepareRenameParams(**at(uri, place))))
    assert isinstance(ready, types.PrepareRenamePlaceholder)
    assert ready.placeholder == "rows"
    with pytest.raises(JsonRpcException, match="`when` is a reserved word"):
        editor.wait(editor.client.text_document_rename_async(types.RenameParams(**at(uri, place), new_name="when")))
    with pytest.raises(JsonRpcException, match="the name of a task"):
        editor.wait(editor.client.text_document_prepare_rename_async(types.PrepareRenameParams(**at(uri, types.Position(1, 1)))))


def test_completion(editor: Editor, name: str) -> None:
    uri, place = editor.open(name, 'x = "😀"; y = extract(now) -> load(mo§')
    found = editor.wait(editor.client.text_document_completion_async(types.CompletionParams(**at(uri, place))))
    assert isinstance(found, types.CompletionList)
    first = found.items[0]
    assert first.label == "mode="
    assert first.text_edit == types.TextEdit(types.Range(types.Position(0, 35), types.Position(0, 37)), "mode=")


def test_formatting(editor: Editor, name: str) -> None:
    uri, _ = editor.open(name, "x=extract( now )")
    document = types.TextDocumentIdentifier(uri)
    params = types.DocumentFormattingParams(document, types.FormattingOptions(4, insert_spaces=True))
    (edit,) = editor.wait(editor.client.text_document_formatting_async(params)) or ()
    assert edit.new_text == "x = extract(now)\n"
    assert edit.range == types.Range(types.Position(0, 0), types.Position(0, 16))
    editor.change(uri, "x=extract( now ", 2)
    assert editor.wait(editor.client.text_document_formatting_async(params)) is None


def test_quick_fixes(editor: Editor, name: str) -> None:
    uri, _ = editor.open(name, 'extrct(now) {quue = "a"}\n')
    whole = types.Range(types.Position(0, 0), types.Position(0, 99))
    params = types.CodeActionParams(types.TextDocumentIdentifier(uri), whole, types.CodeActionContext([]))
    actions = editor.wait(editor.client.text_document_code_action_async(params)) or ()
    assert [action.title for action in actions] == ["Change to `extract`", "Change to `queue`"]


def test_outline_and_semantic_tokens(editor: Editor, name: str) -> None:
    uri, _ = editor.open(name, "flow f(a: int):\n    return a\n\nx = f(1)  # 😀\n")
    document = types.TextDocumentIdentifier(uri)
    outline = editor.wait(editor.client.text_document_document_symbol_async(types.DocumentSymbolParams(document))) or ()
    assert [entry.name for entry in outline] == ["f", "x"]
    tokens = editor.wait(editor.client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(document)))
    assert tokens is not None
    assert len(tokens.data) == 5 * 10
    assert list(tokens.data[:5]) == [0, 0, 4, 0, 0]


HOSTILE = [
    *("", "\0", "\ufeffx = 1", "((((" * 500, '"' * 1001, "x = " + "[" * 300, "flow f():\n" * 50, "x" * 100_000, "import os"),
    *('include "../../../../etc/passwd" as x', 'include "/dev/zero.flow" as z\nz.', "x = 9" + "9" * 5_000, "a = a + a\n" * 30),
    *("\u2028\u2029\x85é😀\r\r\n\n\r", "\x1b[31mred</script>"),
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_texts(editor: Editor, name: str, number: int) -> None:
    uri, _ = editor.open(name, HOSTILE[number])
    document = types.TextDocumentIdentifier(uri)
    for line, column in ((0, 0), (0, 3), (2, 1), (99_999, 99_999)):
        place = at(uri, types.Position(line, column))
        editor.wait(editor.client.text_document_hover_async(types.HoverParams(**place)))
        editor.wait(editor.client.text_document_completion_async(types.CompletionParams(**place)))
        editor.wait(editor.client.text_document_definition_async(types.DefinitionParams(**place)))
    editor.wait(editor.client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(document)))
    editor.wait(editor.client.text_document_document_symbol_async(types.DocumentSymbolParams(document)))
    editor.findings(uri)
    editor.shut(uri)
    assert not [line for line in editor.logged if "mistake in the server" in line]


def test_an_unsaved_text_has_no_file(editor: Editor) -> None:
    item = types.TextDocumentItem("untitled:Untitled-1", "flow", 1, 'include "a.flow" as a\nx = extract(')
    editor.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    assert {"F0708", "F0102"} <= {f.code for f in editor.findings("untitled:Untitled-1")}


def test_a_request_that_fails_is_reported_and_the_server_lives_on(editor: Editor, name: str) -> None:
    nowhere = at((editor.folder / "nowhere.flow").as_uri(), types.Position(0, 0))
    with pytest.raises(JsonRpcException, match="no such text"):
        editor.wait(editor.client.text_document_hover_async(types.HoverParams(**nowhere)))
    uri, place = editor.open(name, "ext§ract(now)\n")
    assert editor.wait(editor.client.text_document_hover_async(types.HoverParams(**at(uri, place)))) is not None
