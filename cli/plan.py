"""``flowc plan``: the calls that a flow makes."""

from __future__ import annotations

import click

from .exits import Exit
from .settings import Choices, compile_options, make_settings
from .terminal import out, out_json


@click.command()
@click.argument("path", metavar="FILE|-")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON, as the runtime reads it.")
@click.option("--stdin-filename", metavar="PATH", help="What to call standard input in findings, and where its includes are.")
@compile_options
def command(path: str, as_json: bool, stdin_filename: str | None, choices: Choices) -> int:
    """Show the calls that a flow makes, as apply_async with resolved options, in an order in which each comes after what it needs."""
    from .application import declared_tasks
    from .config import read_config
    from .one import compile_one

    settings = make_settings(choices, read_config(), require_params=True, tasks=declared_tasks(choices.app))
    compiled = compile_one(path, settings, stdin_filename, choices.app)
    if compiled is None:
        return Exit.FINDINGS
    _, plan = compiled
    if as_json:
        out_json(plan.to_json(indent=2) + "\n")
    else:
        from .listing import listing

        out(listing(plan))
    return Exit.CLEAN
