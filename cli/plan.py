"""``flowc plan``: the calls that a flow makes, and how they travel on stock Celery workers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from .exits import Exit
from .settings import Choices, compile_options, make_settings
from .terminal import out, out_json, wants_colour

if TYPE_CHECKING:
    from ..compiler.plan import Canvas, Plan
    from ..dsl.source import Source


@click.command()
@click.argument("path", metavar="FILE|-")
@click.option(
    "--target",
    type=click.Choice(["celery"]),
    help="Show what of the flow the messages of stock Celery workers can carry by themselves, and what stands in the way.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON, as the runtime reads it.")
@click.option("--stdin-filename", metavar="PATH", help="What to call standard input in findings, and where its includes are.")
@compile_options
def command(path: str, target: str | None, as_json: bool, stdin_filename: str | None, choices: Choices) -> int:
    """Show the calls that a flow makes, as apply_async with resolved options, in an order in which each comes after what it needs.

    With --target celery, show which message carries each step; the exit code is 1 if messages cannot carry all of them.
    """
    from .application import declared_tasks
    from .config import read_config
    from .one import compile_one

    settings = make_settings(choices, read_config(), require_params=True, tasks=declared_tasks(choices.app))
    compiled = compile_one(path, settings, stdin_filename, choices.app)
    if compiled is None:
        return Exit.FINDINGS
    source, plan = compiled
    if target is not None:
        canvas = plan.canvas()
        out_json(_json(plan, canvas)) if as_json else out(_text(source, plan, canvas))
        return Exit.CLEAN if canvas.whole else Exit.FINDINGS
    if as_json:
        out_json(plan.to_json(indent=2) + "\n")
    else:
        from .listing import listing

        out(listing(plan))
    return Exit.CLEAN


def _json(plan: Plan, canvas: Canvas) -> str:
    import json

    from ..compiler.canvas_json import encode_canvas

    return json.dumps(encode_canvas(plan, canvas), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _text(source: Source, plan: Plan, canvas: Canvas) -> str:
    from ..compiler.canvas_findings import canvas_findings
    from ..dsl.render import render_full
    from .carriage import carriage
    from .flows import source_of

    found = canvas_findings((*canvas.obstacles, *canvas.remarks), source_of(source))
    text = carriage(plan, canvas)
    return f"{text}\n{render_full(found, colour=wants_colour(sys.stdout))}" if found else text
