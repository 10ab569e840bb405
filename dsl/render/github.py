"""Findings as workflow commands of GitHub Actions, which become annotations in a pull request's files.

Source: "Workflow commands for GitHub Actions" of GitHub's documentation. A step shows ten errors and ten warnings; what is beyond them is
written as plain lines, which stay in the log.
"""

from __future__ import annotations

from ..codes import CODES
from ..columns import visible
from ..diagnostics import Diagnostic, Severity
from .report import Report, is_no_file
from .text import number, summary

#: Annotations of each kind that GitHub shows of one step.
MOST_SHOWN = 10


def render_github(report: Report) -> str:
    """One command a finding, errors first, then lines for those that GitHub would not show, and how many they are."""
    lines: list[str] = []
    rest: list[str] = []
    cut: list[str] = []
    for severity in (Severity.ERROR, Severity.WARNING):
        found = [finding for finding in report.findings if finding.severity is severity]
        lines += [_command(finding, report) for finding in found[:MOST_SHOWN]]
        rest += [_line(finding, report) for finding in found[MOST_SHOWN:]]
        if len(found) > MOST_SHOWN:
            cut.append(number(len(found) - MOST_SHOWN, severity.value))
    if cut:
        text = f"{' and '.join(cut)} more: GitHub shows {MOST_SHOWN} of each kind a step, the log has all"
        rest.append(f"::notice title=flowc check::{_data(text)}")
    rest.append(summary(report.findings, files=len(report.files), ignored=report.ignored))
    return "\n".join((*lines, *rest)) + "\n"


def _command(finding: Diagnostic, report: Report) -> str:
    source = finding.source
    start, end = source.position(finding.span.start), source.position(max(finding.span.start, finding.span.end))
    path = report.path(source.name)
    properties: dict[str, object] = {"title": f"{finding.code}: {CODES[finding.code].title}"}
    if not is_no_file(path):
        properties["file"] = path
    properties["line"] = start.line
    if end.line == start.line:
        # Columns are taken only where they are of one line.
        properties |= {"endLine": end.line, "col": start.column, "endColumn": max(end.column, start.column)}
    else:
        properties["endLine"] = end.line - 1 if end.column == 1 else end.line
    written = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    texts = [visible(finding.message), *(f"help: {visible(text)}" for text in finding.help)]
    if "file" not in properties:
        texts[0] = f"{visible(path)}: {texts[0]}"
    return f"::{finding.severity.value} {written}::{_data(chr(10).join(texts))}"


def _line(finding: Diagnostic, report: Report) -> str:
    at = finding.source.position(finding.span.start)
    path = visible(report.path(finding.source.name))
    line = f"{finding.severity.value}[{finding.code}] {path}:{at.line}:{at.column}: {visible(finding.message)}"
    # The older form of commands is found anywhere in a line.
    return line.replace("##[", "## [")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(visible(text)).replace(":", "%3A").replace(",", "%2C")
