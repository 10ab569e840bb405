"""Flows in tests: ``flowc.testing.run("etl.flow", stubs={…})`` runs a flow with stubs for its tasks, in virtual time.

Nothing is sent and nothing is waited for: days pass in milliseconds. With pytest, the fixture ``flow`` does the same.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .runtime.testing.errors import StubError
from .runtime.testing.stubs import sequence, takes, task
from .runtime.testing.virtual_clock import now, sleep

if TYPE_CHECKING:
    import datetime as dt

    from .compiler.plan import Plan
    from .flow import Flow
    from .runtime.app import App
    from .runtime.testing.outcome import FlowRun, FlowStep, TaskCall

__all__ = ["FlowRun", "FlowStep", "StubError", "TaskCall", "now", "run", "sequence", "sleep", "takes", "task"]


def run(
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
    """Run a flow in virtual time, in this thread, to its end.

    Args:
        flow: a ``.flow`` file, or what :func:`flowc.load` or :func:`flowc.loads` gave.
        params: values of its parameters by name.
        stubs: what stands in for tasks: by a task's name, in full or its last part, or by the id of a step or handler, which wins. A
            stub is a value that is returned each time, a function that is called with the task's arguments, an exception that is raised,
            or what :func:`sequence`, :func:`takes` and :func:`task` give. It has the options of the application's task.
        fail: exceptions, or their classes, that are raised instead: by the same names.
        app: an application, flowc's or Celery's, whose tasks run where there is no stub.
        now: the moment at which the run starts, aware; the present one if None.
        env: the variables that ``env()`` reads in the flow, and nothing else.
        secrets: the values of ``secret()``, by name; environment variables of those names if None.
        concurrency: how many steps may run at once; any number if None.
        include_root: the folder that includes may not leave; by default the file's own.

    Raises:
        FlowError: the flow has errors, or cannot be read.
        StubError: a name that the flow does not have, a task without a stub where there is no application, a wrong stub.
        PlanError: an environment variable or secret that the flow needs is not set.
        UsageError: a concurrency below one, or a start without a time zone.
    """
    from .flow import Flow
    from .runtime.testing.simulate import simulate

    real = None if app is None else _flowcs(app)
    given = flow if isinstance(flow, Flow) else _compiled(flow, params, real, env or {}, include_root)
    if given is flow and params:
        raise StubError("params are given where the flow is compiled: flowc.load(path, params=…)")
    return simulate(
        given.plan,
        stubs=stubs,
        fail=fail,
        app=real,
        now=now,
        env=env or {},
        secrets=secrets,
        concurrency=concurrency,
        elsewhere=partial(_stands_in, given.plan, None if given is flow else os.fspath(flow)),  # type: ignore[arg-type]
    )


def _stands_in(plan: Plan, path: str | None, name: str) -> bool:
    """Whether a task's name stands in the text of a flow, perhaps in a branch that its parameters do not take."""
    files = {call.where.file for call in plan.calls} | ({path} if path is not None else set())
    word = re.compile(rf"(?<![\w.])(?:[\w.]+\.)?{re.escape(name)}(?![\w.])")
    for file in files:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            if file.endswith(".flow") and word.search(Path(file).read_text(encoding="utf-8")):
                return True
    return False


def _compiled(
    path: str | os.PathLike[str],
    params: Mapping[str, object] | None,
    app: App | None,
    env: Iterable[str],
    include_root: str | os.PathLike[str] | None,
) -> Flow:
    """The flow, checked against the application where that has all of its tasks; stubs may stand for others."""
    from .flow import load
    from .runtime.preflight import tasks_of

    found = load(path, params=params, env=env, include_root=include_root)
    if app is None or any(name not in app.tasks for name, _, _ in tasks_of(found.plan)):
        return found
    return load(path, params=params, app=app, env=env, include_root=include_root)


def _flowcs(app: Any) -> App:
    from .runtime.app import App

    if isinstance(app, App):
        return app
    from .runtime.celery_app import adopt

    return adopt(app)


def __getattr__(name: str) -> object:
    """The classes of what came of a run, imported when they are asked for."""
    if name in ("FlowRun", "FlowStep", "TaskCall"):
        from .runtime.testing import outcome

        return getattr(outcome, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
