"""Findings as Markdown for the comment of a pull or merge request: counts, a table for each file, and what the codes mean.

Texts from flows and names of files stay text: what is no plain word stands as code, written in character references, where neither
Markdown nor HTML nor the mentions, issue numbers, emoji and addresses that GitHub and GitLab look for have a meaning.

Source: GitHub Flavored Markdown Spec; "Basic writing and formatting syntax" of GitHub's documentation.
"""

from __future__ import annotations

import re

from ..codes import CODES
from ..columns import visible
from ..diagnostics import Diagnostic, Severity
from .report import Report, explanation
from .text import number, summary

#: By this, a program that posts the report can find the comment of the run before.
MARKER = "<!-- flowc check -->"

#: Characters of a report: a comment on GitHub has at most 65,536.
LONGEST = 60_000

#: Characters of one message.
LONGEST_MESSAGE = 500

_SIGNS = {Severity.ERROR: "❌", Severity.WARNING: "⚠️"}

#: A word that no service makes anything of, with the marks around it.
_PLAIN = re.compile(r"[(\"']?(?:[^\W\d_]+(?:['’-][^\W\d_]+)*|\d{1,6})[\"')]?[.,;:!?]?[)]?|[-–—=+]|[(]|[.,;:)?]{1,3}")
_HASH = re.compile(r"[0-9a-fA-F]{7,}[.,;:!?]?")


def render_markdown(report: Report) -> str:
    """The report as a comment: its findings by file, then its codes. One that would be too long for a comment says what is left out."""
    title = summary(report.findings, files=len(report.files), ignored=report.ignored)
    parts = [f"{MARKER}\n### flowc check\n\n{_sign(report)} {title}\n"]
    by_file: dict[str, list[Diagnostic]] = {}
    for finding in report.findings:
        by_file.setdefault(finding.source.name, []).append(finding)
    meanings = _meanings(sorted({finding.code for finding in report.findings}))
    left = LONGEST - len(parts[0]) - len(meanings) - 200
    missing = 0
    for name, findings in by_file.items():
        head = f"\n**{code(report.path(name))}**\n\n| | place | finding | code |\n|---|---|---|---|\n"
        rows = [_row(finding, explanation(report, finding.code)) for finding in findings]
        shown = 0
        if left > len(head) + len(rows[0]):
            left -= len(head)
            parts.append(head)
            for row in rows:
                if len(row) > left:
                    break
                left -= len(row)
                parts.append(row)
                shown += 1
        if shown < len(rows):
            left = 0
        missing += len(rows) - shown
    if missing:
        parts.append(f"\n{number(missing, 'more finding')} would make this comment too long: see the job’s log.\n")
    return "".join(parts) + meanings


def _sign(report: Report) -> str:
    if any(finding.severity is Severity.ERROR for finding in report.findings):
        return _SIGNS[Severity.ERROR]
    return _SIGNS[Severity.WARNING] if report.findings else "✅"


def _row(finding: Diagnostic, address: str) -> str:
    at = finding.source.position(finding.span.start)
    texts = [finding.message, *(f"Help: {text}" for text in finding.help)]
    message = "<br>".join(words(_cut(text)) for text in texts)
    code = f"[{finding.code}]({address})" if address else finding.code
    return f"| {_SIGNS[finding.severity]} | {at.line}:{at.column} | {message} | {code} |\n"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_MESSAGE else f"{text[: LONGEST_MESSAGE - 1]}…"


def _meanings(codes: list[str]) -> str:
    if not codes:
        return ""
    lines = [f"- **{entry.code}** {words(entry.title)}. {words(_one_line(entry.explanation))}\n" for entry in map(CODES.__getitem__, codes)]
    while sum(map(len, lines)) > LONGEST // 3:
        lines.pop()
    listed = "".join(lines)
    return f"\n<details><summary>What the codes mean</summary>\n\n{listed}\n</details>\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def words(text: str) -> str:
    """A text of one paragraph: plain words as they are, everything else as code."""
    made: list[str] = []
    strange: list[str] = []
    for part in re.split("(`[^`]+`)", visible(text)):
        if len(part) > 2 and part.startswith("`") and part.endswith("`"):
            made.append(_end(strange))
            made.append(code(part[1:-1]))
            continue
        for piece in re.split("( +)", part):
            if not piece.strip():
                (strange if strange else made).append(" " if piece else "")
            elif _is_plain(piece):
                made.append(_end(strange))
                made.append(piece)
            else:
                strange.append(piece)
        made.append(_end(strange))
    return "".join(made).strip()


def _is_plain(word: str) -> bool:
    return bool(_PLAIN.fullmatch(word)) and not _HASH.fullmatch(word)


def _end(strange: list[str]) -> str:
    """Make one piece of code of what was gathered, and forget it."""
    text = "".join(strange)
    strange.clear()
    blanks = len(text) - len(text.rstrip(" "))
    return code(text.rstrip(" ")) + " " * blanks if text else ""


def code(text: str) -> str:
    """A text as code, whatever it holds. A table's bar and a backtick are references, too, so it may stand anywhere in a line."""
    escaped = re.sub(r"[^\w ]|_", lambda found: f"&#{ord(found[0])};", visible(text))
    return f"<code>{escaped}</code>" if escaped else ""
