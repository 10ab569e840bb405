"""Printing findings."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .exits import Exit
from .terminal import note, out, wants_colour

if TYPE_CHECKING:
    from ..dsl.diagnostics import Diagnostic
    from ..dsl.render import Report

#: The formats of findings; made in ``dsl/render``, which a clean check does not import.
FORMATS = ("full", "concise", "json", "sarif", "github", "gitlab", "junit", "markdown")

#: The formats whose report of a clean run is the closing line alone.
_FOR_PEOPLE = ("full", "concise")


def print_report(report: Report | None, *, files: int, form: str) -> None:
    """Write a report to standard output as the product of a command, in one of ``FORMATS``; None: there is nothing to tell."""
    if report is None:
        out(f"No findings in {files:,} file{'' if files == 1 else 's'}.\n")
        return
    from ..dsl.render import rendered

    out(rendered(report, form, colour=wants_colour(sys.stdout)))


def needs_report(form: str) -> bool:
    """Whether a format says something of a run without findings that a closing line would not."""
    return form not in _FOR_PEOPLE


def note_findings(findings: Sequence[Diagnostic], *, path: str, app: str | None = None) -> None:
    """Write the errors to standard error, beside another product; of warnings, which are the business of ``flowc check``, just how many.

    ``app`` names the application that the flow was checked against, so that ``flowc check`` finds the same.
    """
    if not findings:
        return
    from ..dsl import ignores, render
    from ..dsl.columns import visible

    errors = [finding for finding in findings if finding.severity.value == "error"]
    warnings = sum(finding.severity.value != "error" for finding in ignores.sift(findings).kept)
    if errors:
        note(render.render_full(errors, colour=wants_colour(sys.stderr)) + "\n")
        note(render.summary(errors, files=1) + "\n")
    if warnings:
        command = f"flowc check {path} --app {app}" if app else f"flowc check {path}"
        note(f"{render.number(warnings, 'warning')}; {visible(command)} shows {'it' if warnings == 1 else 'them'}.\n")


def exit_for(findings: Sequence[Diagnostic], *, strict: bool = False) -> Exit:
    """1 if any finding is an error (or, strictly, anything at all), else 0."""
    failed = any(strict or finding.severity.value == "error" for finding in findings)
    return Exit.FINDINGS if failed else Exit.CLEAN
