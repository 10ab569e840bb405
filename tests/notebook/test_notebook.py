"""Flows in IPython: they draw themselves, and a cell can be a flow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import flowc
from flowc.compiler.diagram import DiagramError
from flowc.compiler.diagram import renderers as drawing


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    patch = pytest.MonkeyPatch()
    patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    patch.undo()
    return shell


@pytest.fixture
def shell(made: Any) -> Iterator[Any]:
    made.run_line_magic("load_ext", "flowc")
    yield made
    made.run_line_magic("unload_ext", "flowc")
    made.user_ns.pop("flow", None)


def test_a_flow_draws_itself(made: Any) -> None:
    flow = flowc.loads('t.a("<script>") -> t.b !> t.h')
    svg = flow._repr_svg_()
    assert svg is not None
    root = ElementTree.fromstring(svg.encode())
    texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"a", "b", "h"} <= texts
    assert not [element for element in root.iter() if element.tag.endswith("script")]
    shown, _ = made.display_formatter.format(flow)
    assert shown["image/svg+xml"] == svg


def test_without_graphviz_it_is_text(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> bytes:
        raise DiagramError("none")

    monkeypatch.setattr(drawing, "_commands", lambda _: [("not installed", "dot")])
    flow = flowc.loads("t.a()")
    assert flow._repr_svg_() is None
    shown, _ = made.display_formatter.format(flow)
    assert list(shown) == ["text/plain"]


def test_a_cell_is_a_flow(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    flow = shell.run_cell_magic("flow", 'nightly day="a day" size=3', "param day: str\nparam size: int\nt.a(day, size)\n")
    assert shell.user_ns["nightly"] is flow
    assert flow.plan.calls[0].args == ("a day", 3)
    assert "<nightly>:3:1: warning[F0901]" in capsys.readouterr().err


def test_tasks_of_a_variable(shell: Any) -> None:
    app = flowc.App("t", set_as_current=False)

    @app.task(name="t.add")
    def add(x: int, y: int) -> int:
        return x + y

    shell.user_ns["app"] = app
    flow = shell.run_cell_magic("flow", "--app app", "t.add(2, 3)\n")
    assert shell.user_ns["flow"] is flow
    assert flow.findings == ()
    assert flow.run(app).value == 5
    with pytest.raises(flowc.FlowError, match=r"t\.ad"):
        shell.run_cell_magic("flow", "--app=app", "t.ad(2, 3)\n")


def test_mistakes_are_shown_without_the_compilers_own_frames(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("%%flow x\nt.a(\n")
    shown = capsys.readouterr()
    assert "<x>:1:4: error[F01" in shown.out + shown.err
    assert "compile_cell" not in shown.out + shown.err
    assert "x" not in shell.user_ns


@pytest.mark.parametrize(
    ("line", "said"), [("a b", "'b' means nothing here"), ("--what", "'--what' means"), ("--app none", "there is no variable 'none'")]
)
def test_lines_that_are_wrong(shell: Any, line: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        shell.run_cell_magic("flow", line, "t.a()\n")


def test_import_costs_no_ipython(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = "import sys, flowc; flowc.load_ipython_extension; assert 'IPython' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
