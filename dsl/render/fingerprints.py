"""What a finding is known by when lines move: services compare it from one run to the next to tell new findings from old ones."""

from __future__ import annotations

from hashlib import sha256

from .json_form import first_line
from .report import Report

#: Characters of the underlined text that count.
LONGEST = 200


def fingerprints(report: Report) -> list[str]:
    """One for each finding, in their order: 32 hexadecimal digits, all different.

    Made from the code, the file, the text that is underlined and the line it begins in, without its indentation. Where several findings
    have all that in common, they are counted. Neither the line's number nor the wording of the message is part of it.
    """
    made: list[str] = []
    times: dict[tuple[str, ...], int] = {}
    for finding in report.findings:
        source, span = finding.source, finding.span
        marked = source.text[span.start : min(span.end, span.start + LONGEST)]
        key = (finding.code, report.path(source.name), marked, first_line(source, span).strip())
        times[key] = times.get(key, 0) + 1
        text = "\0".join((*(part.replace("\0", "\\0") for part in key), str(times[key])))
        made.append(sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32])
    return made
