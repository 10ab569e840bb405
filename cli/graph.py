"""``flowc graph``: a flow as a picture."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import click

from .exits import Exit, Stop
from .settings import Choices, compile_options, make_settings
from .terminal import note, out

if TYPE_CHECKING:
    from ..compiler.diagram import Direction, Drawing, Format, ThemeName
    from .one import One

PICTURES = ("svg", "png", "pdf")
FORMATS = ("dot", *PICTURES, "html", "mermaid", "json", "text")

#: Endings of file names that are no format's name.
ENDINGS = {"mmd": "mermaid", "txt": "text"}


@dataclass(frozen=True, slots=True)
class Look:
    """How the user wants the picture."""

    direction: Direction | None
    theme: ThemeName
    legend: bool | None
    collapse: bool | None
    depth: int | None
    expand: tuple[str, ...]

    def choices(self, form: str) -> dict[str, Any]:
        """The arguments for a drawing in a format."""
        from ..compiler.diagram import LIMIT, for_mermaid

        return {
            "direction": self.direction,
            "legend": self.legend,
            "limit": None if self.collapse is False else LIMIT,
            "depth": 0 if self.collapse and self.depth is None else self.depth,
            "expand": self.expand,
            "bound": for_mermaid() if form == "mermaid" else None,
        }


@click.command()
@click.argument("path", metavar="FILE|-")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="A name that ends in .dot .svg .png .pdf .html .mmd .json or .txt [default: dot to standard output].",
)
@click.option("--format", "form", metavar="|".join(FORMATS), help="The format, where the output's name does not say it.")
@click.option("--direction", type=click.Choice(("LR", "TB")), help="Left to right, or top to bottom [default: by the flow's shape].")
@click.option("--theme", type=click.Choice(("light", "dark")), default="light", help="The colours [default: light].")
@click.option("--legend/--no-legend", default=None, help="Explain the lines [default: where three kinds or more occur].")
@click.option(
    "--depth", type=click.IntRange(min=0), metavar="N", help="Draw N levels of sub-flows and groups, deeper ones as one box each."
)
@click.option(
    "--collapse/--no-collapse",
    default=None,
    help="Draw each sub-flow and group as one box, or none however many boxes there are [default: as needed above 200].",
)
@click.option("--expand", multiple=True, metavar="NAME", help="Draw this sub-flow or group in full all the same. May be repeated.")
@click.option("--stdin-filename", metavar="PATH", help="What to call standard input in findings, and where its includes are.")
@compile_options
def command(path: str, output: str | None, form: str | None, stdin_filename: str | None, choices: Choices, **look: Any) -> int:
    """Draw a flow: steps, and what each waits for. Works without an installed Graphviz."""
    from ..dsl.columns import visible
    from .application import declared_tasks
    from .config import read_config
    from .one import compile_whole

    form = choose_format(output, form)
    settings = make_settings(choices, read_config(), require_params=True, tasks=declared_tasks(choices.app))
    compiled = compile_whole(path, settings, stdin_filename, choices.app)
    if compiled is None:
        return Exit.FINDINGS
    picture, notes = _draw(compiled, form, Look(**look), _links(path, output))
    for text in notes:
        note(f"Note: {text}.\n")
    if output is None:
        _print(picture, form)
    else:
        _write(output, picture)
        note(f"{visible(output)}: {_count(len(compiled.plan.calls))}\n")
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
    if form is None:
        chosen = ENDINGS.get(chosen, chosen)
    if chosen in FORMATS:
        return chosen
    what = f"the format {form!r}" if form is not None else f"{output!r}: its name has no ending" if not chosen else f"a .{chosen} file"
    raise Stop(f"cannot draw {what}", hint=_suggestion(chosen))


def _suggestion(chosen: str) -> str:
    from difflib import get_close_matches

    other = {
        "gv": ["dot"],
        "jpg": ["png"],
        "jpeg": ["png"],
        "gif": ["png"],
        "md": ["mermaid"],
        "webp": ["png"],
        "htm": ["html"],
        "ps": ["pdf"],
    }
    near = other.get(chosen)
    near = near or get_close_matches(chosen, FORMATS, 1)
    return f"Did you mean {near[0]}?" if near else f"It draws {', '.join(FORMATS[:-1])} and {FORMATS[-1]}; --format says which."


def _draw(one: One, form: str, look: Look, base: str | None) -> tuple[bytes, tuple[str, ...]]:
    """The picture, and what has to be said about it."""
    from ..compiler import diagram

    try:
        drawn = diagram.drawing(one.plan, **look.choices(form))
        if form == "mermaid":
            text = diagram.to_mermaid(drawn, theme=look.theme)
        elif form == "json":
            text = diagram.to_json(drawn)
        elif form == "text":
            text = diagram.to_text(drawn)
        elif form == "html":
            text = _page(one, drawn)
        else:
            text = diagram.to_dot(drawn, base=base, theme=look.theme)
        if form not in PICTURES:
            return text.encode("utf-8", "replace"), drawn.notes
        return diagram.render(text, cast("Format", form)), drawn.notes
    except diagram.DiagramError as problem:
        raise Stop(str(problem), Exit.USAGE, hint=problem.hint) from None


def _page(one: One, drawn: Drawing) -> str:
    from ..compiler import diagram
    from ..compiler.diagram.page import Remark, untitled, write_page
    from ..compiler.plan import Location
    from .flows import source_of

    find = source_of(one.source)
    remarks = []
    for found in one.findings:
        start, end = (found.source.position(offset) for offset in (found.span.start, found.span.end))
        where = Location(found.source.name, start.line, start.column, end.line, end.column)
        remarks.append(Remark(found.code, found.severity.value, found.message, where))
    svg = diagram.render(diagram.to_dot(untitled(drawn), base=None), "svg")
    return write_page(drawn, one.plan, svg, excerpts=lambda name: find(name).text, remarks=remarks)


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
    if form not in ("png", "pdf"):
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
