"""``flowc export``: a flow as code that needs no flowc."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .exits import Exit
from .settings import Choices, compile_options, make_settings
from .terminal import note, out

if TYPE_CHECKING:
    from ..compiler.plan import Canvas
    from ..dsl.source import Source


@click.command()
@click.argument("path", metavar="FILE|-")
@click.option("--to", "target", type=click.Choice(["python"]), required=True, help="python: a module with Celery's canvas.")
@click.option("-o", "--output", metavar="FILE", help="Write this file, instead of standard output.")
@click.option("--stdin-filename", metavar="PATH", help="What to call standard input in findings, and where its includes are.")
@compile_options
def command(path: str, target: str, output: str | None, stdin_filename: str | None, choices: Choices) -> int:
    """Write a flow as Python code for Celery: signatures, chains, groups and chords, with the parameters that are given here.

    Where Celery's canvas has nothing of the kind, findings and a comment in the code say which steps are missing, and why. Then the exit
    code is 1.
    """
    from ..compiler.python_code import python_code
    from .application import declared_tasks
    from .config import read_config
    from .one import compile_one

    settings = make_settings(choices, read_config(), require_params=True, tasks=declared_tasks(choices.app))
    compiled = compile_one(path, settings, stdin_filename, choices.app)
    if compiled is None:
        return Exit.FINDINGS
    source, plan = compiled
    canvas = plan.canvas()
    code = python_code(plan, canvas, Path(source.name).name)
    if output is None:
        out(code)
    else:
        from .replacing import replace_file

        replace_file(output, code)
    _note(source, canvas)
    if output is not None and canvas.whole:
        note(f"{output}: {len(plan.calls):,} step{'' if len(plan.calls) == 1 else 's'}\n")
    return Exit.CLEAN if canvas.whole else Exit.FINDINGS


def _note(source: Source, canvas: Canvas) -> None:
    """Tell what the code lacks."""
    import sys

    from ..compiler.canvas_findings import canvas_findings
    from ..dsl.render import render_full
    from .flows import source_of
    from .terminal import wants_colour

    found = canvas_findings((*canvas.obstacles, *canvas.remarks), source_of(source))
    if found:
        note(render_full(found, colour=wants_colour(sys.stderr)) + "\n")
    if not canvas.whole:
        note("Not all of the flow is in the code: Celery's canvas cannot express the rest.\n")
