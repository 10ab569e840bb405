"""The comment of a pull request: read again by a Markdown parser, then by an HTML parser, as a service would."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from flowc.dsl.columns import visible
from flowc.dsl.diagnostics import Diagnostic, Severity
from flowc.dsl.render import Report, rendered
from flowc.dsl.render.markdown import LONGEST, words
from flowc.dsl.source import Source, Span

from .hostile import TEXTS, plain, report

MARKDOWN = MarkdownIt("commonmark").enable("table").enable("strikethrough")

#: All elements that a comment may have.
ELEMENTS = {"h3", "p", "strong", "code", "table", "thead", "tbody", "tr", "th", "td", "br", "details", "summary", "ul", "li"}

#: What services make something of, outside of code.
MEANINGFUL = re.compile(r"[@#!~$%&<>|\\`*_\[\]{}/]|\w:\w|:\w+:|\b[0-9a-f]{7,}\b|\.\w|GH-\d|\bwww")


@dataclass
class Page(HTMLParser):
    """What a reader sees: the cells of all rows, the titles of tables, and the text that is no code."""

    rows: list[list[str]] = field(default_factory=list)
    bold: list[str] = field(default_factory=list)
    prose: str = ""
    open: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ELEMENTS
        assert not attrs
        if tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.rows[-1].append("")
        elif tag == "strong":
            self.bold.append("")
        elif tag == "br":
            self.handle_data("\n")
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "td" in self.open:
            self.rows[-1][-1] += data
        if "strong" in self.open:
            self.bold[-1] += data
        if "code" not in self.open and "h3" not in self.open:
            self.prose += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def page(text: str) -> Page:
    made = Page()
    made.feed(MARKDOWN.render(text))
    made.close()
    assert made.open == []
    return made


def squeezed(text: str) -> str:
    """Blanks as HTML shows them, and the marks of code gone."""
    return " ".join(text.replace("`", "").split())


@pytest.mark.parametrize("what", TEXTS)
def test_hostile_texts_stay_texts(what: str) -> None:
    made = report(TEXTS[what], name=f"odd/{TEXTS[what]}.flow")
    text = rendered(made, "markdown")
    assert all(character.isprintable() or character == "\n" for character in text.replace("\ufe0f", ""))
    seen = page(text)
    assert seen.comments == [" flowc check "]
    assert squeezed(seen.bold[0]) == squeezed(visible(made.path(f"odd/{TEXTS[what]}.flow")))
    cells = [row for row in seen.rows if row]
    assert [row[3] for row in cells] == ["F0201", "F0201", "F0904", "F0701"]
    shown = squeezed(visible(TEXTS[what]))
    assert squeezed(cells[0][2]) == squeezed(f"{shown} Help: {shown}")
    assert squeezed(cells[1][2]) == shown
    assert not MEANINGFUL.search(re.sub(r"\b\d+:\d+\b", "", seen.prose))  # but for lines and columns


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain words, it's (all) fine: 12 of them.", "plain words, it's (all) fine: 12 of them."),
        ("see `a|b`, or not", "see <code>a&#124;b</code>, or not"),
        ("ask @me now", "ask <code>&#64;me</code> now"),
        ("a #1 #2 b", "a <code>&#35;1 &#35;2</code> b"),
        ("commit deadbeef is", "commit <code>deadbeef</code> is"),
        ("``", "<code>&#96;&#96;</code>"),
        ("a `b", "a <code>&#96;b</code>"),
        ("", ""),
    ],
)
def test_words_stay_words_and_all_else_is_code(text: str, written: str) -> None:
    assert words(text) == written


def test_counts_come_first() -> None:
    lines = rendered(plain(errors=2), "markdown").splitlines()
    assert lines[:4] == ["<!-- flowc check -->", "### flowc check", "", "❌ Found 2 errors and 1 warning in 1 file."]


def test_codes_are_explained_once() -> None:
    text = rendered(plain(errors=3), "markdown")
    assert text.count("**F0203**") == 1
    assert "<details>" in text


def test_a_comment_is_never_too_long() -> None:
    source = Source("a.flow", "x")
    other = Source("b.flow", "x")
    found = [Diagnostic("F0201", Severity.ERROR, source, Span(0, 1), f"{n} " + "|" * 5_000) for n in range(200)]
    found += [Diagnostic("F0201", Severity.ERROR, other, Span(0, 1), "short")]
    text = rendered(Report(tuple(found), ("a.flow", "b.flow")), "markdown")
    assert len(text) <= LONGEST
    seen = page(text)
    rows = sum(1 for row in seen.rows if row)
    assert f"{201 - rows} more findings would make this comment too long" in seen.prose
    assert rows > 10


def test_a_clean_run_is_a_short_comment() -> None:
    assert rendered(Report((), ("a.flow",)), "markdown") == "<!-- flowc check -->\n### flowc check\n\n✅ No findings in 1 file.\n"


def test_codes_lead_to_their_explanations() -> None:
    made = replace(plain(), explain_url="https://docs.example/{CODE}.html#{code}")
    html = MARKDOWN.render(rendered(made, "markdown"))
    assert '<a href="https://docs.example/F0203.html#f0203">F0203</a>' in html
