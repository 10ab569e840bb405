"""The pytest plugin, as its users see it: pytest runs inside pytest."""

from __future__ import annotations

import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import flowc.testing
from flowc.cli.exits import Stop
from flowc.pytest_plugin import read_checking
from flowc.testing import run

pytest_plugins = ["pytester"]


Inner = Callable[..., pytest.RunResult]


@pytest.fixture(scope="module", autouse=True)
def complete(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """pytester forgets modules that are first imported in its own runs, and then there would be two of each class: so all of flowc that
    they may need is imported before, and none may be missing after."""
    folder = tmp_path_factory.mktemp("complete")
    (folder / "all.flow").write_text("a() {countdown = 1s} -> b !> c\nd() ~> c")
    (folder / "wrong.flow").write_text("b() # flow: ignore[F0901] why\na(\nextract(1)")
    (folder / "tasks.flow").write_text("task extract(stage: str) -> list[int]\n")
    print(run(folder / "all.flow", stubs={"a": 1, "b": 2, "c": 3, "d": 4}, fail={"b": OSError}).text)
    check = '\n[tool.flowc.check]\nstrict = true\nselect = ["F"]\nignore = ["F0901"]\nexclude = ["x"]\n'
    (folder / "pyproject.toml").write_text(f'[tool.flowc]\nstubs = ["tasks.flow"]\n{check}')
    assert read_checking(str(folder)).findings(folder / "wrong.flow")
    with pytest.raises(flowc.FlowError) as caught:
        run(folder / "wrong.flow")
    print(caught.value)
    (folder / "pyproject.toml").write_text("[tool.flowc]\nstub = 1\n")
    with pytest.raises(Stop):
        read_checking(str(folder))
    yield
    for package in [module for name, module in sys.modules.items() if name.partition(".")[0] == "flowc" and hasattr(module, "__path__")]:
        parts = [part for part in vars(package).values() if isinstance(part, types.ModuleType)]
        names = {part.__name__ for part in parts if part.__name__.startswith(f"{package.__name__}.")}
        assert names <= set(sys.modules), "import these above"


@pytest.fixture
def inner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Inner:
    """Runs pytest inside pytest, with this plugin alone: others take their time."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return lambda *args: pytester.runpytest_inprocess("-p", "flowc", "-Walways", *args)


ETL = "extract() -> load\n"
WRONG = "x = add(1, 2\ny = z\n"


def test_flows_are_collected_on_demand_alone(pytester: pytest.Pytester, inner: Inner) -> None:
    pytester.makefile(".flow", etl=ETL)
    pytester.mkdir("more").joinpath("b.flow").write_text(ETL)
    pytester.makepyfile("def test_it(): pass")
    inner().assert_outcomes(passed=1)
    ran = inner("--flowc", "--collect-only", "-q")
    ran.stdout.fnmatch_lines_random(["etl.flow::check", "more/b.flow::check", "test_flows_are_collected_on_demand_alone.py::test_it"])
    inner("--flowc", "more").assert_outcomes(passed=1, warnings=2)
    inner("--flowc", "more/b.flow", "-Wignore").assert_outcomes(passed=1)
    inner("--flowc", "-Wignore", "-k", "etl.flow").assert_outcomes(passed=1, deselected=2)


def test_findings_are_shown_as_flowc_shows_them(pytester: pytest.Pytester, inner: Inner) -> None:
    pytester.makefile(".flow", good=ETL, wrong=WRONG)
    ran = inner("--flowc")
    ran.assert_outcomes(passed=1, failed=1, warnings=2)
    ran.stdout.fnmatch_lines(
        [
            "*_ wrong.flow _*",
            "wrong.flow:1:8: error[[]F0102[]]: `(` is never closed",
            "  |",
            "1 | x = add(1, 2",
            "  |        ^",
            "wrong.flow:2:5: *",
            "FAILED wrong.flow::check - wrong.flow:1:8: error[[]F0102[]]: `(` is never closed",
        ]
    )
    assert "pytest_plugin.py" not in ran.stdout.str()


def test_warnings_are_warnings(pytester: pytest.Pytester, inner: Inner) -> None:
    pytester.makefile(".flow", etl="# A line above.\n" + ETL)
    ran = inner("--flowc")
    ran.assert_outcomes(passed=1, warnings=2)
    ran.stdout.fnmatch_lines(["*etl.flow:2: FlowWarning: F0901: nothing is known of the task `extract`, so its arguments are not checked"])
    ran = inner("--flowc", "-Werror")
    ran.assert_outcomes(failed=1)


def test_warnings_fail_where_the_project_wants_it(pytester: pytest.Pytester, inner: Inner) -> None:
    pytester.makefile(".flow", etl=ETL)
    pytester.makeini("[pytest]\nflowc_strict = true")
    ran = inner("--flowc")
    ran.assert_outcomes(failed=1)
    ran.stdout.fnmatch_lines(["etl.flow:1:1: warning[[]F0901[]]: *", "1 | extract() -> load", "  | ^^^^^^^"])


def test_the_projects_settings_hold(pytester: pytest.Pytester, inner: Inner) -> None:
    pytester.makepyprojecttoml(
        '[tool.flowc]\nstubs = ["declared/tasks.flow"]\nenv = ["STAGE"]\n[tool.pytest.ini_options]\nflowc_strict = true'
    )
    pytester.mkdir("declared").joinpath("tasks.flow").write_text("task extract(stage: str) -> list[int]\ntask load(rows: list[int])\n")
    pytester.makefile(".flow", good='extract(env("STAGE")) -> load\n', wrong="extract(1) -> load\n")
    ran = inner("--flowc")
    ran.assert_outcomes(passed=2, failed=1)
    ran.stdout.fnmatch_lines(["wrong.flow:1:9: error*"])
    pytester.makepyprojecttoml('[tool.flowc]\nstub = ["declared/tasks.flow"]')
    ran = inner("--flowc", "good.flow")
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines(["ERROR: flowc: *pyproject.toml: [[]tool.flowc[]] has no key 'stub'*"])


def test_what_flowc_check_tells_is_what_counts(pytester: pytest.Pytester, inner: Inner) -> None:
    pytester.makepyprojecttoml('[tool.flowc.check]\nstrict = true\nignore = ["F0901"]\nexclude = ["old"]')
    pytester.mkdir("old").joinpath("wrong.flow").write_text(WRONG)
    pytester.makefile(
        ".flow", good=ETL, unused="param a: int = 1\nload()\n", ignored="param a: int = 1  # flow: ignore[F0903] soon\nload()\n"
    )
    ran = inner("--flowc", "-v")
    ran.assert_outcomes(passed=2, failed=1)
    ran.stdout.fnmatch_lines(["unused.flow:1:7: warning[[]F0903[]]*"])


def test_strange_files_are_findings(pytester: pytest.Pytester, inner: Inner) -> None:
    Path("binary.flow").write_bytes(b"\xff\xfe\x00")
    Path("\x1b[31mred.flow").write_text("a(\x1b[31m)\n")
    ran = inner("--flowc", "--color=no")
    ran.assert_outcomes(failed=2)
    assert "\x1b" not in ran.stdout.str().replace("\x1b[31mred.flow", "")


FLOW_TEST = """
    def test_etl(flow):
        run = flow.run("etl.flow", stubs={"extract": [1, 2], "load": len}, fail={})
        assert run.ok
        assert run.value == 2
        assert run["load"].args == ([1, 2],)

    def test_failing(flow):
        assert flow.run("etl.flow", stubs={"extract": 5, "load": len}).ok
"""


def test_a_flow_runs_with_stubs(pytester: pytest.Pytester, inner: Inner) -> None:
    pytester.makefile(".flow", etl=ETL)
    pytester.makepyfile(FLOW_TEST)
    ran = inner()
    ran.assert_outcomes(passed=1, failed=1)
    ran.stdout.fnmatch_lines(
        [
            "E*where False = <run of etl: load#1: TypeError: object of type 'int' has no len()>.ok",
            "*- flow etl -*",
            "etl: failed after 0s of virtual time",
            "*0s  extract#1  SUCCESS",
            "*0s  load#1  FAILURE: TypeError: object of type 'int' has no len()",
        ]
    )
    assert ran.stdout.str().count("- flow etl -") == 1


def test_paths_are_seen_from_the_test_or_from_the_root(pytester: pytest.Pytester, inner: Inner) -> None:
    flows, tests = pytester.mkdir("flows"), pytester.mkdir("tests")
    for folder in (flows, tests):
        (folder / "etl.flow").write_text(ETL)
    code = (
        'def test_etl(flow):\n    assert {str(s.ended_as.where.file) for s in flow.run(%r, stubs={"extract": [], "load": len})} == {%r}\n'
    )
    (tests / "test_beside.py").write_text(code % ("etl.flow", str(Path("tests", "etl.flow"))))
    (tests / "test_above.py").write_text(code % ("flows/etl.flow", str(Path("flows", "etl.flow"))))
    (tests / "test_absolute.py").write_text(code % (str(flows / "etl.flow"), str(Path("flows", "etl.flow"))))
    inner().assert_outcomes(passed=3)


def test_what_is_wrong_with_the_flow_or_the_test_is_said_where_it_is(pytester: pytest.Pytester, inner: Inner) -> None:
    pytester.makefile(".flow", etl=ETL, wrong=WRONG)
    pytester.makepyfile(
        """
        def test_flow(flow):
            flow.run("wrong.flow")

        def test_stubs(flow):
            flow.run("etl.flow", stubs={"extrct": 1})

        def test_file(flow):
            flow.run("no.flow")
        """
    )
    ran = inner()
    ran.assert_outcomes(failed=3)
    ran.stdout.fnmatch_lines(
        [
            "E*FlowError: wrong.flow:1:8: error[[]F0102[]]: `(` is never closed",
            "E*StubError: stubs: the flow has no task, step or handler 'extrct'; did you mean 'extract'?",
            "E*no.flow*no such file*",
        ]
    )
    assert "pytest_plugin.py" not in ran.stdout.str()


def test_an_assertion_in_a_stub_is_shown_as_pytest_shows_it(pytester: pytest.Pytester, inner: Inner) -> None:
    pytester.makefile(".flow", etl=ETL)
    pytester.makepyfile(
        """
        def load(rows):
            assert rows == [1]

        def test_etl(flow):
            flow.run("etl.flow", stubs={"extract": [2], "load": load})
        """
    )
    ran = inner()
    ran.assert_outcomes(failed=1)
    ran.stdout.fnmatch_lines(['>*flow.run("etl.flow"*', ">*assert rows == [[]1[]]", "E*assert [[]2[]] == [[]1[]]"])
    assert "flowc/" not in ran.stdout.str().replace("flowc/tests", "")


def test_a_fixture_of_the_users_own_wins(pytester: pytest.Pytester, inner: Inner) -> None:
    pytester.makepyfile("import pytest\n@pytest.fixture\ndef flow(): return 5\ndef test_it(flow): assert flow == 5")
    inner().assert_outcomes(passed=1)


def test_it_costs_nothing_where_it_is_not_used(tmp_path: Path) -> None:
    """In a process of its own, since this one has all of flowc."""
    (tmp_path / "etl.flow").write_text(ETL)
    (tmp_path / "test_it.py").write_text(
        "import sys\n"
        "def test_it():\n"
        "    assert sorted(m for m in sys.modules if m.split('.')[0] == 'flowc') == ['flowc', 'flowc.pytest_plugin']\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_the_python_api_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "etl.flow").write_text(ETL)
    ran = run(tmp_path / "etl.flow", stubs={"extract": [1], "load": len})
    assert isinstance(ran, flowc.testing.FlowRun)
    assert set(flowc.testing.__all__) <= {*dir(flowc.testing), "FlowRun", "FlowStep", "TaskCall"}
    with pytest.raises(AttributeError, match="has no attribute 'rum'"):
        flowc.testing.rum  # noqa: B018 - the attribute access is the test
