"""Findings as SARIF 2.1.0, which code scanning of GitHub and others reads.

Source: Static Analysis Results Interchange Format (SARIF) Version 2.1.0, OASIS Standard; "SARIF support for code scanning" of GitHub's
documentation.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import Any

from ..codes import CODES, Code
from ..diagnostics import Diagnostic
from ..source import Source, Span
from .characters import well_formed
from .fingerprints import fingerprints
from .json_form import LONGEST_SNIPPET
from .report import Report, explanation, is_no_file

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

#: What paths are relative to.
ROOT = "%SRCROOT%"

#: The name of the fingerprint; it changes when the way to make it does.
FINGERPRINT = "flowcFinding/v1"

_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


def render_sarif(report: Report) -> str:
    """The report as one run of SARIF, in ASCII. Columns count UTF-16 code units, as SARIF does unless told otherwise."""
    import json

    from ... import __version__

    codes = sorted({finding.code for finding in report.findings})
    places = _Places(report)
    marks = fingerprints(report)
    run = {
        "tool": {
            "driver": {
                "name": "flowc",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(CODES[code], explanation(report, code)) for code in codes],
            }
        },
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
        "invocations": [{"executionSuccessful": True}],
        "results": [_result(d, codes.index(d.code), mark, places) for d, mark in zip(report.findings, marks, strict=True)],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(entry: Code, address: str) -> dict[str, Any]:
    examples = ""
    if entry.bad.strip():
        examples += f"\n\nThis gets the finding:\n\n{_fenced(entry.bad)}"
    if entry.good.strip():
        examples += f"\n\nThis does not:\n\n{_fenced(entry.good)}"
    text = entry.explanation.strip()
    rule = {
        "id": entry.code,
        "shortDescription": {"text": entry.title},
        "fullDescription": {"text": text},
        "help": {"text": text, "markdown": f"**{entry.title}**\n\n{text}{examples}"},
        "defaultConfiguration": {"level": entry.severity.value},
        "properties": {"problem.severity": entry.severity.value, "tags": ["flowc"]},
    }
    return {**rule, "helpUri": address} if address else rule


def _fenced(flow: str) -> str:
    flow = flow.strip("\n")
    return f"```\n{flow}\n```"


def _result(finding: Diagnostic, rule: int, fingerprint: str, places: _Places) -> dict[str, Any]:
    made: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": finding.severity.value,
        "message": {"text": _text("\n".join((finding.message, *finding.help)))},
        "locations": [{"physicalLocation": places.of(finding.source, finding.span)}],
        "partialFingerprints": {FINGERPRINT: fingerprint},
    }
    if finding.labels:
        made["relatedLocations"] = [
            {"id": number, "physicalLocation": places.of(label.source, label.span), "message": {"text": _text(label.text)}}
            for number, label in enumerate(finding.labels, 1)
        ]
    if finding.fix:
        replacements = [
            {"deletedRegion": places.region(finding.source, edit.span), "insertedContent": {"text": well_formed(edit.text)}}
            for edit in finding.fix
        ]
        made["fixes"] = [{"artifactChanges": [{"artifactLocation": places.artifact(finding.source), "replacements": replacements}]}]
    return made


def _text(message: str) -> str:
    """A message in which nothing is taken for an embedded link, ``[text](address)``."""
    return well_formed(message).replace("](", "] (")


class _Places:
    """Places in files as SARIF gives them. Where characters beyond UTF-16's 16 bits stand is looked up once a file."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self._astral: dict[int, tuple[Source, list[int]]] = {}

    def of(self, source: Source, span: Span) -> dict[str, Any]:
        """A physical location."""
        region: dict[str, Any] = self.region(source, span)
        if source.shown and span.start < span.end <= min(len(source.text), span.start + LONGEST_SNIPPET):
            region["snippet"] = {"text": well_formed(source.text[span.start : span.end])}
        return {"artifactLocation": self.artifact(source), "region": region}

    def artifact(self, source: Source) -> dict[str, str]:
        """Where a file is: from the repository's root, if it is below it."""
        from urllib.parse import quote

        path = self.report.path(source.name)
        encoded = quote(path.encode("utf-8", "surrogateescape") if _is_a_name(path) else well_formed(path), safe="/")
        if is_no_file(path):
            return {"uri": encoded}
        if path.startswith("/"):
            return {"uri": f"file://{encoded}"}
        return {"uri": encoded, "uriBaseId": ROOT}

    def region(self, source: Source, span: Span) -> dict[str, int]:
        """A region by lines and columns, both from 1; its end is exclusive."""
        start, end = source.position(span.start), source.position(max(span.start, span.end))
        return {
            "startLine": start.line,
            "startColumn": start.column + self._more(source, start.line, span.start),
            "endLine": end.line,
            "endColumn": end.column + self._more(source, end.line, span.end),
        }

    def _more(self, source: Source, line: int, offset: int) -> int:
        """How many characters before an offset, in its line, take two code units."""
        if source.text.isascii():
            return 0
        if id(source) not in self._astral:
            self._astral[id(source)] = (source, [found.start() for found in _ASTRAL.finditer(source.text)])
        found = self._astral[id(source)][1]
        return bisect_left(found, min(offset, len(source.text))) - bisect_left(found, source.line_starts[line - 1])


def _is_a_name(path: str) -> bool:
    """Whether halves of surrogate pairs in it can only be bytes that are not UTF-8, as Python gives them in names of files."""
    return not any("\ud800" <= character <= "\udc7f" or "\udd00" <= character <= "\udfff" for character in path)
