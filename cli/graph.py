"""``flowc graph``: a flow as a picture."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from .exits import Exit, Stop
from .settings import Choices, compile_options, make_settings
from .terminal import note, out

if TYPE_CHECKING:
    from ..compiler.diagram import Direction, Format
    from ..compiler.plan import Plan

FORMATS = ("dot", "svg", "png", "pdf")


@click.command()
@click.argument("path", metavar="FILE|-")
@click.option("-o", "--output", metavar="FILE", help="A name that ends in .dot, .svg, .png or .pdf [default: dot to standard output].")
@click.option("--format", "form", metavar="|".join(FORMATS), help="The format, where the output's name does not say it.")
@click.option("--direction", type=click.Choice(("LR", "TB")), help="Left to right, or top to bottom [default: by the flow's shape].")
@click.option("--stdin-filename", metavar="PATH", help="What to call standard input in findings, and where its includes are.")
@compile_options
def command(
    path: str, output: str | None, form: str | None, direction: Direction | None, stdin_filename: str | None, choices: Choices
) -> int:
    """Draw a flow with Graphviz: steps, and what each waits for. Works without an installed dot."""
    from ..dsl.columns import visible
    from .application import declared_tasks
    from .config import read_config
    from .one import compile_one

    form = choose_format(output, form)
    settings = make_settings(choices, read_config(), require_params=True, tasks=declared_tasks(choices.app))
    compiled = compile_one(path, settings, stdin_filename, choices.app)
    if compiled is None:
        return Exit.FINDINGS
    _, plan = compiled
    picture = _draw(plan, form, direction, _links(path, output))
    if output is None:
        _print(picture, form)
    else:
        _write(output, picture)
        note(f"{visible(output)}: {_count(len(plan.calls))}\n")
    return Exit.CLEAN


def choose_format(output: str | None, form: str | None) -> str:
    """The picture's format, from the option or the output's ending.

    Raises:
        Stop: an ending or a format that flowc cannot draw.
    """
    chosen = form
    if chosen is None:
        chosen = "dot" if output is None else os.path.splitext(output)[1].lower().removeprefix(".")
    chosen = chosen.lower()
    if chosen in FORMATS:
        return chosen
    what = f"the format {form!r}" if form is not None else f"{output!r}: its name has no ending" if not chosen else f"a .{chosen} file"
    raise Stop(f"cannot draw {what}", hint=_suggestion(chosen))


def _suggestion(chosen: str) -> str:
    from difflib import get_close_matches

    near = {"gv": ["dot"], "jpg": ["png"], "jpeg": ["png"], "gif": ["png"], "webp": ["png"], "html": ["svg"], "ps": ["pdf"]}.get(chosen)
    near = near or get_close_matches(chosen, FORMATS, 1)
    return f"Did you mean {near[0]}?" if near else f"It draws {', '.join(FORMATS[:-1])} and {FORMATS[-1]}; --format says which."


def _draw(plan: Plan, form: str, direction: Direction | None, base: str | None) -> bytes:
    from ..compiler.diagram import DiagramError, render, to_dot

    text = to_dot(plan, direction=direction, base=base)
    if form == "dot":
        return text.encode()
    kind: Format = "svg" if form == "svg" else "png" if form == "png" else "pdf"
    try:
        return render(text, kind)
    except DiagramError as problem:
        raise Stop(str(problem), Exit.USAGE) from None


def _links(path: str, output: str | None) -> str | None:
    """What to put before the flow's file name in the picture's links, to lead there from the output's folder; None for no links."""
    if path == "-" or os.path.isabs(path):
        return None
    folder = os.path.dirname(output) if output else ""
    try:
        up = os.path.relpath(".", folder or ".")
    except ValueError:  # another drive
        return None
    return "" if up == "." else up.replace(os.sep, "/") + "/"


def _print(picture: bytes, form: str) -> None:
    if form in ("dot", "svg"):
        out(picture.decode("utf-8", "replace"))
        return
    if sys.stdout.isatty():
        raise Stop(f"a {form} is no text for a terminal", hint=f"Give -o FILE.{form}, or redirect the output.")
    sys.stdout.flush()
    sys.stdout.buffer.write(picture)
    sys.stdout.buffer.flush()


def _write(path: str, picture: bytes) -> None:
    try:
        with open(path, "wb") as file:
            file.write(picture)
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else None
        raise Stop(f"cannot write {path!r}: {(reason or str(problem)).lower()}") from None


def _count(steps: int) -> str:
    return "1 step" if steps == 1 else f"{steps:,} steps"
