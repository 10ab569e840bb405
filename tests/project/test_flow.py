"""flowc from Python: ``load``, ``loads``, ``Flow``, ``FlowError``."""

from __future__ import annotations

from pathlib import Path

import pytest

import flowc


def test_loads_compiles_a_text() -> None:
    flow = flowc.loads("add(2, 2) -> add(16)\n")
    assert [call.id for call in flow.plan.calls] == ["add#1", "add#2"]
    assert repr(flow).endswith(": 2 steps>")


def test_load_reads_a_file_with_parameters(tmp_path: Path) -> None:
    path = tmp_path / "etl.flow"
    path.write_text("param n: int\nadd(n, 1)\n")
    flow = flowc.load(path, params={"n": 41})
    assert flow.name == "etl"
    assert flow.plan.calls[0].args == (41, 1)
    with pytest.raises(flowc.FlowError):
        flowc.load(path)


def test_an_error_carries_the_findings_and_prints_as_the_command_does(tmp_path: Path) -> None:
    path = tmp_path / "etl.flow"
    path.write_text("task add(x)\nadd(nothing)\n")
    with pytest.raises(flowc.FlowError) as raised:
        flowc.load(path)
    assert {finding.code[:3] for finding in raised.value.findings if finding.severity.value == "error"} == {"F02"}
    text = str(raised.value)
    assert f"{path}:2:5: error[F02" in text
    assert "2 | add(nothing)\n  |     ^^^^^^^\n" in text
    assert text.endswith("Found 1 error in 1 file.")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(flowc.FlowError, match="F0701"):
        flowc.load(tmp_path / "missing.flow")


def test_the_graph_is_made_once_and_has_the_steps() -> None:
    flow = flowc.loads("x = a()\ny = x -> b\nz = x -> c\nd(y, z)\n")
    assert set(flow.graph.nodes) == {"x", "y", "z", "d#1"}
    assert flow.graph is flow.graph
    assert {(u, v) for u, v, _ in flow.graph.edges(keys=True)} == {("x", "y"), ("x", "z"), ("y", "d#1"), ("z", "d#1")}


def test_dot() -> None:
    text = flowc.loads("a -> b\n").dot()
    assert text.startswith("digraph")
    assert "->" in text


def test_an_application_checks_and_runs_it() -> None:
    app = flowc.App("t")

    @app.task(name="add")
    def add(x: int, y: int) -> int:
        return x + y

    flow = flowc.loads("add(2, 2) -> add(16)\n", app=app)
    result = flow.run(app)
    assert result.ok
    assert result.value == 20
    with pytest.raises(flowc.FlowError, match="F04"):
        flowc.loads('add(2, "x")\n', app=app)


def test_warnings_are_kept() -> None:
    findings = flowc.loads("from p import add, sub\nadd(1)\n").findings
    assert findings
    assert {finding.severity.value for finding in findings} == {"warning"}
