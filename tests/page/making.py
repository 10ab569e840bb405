"""Pages of flows."""

from __future__ import annotations

from pathlib import Path

from flowc.compiler.diagram import drawing, render, to_dot
from flowc.compiler.diagram.page import Remark, untitled, write_page
from flowc.compiler.pipeline import compile_source
from flowc.dsl.source import Source


def page(text: str, *, remarks: tuple[Remark, ...] = (), limit: int | None = 200) -> str:
    """The page of a flow's text, in a file ``a.flow``."""
    compiled = compile_source(Source("a.flow", text))
    assert compiled.plan is not None, compiled.findings
    drawn = drawing(compiled.plan, limit=limit)
    svg = render(to_dot(untitled(drawn), base=None), "svg")
    return write_page(drawn, compiled.plan, svg, excerpts={"a.flow": text}.get, remarks=remarks)


def written(folder: Path, text: str) -> str:
    """The address of a page in a file."""
    path = folder / "page.html"
    path.write_text(text, encoding="utf-8")
    return path.as_uri()
