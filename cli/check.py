"""``flowc check``: findings of many flows, and nothing run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .check_settings import CheckOptions, CheckSettings, check_options, check_settings
from .exits import Exit
from .report import exit_for, needs_report, print_report
from .settings import Choices, compile_options, make_settings

if TYPE_CHECKING:
    from ..compiler.pipeline import Settings
    from ..dsl.diagnostics import Diagnostic
    from ..dsl.render import Report
    from .outputs import Output


@click.command()
@click.argument("paths", nargs=-1, metavar="[FILE|DIR|-]...")
@check_options
@click.option("--stdin-filename", metavar="PATH", help="What to call standard input in findings, and where its includes are.")
@compile_options
def command(paths: tuple[str, ...], options: CheckOptions, stdin_filename: str | None, choices: Choices) -> int:
    """Find mistakes in flows: syntax, names, types, options.

    A folder means every *.flow below it, - standard input, nothing the current folder. Nothing is run and, without --app, no user code is
    imported. Leaves with 1 if there is an error. Settings for all of this stand in [tool.flowc.check] of pyproject.toml.
    """
    from .application import declared_tasks
    from .config import read_config
    from .flows import STDIN, find_flows

    config = read_config()
    check = check_settings(options, config)
    files = find_flows(paths or (".",), check.exclude)
    names = [stdin_filename or "<stdin>" if path == STDIN else path for path in files]
    targets = _targets(check, names)
    settings = make_settings(choices, config, require_params=False, tasks=declared_tasks(choices.app))
    report = make_report(look_into(files, settings, stdin_filename), names, check)
    try:
        if report is not None:
            _write(report, targets)
    finally:
        print_report(report, files=len(names), form=check.form)
    return Exit.CLEAN if report is None or check.exit_zero else exit_for(report.findings, strict=check.strict)


def _targets(check: CheckSettings, names: list[str]) -> tuple[Output, ...]:
    if not check.outputs:
        return ()
    from .outputs import read_outputs

    return read_outputs(check.outputs, names)


def _write(report: Report, targets: tuple[Output, ...]) -> None:
    if targets:
        from .outputs import write_outputs

        write_outputs(report, targets)


def make_report(found: Found, names: list[str], check: CheckSettings) -> Report | None:
    """What the formats are made from: what is told of the findings, and what is not. None if there is nothing to tell."""
    findings, hidden = found
    if not (findings or hidden or check.outputs or needs_report(check.form)):
        return None
    import os

    from ..dsl.ignored import Ignored
    from ..dsl.render import Report, count
    from .repository import repository_root

    if check.selection is not None:
        from .selection import choose

        findings, deselected = choose(findings, check.selection)
        hidden = (*hidden, *deselected)
    return Report(
        findings,
        tuple(names),
        folder=os.getcwd(),
        root=repository_root(),
        strict=check.strict,
        ignored=Ignored(*count(hidden)),
        statistics=check.statistics,
    )


#: Findings, and those that comments ignore.
Found = tuple[tuple["Diagnostic", ...], tuple["Diagnostic", ...]]


def check_files(files: list[str], settings: Settings, stdin_filename: str | None = None) -> tuple[Diagnostic, ...]:
    """The findings of all files, sorted, without those that comments ignore."""
    return look_into(files, settings, stdin_filename)[0]


def look_into(files: list[str], settings: Settings, stdin_filename: str | None = None) -> Found:
    """The findings of all files, sorted, and those that comments in them ignore.

    What a file and one that includes it have in common is there once.
    """
    from ..compiler.pipeline import compile_source
    from ..dsl.diagnostics import Findings
    from .flows import read_flow
    from .terminal import note

    findings = Findings()
    commented = []
    for path in files:
        source = read_flow(path, findings, stdin_filename)
        if source is not None:
            findings.extend(compile_source(source, settings).findings)
            if "flow:" in source.text:
                commented.append(source)
    if findings.dropped:
        note(f"flowc: {findings.dropped:,} more findings are left out\n")
    if not commented and all("flow:" not in finding.source.text for finding in findings):
        return findings.sorted(), ()
    from ..dsl.ignores import sift

    sifted = sift(findings.sorted(), commented, complete=not findings.dropped)
    return sifted.kept, sifted.ignored
