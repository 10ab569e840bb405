"""What a report is made of, and which file makes each format of it."""

from __future__ import annotations

import os
from collections.abc import Callable

from ..diagnostics import Diagnostic
from ..ignored import NONE_IGNORED, Ignored
from ..record import dataclass

#: The formats in which findings can be had. The command line has the same list, so as not to import this one.
FORMATS = ("full", "concise", "json", "sarif", "github", "gitlab", "junit", "markdown")


@dataclass(frozen=True, slots=True)
class Report:
    """The findings of one run, sorted, and what else a report may tell.

    ``files``: the names of all files that were checked. ``folder``: the absolute path that relative names start from; ``root``: the
    folder that reports for a repository name files from, of the repository. ``strict``: whether warnings fail, too.
    ``statistics``: whether to tell how often each code occurs, where a format has a place for it. ``explain_url``: the address of a code's
    explanation, with ``{code}`` where it has the code in small letters, ``{CODE}`` where in capitals; empty if there is none.
    """

    findings: tuple[Diagnostic, ...]
    files: tuple[str, ...]
    folder: str = ""
    root: str = ""
    strict: bool = False
    ignored: Ignored = NONE_IGNORED
    statistics: bool = False
    explain_url: str = ""

    def path(self, name: str) -> str:
        """The path of a file from the repository's root with ``/`` between its parts; of one outside of it the absolute path.

        What is no file (``<stdin>``) keeps its name.
        """
        if not self.root or is_no_file(name):
            return name
        return _relative(os.path.normpath(os.path.join(self.folder, name)), self.root)


def explanation(report: Report, code: str) -> str:
    """The address of a code's explanation; empty if it is not known."""
    return report.explain_url.replace("{code}", code.lower()).replace("{CODE}", code)


def is_no_file(name: str) -> bool:
    """Whether a source's name is that of no file, as ``<stdin>`` is."""
    return name.startswith("<") and name.endswith(">")


def _relative(path: str, root: str) -> str:
    inside = root.rstrip(os.sep) + os.sep
    if path.startswith(inside):
        path = path[len(inside) :]
    return path if os.sep == "/" else path.replace(os.sep, "/")


def counts_by_code(report: Report) -> list[tuple[int, str]]:
    """How often each code occurs, the most frequent first."""
    times: dict[str, int] = {}
    for finding in report.findings:
        times[finding.code] = times.get(finding.code, 0) + 1
    return sorted(((n, code) for code, n in times.items()), key=lambda item: (-item[0], item[1]))


def rendered(report: Report, form: str, *, colour: bool = False) -> str:
    """The report in one of ``FORMATS``, whole, with a line break at its end. ``colour`` is for the formats that people read."""
    return _RENDERERS[form](report, colour)


def _full(report: Report, colour: bool) -> str:
    from .text import render_full

    listed = render_full(report.findings, colour=colour)
    return f"{listed}\n{_closing(report)}" if listed else _closing(report)


def _concise(report: Report, colour: bool) -> str:
    from .text import render_concise

    return render_concise(report.findings, colour=colour) + _closing(report)


def _closing(report: Report) -> str:
    from .text import summary

    table = ""
    if report.statistics and report.findings:
        from .statistics import render_statistics

        table = render_statistics(report) + "\n"
    return table + summary(report.findings, files=len(report.files), ignored=report.ignored) + "\n"


def _json(report: Report, _: bool) -> str:
    from .json_form import render_json

    statistics = counts_by_code(report) if report.statistics else None
    return render_json(report.findings, files=len(report.files), ignored=report.ignored, statistics=statistics)


def _sarif(report: Report, _: bool) -> str:
    from .sarif import render_sarif

    return render_sarif(report)


def _github(report: Report, _: bool) -> str:
    from .github import render_github

    return render_github(report)


def _gitlab(report: Report, _: bool) -> str:
    from .gitlab import render_gitlab

    return render_gitlab(report)


def _junit(report: Report, _: bool) -> str:
    from .junit import render_junit

    return render_junit(report)


def _markdown(report: Report, _: bool) -> str:
    from .markdown import render_markdown

    return render_markdown(report)


_RENDERERS: dict[str, Callable[[Report, bool], str]] = {
    "full": _full,
    "concise": _concise,
    "json": _json,
    "sarif": _sarif,
    "github": _github,
    "gitlab": _gitlab,
    "junit": _junit,
    "markdown": _markdown,
}
