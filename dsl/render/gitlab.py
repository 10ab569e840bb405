"""Findings as a Code Quality report of GitLab, which a merge request shows in its files.

Source: "Code Quality", section "Code Quality report format", of GitLab's documentation.
"""

from __future__ import annotations

from ..diagnostics import Severity
from .characters import well_formed
from .fingerprints import fingerprints
from .report import Report

#: GitLab's grades (info, minor, major, critical, blocker) for ours.
GRADES = {Severity.ERROR: "major", Severity.WARNING: "minor"}


def render_gitlab(report: Report) -> str:
    """The report as a list of findings in JSON, in ASCII; each with a fingerprint that stays when lines move."""
    import json

    entries: list[dict[str, object]] = []
    for finding, fingerprint in zip(report.findings, fingerprints(report), strict=True):
        source = finding.source
        start, end = source.position(finding.span.start), source.position(max(finding.span.start, finding.span.end))
        last = end.line - 1 if end.column == 1 and end.line > start.line else end.line
        entries.append(
            {
                "description": well_formed(finding.message),
                "check_name": finding.code,
                "fingerprint": fingerprint,
                "severity": GRADES[finding.severity],
                "location": {"path": well_formed(report.path(source.name)), "lines": {"begin": start.line, "end": last}},
            }
        )
    return json.dumps(entries, indent=2) + "\n"
