"""``flowc check``: findings of many flows, and nothing run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .report import FORMATS, exit_for, print_findings
from .settings import Choices, compile_options, make_settings

if TYPE_CHECKING:
    from ..compiler.pipeline import Settings
    from ..dsl.diagnostics import Diagnostic


@click.command()
@click.argument("paths", nargs=-1, metavar="[FILE|DIR|-]...")
@click.option("--output-format", "form", type=click.Choice(FORMATS), default="full", show_default=True, help="How to print findings.")
@click.option("--strict", is_flag=True, help="Leave with 1 for warnings too.")
@click.option("--stdin-filename", metavar="PATH", help="What to call standard input in findings, and where its includes are.")
@compile_options
def command(paths: tuple[str, ...], form: str, strict: bool, stdin_filename: str | None, choices: Choices) -> int:
    """Find mistakes in flows: syntax, names, types, options.

    A folder means every *.flow below it, - standard input, nothing the current folder. Nothing is run and, without --app, no user code is
    imported. Leaves with 1 if there is an error.
    """
    from .application import declared_tasks
    from .config import read_config
    from .flows import find_flows

    files = find_flows(paths or (".",))
    settings = make_settings(choices, read_config(), require_params=False, tasks=declared_tasks(choices.app))
    findings = check_files(files, settings, stdin_filename)
    print_findings(findings, files=len(files), form=form)
    return exit_for(findings, strict=strict)


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
