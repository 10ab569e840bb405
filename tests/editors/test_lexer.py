"""The lexer for Pygments: it has a colour for everything that the language has."""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import Comment, Error, Keyword, Name, Operator, String, _TokenType

from flowc.lexer import FlowLexer

ROOT = Path(__file__).parents[2]
FLOWS = sorted((*(ROOT / "examples").rglob("*.flow"), *(ROOT / "tests" / "corpus" / "ok").rglob("*.flow")))
PAGE = (ROOT / "docs" / "language.md").read_text("utf-8")


def read(text: str) -> list[tuple[_TokenType, str]]:
    return list(FlowLexer(ensurenl=False, stripnl=False).get_tokens(text))


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_flows_have_no_errors(path: Path) -> None:
    text = path.read_text("utf-8")
    found = read(text)
    assert [value for kind, value in found if kind is Error] == []
    assert "".join(value for _, value in found) == text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")


def test_the_language_page_has_no_errors() -> None:
    flows = re.findall(r"^```flow\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert len(flows) > 10
    assert [value for text in flows for kind, value in read(text) if kind is Error] == []


def test_words_have_their_kinds() -> None:
    found = read('from a.b import c  # why\nx = c("q", f"a {x.y} b") {queue = "z"} -> d !> each len([now])\n')
    for pair in [
        (Keyword.Namespace, "from"),
        (Name.Namespace, "a.b"),
        (Comment.Single, "# why"),
        (Name.Function, "c"),
        (Name.Attribute, "y"),
        (String, " b"),
        (Operator, "->"),
        (Keyword, "each"),
        (Name.Builtin, "len"),
        (Keyword.Constant, "now"),
    ]:
        assert pair in found


@pytest.mark.parametrize("text", ['"open', "'''open\n", 'f"{', 'f"{{x}} {"a"}"', "\\", "x = @", '"\\', "{" * 5_000])
def test_any_text_is_read_to_its_end(text: str) -> None:
    assert "".join(value for _, value in read(text)) == text


def test_pygments_finds_it() -> None:
    assert [entry.value for entry in entry_points(group="pygments.lexers") if entry.name == "flowc"] == ["flowc.lexer:FlowLexer"]
    assert isinstance(get_lexer_by_name("flowc"), FlowLexer)
    assert isinstance(get_lexer_for_filename("a.flow"), FlowLexer)
