"""``flowc graph``: formats, outputs and refusals. What pictures show is tested with the diagrams."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flowc.cli.exits import Stop
from flowc.cli.graph import choose_format

from .conftest import Flowc

STARTS = {"dot": b"digraph", "svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}


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
        ("x.txt", None, "It draws dot, svg, png and pdf"),
        ("noending", None, "It draws dot, svg, png and pdf"),
        (None, "sgv", "Did you mean svg?"),
    ],
)
def test_formats_that_it_cannot_draw_are_refused(output: str | None, form: str | None, hint: str) -> None:
    with pytest.raises(Stop) as stopped:
        choose_format(output, form)
    assert hint in stopped.value.hint


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
