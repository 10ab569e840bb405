"""``flowc graph``: formats, outputs and refusals. What pictures show is tested with the diagrams."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from flowc.cli.exits import Stop
from flowc.cli.graph import choose_format

from .conftest import Flowc

STARTS = {
    "dot": b"digraph", "svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF", "mmd": b"flowchart", "mermaid": b"flowchart",
    "json": b"{", "txt": b"flow a", "text": b"flow a",
}  # fmt: skip


@pytest.fixture
def flow(here: Path) -> Path:
    path = here / "a.flow"
    path.write_text("x = a()\n[x -> b, x -> c] -> d !> h\n")
    return path


def test_dot_goes_to_standard_output(flowc: Flowc, flow: Path) -> None:
    ran = flowc("graph", "a.flow")
    assert ran.code == 0
    assert ran.out.startswith("digraph")
    assert ran.out == flowc("graph", "a.flow").out


@pytest.mark.parametrize("form", STARTS)
def test_a_file_is_written_in_the_format_of_its_ending(flowc: Flowc, flow: Path, here: Path, form: str) -> None:
    ran = flowc("graph", "a.flow", "-o", f"out.{form}")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.splitlines()[0] == "6 warnings; flowc check a.flow shows them."
    assert ran.err.splitlines()[-1] == f"out.{form}: 4 steps"
    assert (here / f"out.{form}").read_bytes().lstrip().startswith(STARTS[form])


def test_pictures_need_no_installed_dot(flow: Path, here: Path) -> None:
    """With an empty path there is no ``dot``, and the bundled Graphviz draws."""
    done = subprocess.run(
        [sys.executable, "-m", "flowc", "graph", "a.flow", "--format", "svg"], env={"PATH": ""}, capture_output=True, check=True
    )
    assert b"<svg" in done.stdout


def test_a_picture_may_be_piped(flow: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "flowc", "graph", "a.flow", "--format", "png"], capture_output=True, check=True)
    assert done.stdout.startswith(STARTS["png"])


@pytest.mark.parametrize(
    ("output", "form", "hint"),
    [
        ("x.gv", None, "Did you mean dot?"),
        ("x.jpg", None, "Did you mean png?"),
        ("x.SVGZ", None, "Did you mean svg?"),
        ("x.md", None, "Did you mean mermaid?"),
        ("x.xyz", None, "It draws dot, svg, png, pdf, html, mermaid, json and text"),
        ("noending", None, "It draws dot, svg, png, pdf, html, mermaid, json and text"),
        (None, "sgv", "Did you mean svg?"),
    ],
)
def test_formats_that_it_cannot_draw_are_refused(output: str | None, form: str | None, hint: str) -> None:
    with pytest.raises(Stop) as stopped:
        choose_format(output, form)
    assert hint in stopped.value.hint


def test_a_page_has_the_source_and_the_findings(flowc: Flowc, here: Path) -> None:
    (here / "parts.flow").write_text("flow load(day):\n    return t.load(day)\n")
    (here / "a.flow").write_text('include "parts.flow" as parts\nx = parts.load("monday")\nt.report(x)\n')
    assert flowc("graph", "a.flow", "-o", "a.html").code == 0
    page = (here / "a.html").read_text()
    data = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    boxes = {box["task"]: box for box in data["boxes"]}
    assert boxes["t.report"]["source"] == [[3, "t.report(x)"]]
    assert boxes["t.load"]["source"] == [[2, "    return t.load(day)"]]
    assert [found["code"] for found in boxes["t.report"]["findings"]] == ["F0901"]


def test_a_refused_format_is_refused_before_any_work(flowc: Flowc) -> None:
    ran = flowc("graph", "missing.flow", "-o", "x.gif")
    assert ran.code == 2
    assert "Did you mean png?" in ran.err


def test_the_format_option_wins_over_the_ending(flowc: Flowc, flow: Path, here: Path) -> None:
    assert flowc("graph", "a.flow", "-o", "picture", "--format", "dot").code == 0
    assert (here / "picture").read_bytes().startswith(b"digraph")


def test_an_output_that_cannot_be_written(flowc: Flowc, flow: Path) -> None:
    ran = flowc("graph", "a.flow", "-o", "nowhere/out.dot")
    assert ran.code == 2
    assert "cannot write 'nowhere/out.dot': no such file or directory" in ran.err


def test_links_lead_from_the_picture_to_the_flow(flowc: Flowc, flow: Path, here: Path) -> None:
    (here / "out").mkdir()
    flowc("graph", "a.flow", "-o", "out/a.dot")
    assert "../a.flow#" in (here / "out" / "a.dot").read_text()
    assert '"a.flow#' in flowc("graph", "a.flow").out


def test_a_flow_with_errors_draws_nothing(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text("a(nothing)\n")
    ran = flowc("graph", "a.flow", "-o", "out.svg")
    assert ran.code == 1
    assert not (here / "out.svg").exists()


def test_a_large_flow_is_collapsed_and_that_is_said(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text("x0 = t.t0()\n" + "".join(f"x{n} = t.t{n}(x{n - 1})\n" for n in range(1, 201)))
    ran = flowc("graph", "a.flow", "--format", "text")
    said = "201 steps, collapsed: what is alike, inner sub-flows and groups are drawn as one box"
    assert f"Note: {said}.\n" in ran.err
    assert f"# {said}\n" in ran.out
    whole = flowc("graph", "a.flow", "--format", "text", "--no-collapse")
    assert "Note" not in whole.err
    assert whole.out.count("result of") == 200


def test_mermaid_is_collapsed_to_what_github_draws(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text("x0 = t.t0()\n" + "".join(f"x{n} = t.t{n}(x{n - 1})\n" for n in range(1, 601)))
    ran = flowc("graph", "a.flow", "--format", "mermaid", "--no-collapse")
    said = "collapsed further, since Mermaid draws at most 500 lines and 50,000 characters"
    assert f"Note: {said}.\n" in ran.err
    assert f"%% {said}\n" in ran.out


SUB_FLOWS = "flow inner(y):\n    return b(y) -> c\nflow outer(x):\n    z = inner(x)\n    return z -> d\nfar = outer(1)\nnear = outer(2)\n"


@pytest.mark.parametrize(
    ("options", "frames", "boxes"),
    [
        ((), ["far", "far/z", "near", "near/z"], []),
        (("--depth", "1"), ["far", "near"], ["far/z", "near/z"]),
        (("--depth", "0"), [], ["far", "near"]),
        (("--collapse",), [], ["far", "near"]),
        (("--collapse", "--expand", "far"), ["far"], ["far/z", "near"]),
        (("--collapse", "--expand", "far/z"), ["far", "far/z"], ["near"]),
        (("--collapse", "--expand", "outer", "--expand", "inner"), ["far", "far/z", "near", "near/z"], []),
    ],
)
def test_what_is_closed_and_what_is_opened(flowc: Flowc, here: Path, options: tuple[str, ...], frames: list[str], boxes: list[str]) -> None:
    (here / "a.flow").write_text(SUB_FLOWS)
    model = json.loads(flowc("graph", "a.flow", "--format", "json", *options).out)
    assert [cluster["id"] for cluster in model["clusters"]] == [f"flow {frame}" for frame in frames]
    assert [node["id"] for node in model["nodes"] if node["kind"] == "flow"] == boxes


def test_a_comprehension_can_be_opened(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text("g = [a(i) for i in range(30)]\ng -> b\n")
    assert len(json.loads(flowc("graph", "a.flow", "--format", "json").out)["nodes"]) == 2
    assert len(json.loads(flowc("graph", "a.flow", "--format", "json", "--expand", "g").out)["nodes"]) == 31


def test_a_name_that_cannot_be_opened(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text(SUB_FLOWS)
    ran = flowc("graph", "a.flow", "--expand", "outr")
    assert ran.code == 2
    assert "has no sub-flow or group called 'outr'" in ran.err
    assert "Did you mean outer?" in ran.err


def test_the_theme_and_the_legend(flowc: Flowc, flow: Path) -> None:
    assert "#14181f" in flowc("graph", "a.flow", "--theme", "dark").out
    assert "#14181f" not in flowc("graph", "a.flow").out
    assert "› on error" not in flowc("graph", "a.flow", "--no-legend").out
    assert "› on error" in flowc("graph", "a.flow", "--legend").out
