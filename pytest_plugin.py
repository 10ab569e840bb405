"""The pytest plugin: ``pytest --flowc`` checks flows as test items; the fixture ``flow`` runs them with stubs, in virtual time.

It is loaded wherever flowc is installed, so it imports nothing of flowc before it is used.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    import datetime as dt
    import types

    from .cli.check_settings import CheckSettings
    from .compiler.pipeline import Settings
    from .dsl.diagnostics import Diagnostic
    from .flow import Flow
    from .runtime.testing.outcome import FlowRun

#: Characters of a flow's run in the report of a failed test.
LONGEST_SECTION = 20_000

_CHECKING = pytest.StashKey["Checking"]()
_RUNS = pytest.StashKey[list["FlowRun"]]()


class FlowWarning(UserWarning):
    """A flow compiles, but flowc warns of something in it."""


class FlowFindings(Exception):
    """The findings of a flow that fail its item. It prints as ``flowc check`` does."""

    def __init__(self, findings: Iterable[Diagnostic]) -> None:
        self.findings = tuple(findings)
        super().__init__(self.findings)

    def __str__(self) -> str:
        from .dsl.render import render_full

        return render_full(self.findings)


# -------------------------------------------------------------------------------------------------------------- what it adds
def pytest_addoption(parser: pytest.Parser) -> None:
    """Its options."""
    group = parser.getgroup("flowc", "flows")
    group.addoption("--flowc", action="store_true", help="check each .flow file as a test item, as `flowc check` does")
    parser.addini("flowc_strict", "let warnings fail the items of --flowc", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Wrong settings are told before anything is collected."""
    if config.getoption("--flowc"):
        _checking(config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Flows are collected with ``--flowc`` alone."""
    if file_path.suffix == ".flow" and parent.config.getoption("--flowc") and not _checking(parent.config).leaves_out(file_path):
        found: pytest.Collector = FlowFile.from_parent(parent, path=file_path)
        return found
    return None


class FlowFile(pytest.File):
    """A ``.flow`` file."""

    def collect(self) -> Iterator[pytest.Item]:
        """Its one item."""
        yield FlowItem.from_parent(self, name="check")


class FlowItem(pytest.Item):
    """A flow is to compile without errors."""

    def runtest(self) -> None:
        """Check the flow. Raises FlowFindings: it has errors; or, where these are to fail, warnings."""
        from .dsl.columns import visible

        checking = _checking(self.config)
        findings = checking.findings(self.path)
        strict = checking.chosen.strict or self.config.getini("flowc_strict")
        failing = [finding for finding in findings if strict or finding.severity == "error"]
        if failing:
            raise FlowFindings(findings)
        for finding in findings:
            line = finding.source.position(finding.span.start).line
            try:
                warnings.warn_explicit(f"{finding.code}: {visible(finding.message)}", FlowWarning, finding.source.name, line)
            except FlowWarning:  # warnings are errors here
                raise FlowFindings(findings) from None

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Findings are shown as flowc shows them."""
        if isinstance(excinfo.value, FlowFindings):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it is, and what it is called in headlines."""
        return self.path, 0, os.path.relpath(self.path, self.config.rootpath)


class Checking(NamedTuple):
    """How flows are checked: what they are compiled with, and what ``[tool.flowc.check]`` says."""

    settings: Settings
    chosen: CheckSettings

    def findings(self, path: Path) -> tuple[Diagnostic, ...]:
        """The findings of a file, as ``flowc check`` tells them."""
        from .cli.inspecting import inspect

        return inspect([os.path.relpath(path)], self.settings, selection=self.chosen.selection).told

    def leaves_out(self, path: Path) -> bool:
        """Whether a file is excluded."""
        return any(glob.covers(str(path)) for glob in self.chosen.exclude)


def _checking(config: pytest.Config) -> Checking:
    """By the settings of the project in pytest's root folder. Raises pytest.UsageError: these are wrong."""
    found = config.stash.get(_CHECKING, None)
    if found is None:
        from .cli.exits import Stop

        try:
            found = config.stash[_CHECKING] = read_checking(str(config.rootpath))
        except Stop as stop:
            raise pytest.UsageError(f"flowc: {stop}") from None
    return found


def read_checking(folder: str) -> Checking:
    """How flows are checked in a folder. Raises Stop: its project's settings are wrong."""
    from .cli.check_settings import CheckOptions, check_settings
    from .cli.config import read_config
    from .compiler.pipeline import Settings
    from .compiler.stubs import read_stubs

    known = read_config(folder)
    stubs = read_stubs(known.stubs) if known.stubs else None
    return Checking(Settings(stubs=stubs, env=known.env, require_params=False), check_settings(CheckOptions(), known))


# ---------------------------------------------------------------------------------------------------------------- the fixture
class FlowRunner:
    """The fixture ``flow``.

    Attributes:
        runs: the runs of this test, in order.
    """

    def __init__(self, folders: tuple[Path, ...], runs: list[FlowRun]) -> None:
        self._folders = folders
        self.runs = runs

    def run(
        self,
        flow: str | os.PathLike[str] | Flow,
        *,
        params: Mapping[str, object] | None = None,
        stubs: Mapping[str, Any] | None = None,
        fail: Mapping[str, Any] | None = None,
        app: Any = None,
        now: dt.datetime | None = None,
        env: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        concurrency: int | None = None,
        include_root: str | os.PathLike[str] | None = None,
    ) -> FlowRun:
        """Run a flow in virtual time; see :func:`flowc.testing.run`. A relative path is one from the test's folder, or else from pytest's
        root folder."""
        __tracebackhide__ = True
        from .testing import run

        try:
            made = run(
                self._found(flow) if isinstance(flow, str | os.PathLike) else flow,
                params=params,
                stubs=stubs,
                fail=fail,
                app=app,
                now=now,
                env=env,
                secrets=secrets,
                concurrency=concurrency,
                include_root=include_root,
            )
        except BaseException as exc:  # the test is wrong, or the flow, or a stub: how flowc found that out helps nobody
            raise exc.with_traceback(_of_the_test(exc.__traceback__)) from exc.__cause__
        self.runs.append(made)
        return made

    def _found(self, path: str | os.PathLike[str]) -> Path:
        tried = [folder / path for folder in self._folders]
        found = next((place for place in tried if place.exists()), tried[0])
        return found.relative_to(Path.cwd()) if found.is_relative_to(Path.cwd()) else found


def _of_the_test(trace: types.TracebackType | None) -> types.TracebackType | None:
    """A traceback from the first frame on that is not flowc's: that of a stub."""
    ours = os.path.dirname(__file__) + os.sep
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(ours):
        trace = trace.tb_next
    return trace


@pytest.fixture
def flow(request: pytest.FixtureRequest) -> FlowRunner:
    """Run flows with stubs for their tasks, in virtual time: ``flow.run("etl.flow", stubs={"extract": [1, 2]})``."""
    runs = request.node.stash.setdefault(_RUNS, [])
    return FlowRunner((request.path.parent, request.config.rootpath), runs)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
    """The report of a test that failed shows what its flows did."""
    report = (yield).get_result()
    if report.failed and call.when == "call":
        for run in item.stash.get(_RUNS, []):
            report.sections.append((f"flow {run.name}", run.text[:LONGEST_SECTION]))
