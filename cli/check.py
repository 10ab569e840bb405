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
    from .inspecting import Inspected
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
    from .inspecting import inspect
    from .terminal import note

    config = read_config()
    check = check_settings(options, config)
    files = find_flows(paths or (".",), check.exclude)
    names = [stdin_filename or "<stdin>" if path == STDIN else path for path in files]
    targets = _targets(check, names)
    settings = make_settings(choices, config, require_params=False, tasks=declared_tasks(choices.app))
    found = inspect(files, settings, stdin_filename=stdin_filename, selection=check.selection)
    if found.dropped:
        note(f"flowc: {found.dropped:,} more findings are left out\n")
    report = make_report(found, names, check)
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


def make_report(found: Inspected, names: list[str], check: CheckSettings) -> Report | None:
    """What the formats are made from; None if there is nothing to tell."""
    if not (found.told or found.hidden_errors or found.hidden_warnings or check.outputs or needs_report(check.form)):
        return None
    import os

    from ..dsl.ignored import Ignored
    from ..dsl.render import Report
    from .repository import repository_root

    return Report(
        found.told,
        tuple(names),
        folder=os.getcwd(),
        root=repository_root(),
        strict=check.strict,
        ignored=Ignored(found.hidden_errors, found.hidden_warnings),
        statistics=check.statistics,
        explain_url=check.explain_url,
    )


def check_files(files: list[str], settings: Settings) -> tuple[Diagnostic, ...]:
    """The findings of some files, sorted, without those that comments ignore."""
    from .inspecting import inspect

    return inspect(files, settings).told
