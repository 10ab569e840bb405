"""Findings as JSON of flowc's own: all that is known of each."""

from __future__ import annotations

from collections.abc import Sequence

from ..diagnostics import Diagnostic
from ..ignored import NONE_IGNORED, Ignored
from ..snippet import line_extent
from ..source import Source, Span
from .text import count

#: The version of the form. It changes when a reader of an older one could misunderstand it.
JSON_VERSION = 1

#: Characters of source that a finding quotes.
LONGEST_SNIPPET = 400


def render_json(
    findings: Sequence[Diagnostic], *, files: int, ignored: Ignored = NONE_IGNORED, statistics: Sequence[tuple[int, str]] | None = None
) -> str:
    """The findings as JSON, in ASCII: a version, counts, all that is known of each. Lines and columns count from 1; ends are exclusive.

    ``statistics``: how often each code occurs, if that is wanted, too.
    """
    import json

    errors, warnings = count(findings)
    document: dict[str, object] = {
        "version": JSON_VERSION,
        "counts": {"files": files, "errors": errors, "warnings": warnings},
        "ignored": {"errors": ignored.errors, "warnings": ignored.warnings},
        "findings": [_as_json(finding) for finding in findings],
    }
    if statistics is not None:
        document["statistics"] = [{"code": code, "count": times} for times, code in statistics]
    return json.dumps(document, indent=2) + "\n"


def _as_json(finding: Diagnostic) -> dict[str, object]:
    source = finding.source
    return {
        "severity": finding.severity.value,
        "code": finding.code,
        "message": finding.message,
        "file": source.name,
        "range": _range(source, finding.span),
        "snippet": first_line(source, finding.span),
        "labels": [
            {"file": label.source.name, "range": _range(label.source, label.span), "message": label.text} for label in finding.labels
        ],
        "help": list(finding.help),
        "fixes": [{"range": _range(source, edit.span), "text": edit.text} for edit in finding.fix],
    }


def _range(source: Source, span: Span) -> dict[str, dict[str, int]]:
    start, end = source.position(span.start), source.position(span.end)
    return {"start": {"line": start.line, "column": start.column}, "end": {"line": end.line, "column": end.column}}


def first_line(source: Source, span: Span) -> str:
    """The line that a span begins in, or the beginning of a long one."""
    start, end = line_extent(source, source.position(span.start).line)
    return source.text[start : min(end, start + LONGEST_SNIPPET)]
