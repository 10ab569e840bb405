"""A drawing as one HTML file: Graphviz's layout to pan and zoom, search, and read, with all that is known of each step. No network.

The page brings its style and its program along and forbids everything else (``Content-Security-Policy``). What users wrote is text in SVG
elements and in one block of JSON; the program puts it into the page as text alone.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ...plan import Plan
from ..escape import visible
from ..model import Drawing
from .details import Excerpts, Remark, details
from .vectors import colours, prepare

__all__ = ["Excerpts", "Remark", "untitled", "write_page"]

_HERE = Path(__file__).parent


def untitled(drawing: Drawing) -> Drawing:
    """The drawing without what stands at the head of the page."""
    return replace(drawing, title="", description="", notes=())


def write_page(drawing: Drawing, plan: Plan, svg: bytes, *, excerpts: Excerpts = lambda _: None, remarks: Iterable[Remark] = ()) -> str:
    """The text of the file.

    Args:
        drawing: of the plan.
        plan: the steps' arguments and options are shown from it.
        svg: what Graphviz made of the DOT text of the drawing, :func:`untitled`, in the light theme and without links.
        excerpts: gives the text of a source file, by the name that the plan has for it; None where it is not to be shown.
        remarks: findings of the flow, shown with the steps where they are.
    """
    style, program = ((_HERE / name).read_text("utf-8") for name in ("page.css", "page.js"))
    style += _colours()
    data = json.dumps(details(drawing, plan, excerpts, tuple(remarks)), ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    policy = f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(program)}'; base-uri 'none'; form-action 'none'"
    places = {
        "policy": html.escape(policy),
        "title": html.escape(visible(drawing.title)),
        "description": html.escape(visible(drawing.description)),
        "notes": "".join(f"<p>{html.escape(visible(note))}</p>" for note in drawing.notes),
        "style": style,
        "svg": prepare(svg, drawing),
        "data": data,
        "program": program,
    }
    return _filled((_HERE / "page.html").read_text("utf-8"), places)


def _filled(template: str, places: dict[str, str]) -> str:
    """The template with its places filled; what stands in one is never looked at for another."""
    first, *rest = template.split("{{")
    parts = [first]
    for piece in rest:
        name, _, text = piece.partition("}}")
        parts += (places[name], text)
    return "".join(parts)


def _colours() -> str:
    """The picture's colours in each theme."""
    known = list(colours())
    light, dark = ("".join(f"{name}: {shade};" for name, shade in shades) for shades in ([k[:2] for k in known], [k[::2] for k in known]))
    return f':root {{ {light} }}\n:root[data-theme="dark"] {{ {dark} }}\n'


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
