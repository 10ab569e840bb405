"""Reports that try to break out of a format: texts that mean something to readers of some format, wherever a report has a text."""

from __future__ import annotations

from flowc.dsl.diagnostics import Diagnostic, Edit, Label, Severity
from flowc.dsl.render import Report
from flowc.dsl.source import Source, Span

TEXTS = {
    "quotes": """a "b" 'c' `d` \\" \\' \\` ``e`` """,
    "lines": "one\ntwo\r\nthree\rfour\x85five\u2028six\u2029seven\x0beight\x0cnine",
    "xml": "]]> <![CDATA[ <!-- --> </failure></testcase> &amp; &#0; <?xml?> <!DOCTYPE x>",
    "html": "</script><script>alert(1)</script> <img src=x onerror=alert(1)> </code></td></table> </details>",
    "commands": "::error file=x,line=1::pwned ##[error]pwned ::set-output name=a::b ::stop-commands::x",
    "lines of commands": "x\n::error file=x::pwned\n##[error]pwned\n::add-mask::e",
    "percent": "%0A::error::pwned %0D%25 %2C %3A %",
    "properties": "a,line=1,col=2:title=b;c=d]e",
    "terminal": "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b31m \x08\x7f",
    "directions": "\u202eabc\u202c \u2066x\u2069 \u200f\u200e \u200b \ufeff",
    "surrogates": "\udc80\udcff \ud83d \ude00 x\ud800",
    "null": "a\x00b",
    "no characters": "\ufffe \uffff \U0001fffe \ufdd0",
    "beyond": "😀 e\u0301 日本語 \U0001d518",
    "table": "| a | b |\n|---|---|\n\\| \\\\| a\\",
    "markdown": "[a](https://x.example) ![b](x) **c** _d_ ~~e~~ # f\n# g\n- h\n1. i\n> j\n```\nk",
    "mentions": "@somebody @some-team/x #123 GH-123 x/y#1 !5 %milestone ~label $snippet &epic :smile: deadbeef1234567",
    "addresses": "https://x.example/y www.x.example me@x.example ftp://x <https://x>",
    "slash commands": "/close\n/merge",
    "formulas": "$a$ $$b$$ =cmd()",
    "json": '{"a": [1]} \\u0000 \\n "',
    "links of messages": "[click](https://x.example) [a](1) \\[b\\](2)",
    "blanks": "  a\t b  ",
    "empty": "",
}


def report(text: str, *, name: str | None = None, strict: bool = False) -> Report:
    """Findings with ``text`` in each of their parts; the file is called ``name``, else by the text, too."""
    called = text if name is None else name
    body = f"x = {text}\n  y 😀 z\n"
    here = Source(called, body, called)
    there = Source(f"lib/{text}", f"{text}\n")
    away = Source("gone.flow", "", shown=False)
    whole = Span(0, len(body))
    label = Label(there, Span(0, 1), text)
    return Report(
        (
            Diagnostic("F0201", Severity.ERROR, here, Span(4, 4 + len(text)), text, (label,), (text,), (Edit(Span(0, 1), text),)),
            Diagnostic("F0201", Severity.ERROR, here, whole, f"`{text}`"),
            Diagnostic("F0904", Severity.WARNING, there, Span(0, 1), text, help=(text, text)),
            Diagnostic("F0701", Severity.ERROR, away, Span(0, 0), text),
        ),
        (called, "clean.flow"),
        folder="/repo/sub",
        root="/repo",
        strict=strict,
    )


def plain(*, errors: int = 1, warnings: int = 1, text: str = "task add(x: int)\nadd(nothing)\n", name: str = "a.flow") -> Report:
    """A report of as many findings, all at the same place of a harmless file, each with its number."""
    source = Source(name, text, name)
    at = Span(text.index("nothing"), text.index("nothing") + 7)
    found = [Diagnostic("F0203", Severity.ERROR, source, at, f"error {n}") for n in range(errors)]
    found += [Diagnostic("F0904", Severity.WARNING, source, at, f"warning {n}") for n in range(warnings)]
    return Report(tuple(found), (name,), folder="/repo/sub", root="/repo")
