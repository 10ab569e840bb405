"""Findings as JUnit XML, which Jenkins, GitLab, Azure Pipelines, CircleCI and others show as tests: one a file.

Source: the form that Jenkins' JUnit plugin reads. A test has one failure, since readers look at the first alone.
"""

from __future__ import annotations

import re

from ..columns import visible
from ..diagnostics import Diagnostic, Severity
from .report import Report
from .text import count, number, render_full

#: What stands for characters that have a meaning in XML, or none.
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}

#: Everything but letters, digits, blanks and harmless signs of ASCII.
_STRANGE = re.compile("[^ !#-%'-;=?-~]")


def render_junit(report: Report) -> str:
    """One test a file, in ASCII. Its errors make it fail (and, strictly, its warnings); warnings stand in its output."""
    found: dict[str, list[Diagnostic]] = {report.path(name): [] for name in report.files}
    for finding in report.findings:
        found.setdefault(report.path(finding.source.name), []).append(finding)
    cases = [_case(path, findings, report.strict) for path, findings in found.items()]
    failures = sum("<failure" in case for case in cases)
    counts = f'name="flowc check" tests="{len(cases)}" failures="{failures}" errors="0" skipped="0" time="0"'
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites {counts.replace(" skipped=", " disabled=")}>\n  <testsuite {counts}>\n'
    return f"{head}{''.join(cases)}  </testsuite>\n</testsuites>\n"


def _case(path: str, findings: list[Diagnostic], strict: bool) -> str:
    failing = [finding for finding in findings if strict or finding.severity is Severity.ERROR]
    others = [finding for finding in findings if not strict and finding.severity is not Severity.ERROR]
    name = _escaped(visible(path))
    inside = ""
    if failing:
        kinds = dict.fromkeys(finding.code for finding in failing)
        message = _escaped(_message(failing))
        inside += f'      <failure message="{message}" type="{_escaped(" ".join(kinds))}">{_escaped(render_full(failing))}</failure>\n'
    if others:
        inside += f"      <system-out>{_escaped(render_full(others))}</system-out>\n"
    opening = f'    <testcase classname="flowc.check" name="{name}" file="{name}" time="0"'
    return f"{opening}>\n{inside}    </testcase>\n" if inside else f"{opening}/>\n"


def _message(findings: list[Diagnostic]) -> str:
    first = findings[0]
    if len(findings) == 1:
        return f"{first.code}: {visible(first.message)}"
    errors, warnings = count(findings)
    parts = [number(n, noun) for n, noun in ((errors, "error"), (warnings, "warning")) if n]
    return f"{' and '.join(parts)}, first {first.code}: {visible(first.message)}"


def _escaped(text: str) -> str:
    """The text as an attribute or content holds it: in ASCII, and nothing in it has a meaning."""
    return _STRANGE.sub(lambda found: _ENTITIES.get(found[0]) or _reference(found[0]), text)


def _reference(character: str) -> str:
    code = ord(character)
    if character == "\n":
        return character
    if character == "\t" or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code > 0xFFFF:
        return f"&#{code};"
    return _escaped(visible(character))  # nothing that XML may hold
