"""``flowc check``: findings of many flows, and nothing run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .report import FORMATS, exit_for, needs_report, print_report
from .settings import Choices, compile_options, make_settings

if TYPE_CHECKING:
    from ..compiler.pipeline import Settings
    from ..dsl.diagnostics import Diagnostic
    from ..dsl.render import Report
    from .outputs import Output


@click.command()
@click.argument("paths", nargs=-1, metavar="[FILE|DIR|-]...")
@click.option("--output-format", "form", type=click.Choice(FORMATS), default="full", show_default=True, help="How to print findings.")
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="[FORMAT:]FILE",
    help="Write a report to a file, too. The end of its name (.sarif .json .xml .md) says the format, or FORMAT does. May be repeated.",
)
@click.option("--strict", is_flag=True, help="Leave with 1 for warnings too.")
@click.option("--stdin-filename", metavar="PATH", help="What to call standard input in findings, and where its includes are.")
@compile_options
def command(paths: tuple[str, ...], form: str, outputs: tuple[str, ...], strict: bool, stdin_filename: str | None, choices: Choices) -> int:
    """Find mistakes in flows: syntax, names, types, options.

    A folder means every *.flow below it, - standard input, nothing the current folder. Nothing is run and, without --app, no user code is
    imported. Leaves with 1 if there is an error.
    """
    from .application import declared_tasks
    from .config import read_config
    from .flows import STDIN, find_flows

    files = find_flows(paths or (".",))
    names = [stdin_filename or "<stdin>" if path == STDIN else path for path in files]
    targets = _targets(outputs, names)
    settings = make_settings(choices, read_config(), require_params=False, tasks=declared_tasks(choices.app))
    findings = check_files(files, settings, stdin_filename)
    told = bool(findings or targets or needs_report(form))
    report = make_report(findings, names, strict=strict) if told else None
    try:
        _write(report, targets)
    finally:
        print_report(report, files=len(names), form=form)
    return exit_for(findings, strict=strict)


def _targets(outputs: tuple[str, ...], names: list[str]) -> tuple[Output, ...]:
    if not outputs:
        return ()
    from .outputs import read_outputs

    return read_outputs(outputs, names)


def _write(report: Report | None, targets: tuple[Output, ...]) -> None:
    if report is None or not targets:
        return
    from .outputs import write_outputs

    write_outputs(report, targets)


def make_report(findings: tuple[Diagnostic, ...], names: list[str], *, strict: bool) -> Report:
    """What the formats are made from."""
    import os

    from ..dsl.render import Report
    from .repository import repository_root

    return Report(findings, tuple(names), folder=os.getcwd(), root=repository_root(), strict=strict)


def check_files(files: list[str], settings: Settings, stdin_filename: str | None = None) -> tuple[Diagnostic, ...]:
    """The findings of all files, sorted; what a file and one that includes it have in common is there once."""
    from ..compiler.pipeline import compile_source
    from ..dsl.diagnostics import Findings
    from .flows import read_flow
    from .terminal import note

    findings = Findings()
    for path in files:
        source = read_flow(path, findings, stdin_filename)
        if source is not None:
            findings.extend(compile_source(source, settings).findings)
    if findings.dropped:
        note(f"flowc: {findings.dropped:,} more findings are left out\n")
    return findings.sorted()
