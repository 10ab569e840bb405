"""flowc from Python: ``flowc.load("etl.flow")`` gives a :class:`Flow` to look at, draw and run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .compiler.declarations import Declaration
    from .compiler.graph import Graph
    from .compiler.pipeline import Settings
    from .compiler.plan import Plan
    from .dsl.diagnostics import Diagnostic
    from .dsl.source import Source
    from .runtime.app import App
    from .runtime.fleet.submission import Submission
    from .runtime.outcome import RunEvent, RunResult


class FlowError(Exception):
    """A flow with errors. It prints as ``flowc check`` does.

    ``findings`` are all findings, warnings too, sorted by file and place.
    """

    def __init__(self, findings: Iterable[Diagnostic]) -> None:
        self.findings = tuple(findings)
        super().__init__(self.findings)

    def __str__(self) -> str:
        from .dsl.render import render_full, summary

        files = len({finding.source.name for finding in self.findings})
        return f"{render_full(self.findings)}\n{summary(self.findings, files=files)}"

    def _render_traceback_(self) -> list[str]:
        """What notebooks show instead of a traceback, which would tell of the compiler and not of the flow."""
        return str(self).split("\n")


@dataclass(frozen=True)
class Flow:
    """A compiled flow. ``plan`` is what a runtime reads; ``findings`` are its warnings. Immutable."""

    plan: Plan
    findings: tuple[Diagnostic, ...] = ()
    env: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The file's name without folder and ending."""
        return self.plan.name

    @cached_property
    def graph(self) -> Graph:
        """The flow as a networkx ``MultiDiGraph``: nodes are steps, edges have a ``kind``."""
        from .compiler.graph import to_graph

        return to_graph(self.plan)

    def dot(self) -> str:
        """The flow as Graphviz DOT, as ``flowc graph`` draws it."""
        from .compiler.diagram import to_dot

        return to_dot(self.plan)

    def _repr_svg_(self) -> str | None:
        """The picture that a notebook shows; None where Graphviz cannot draw, so that it shows the text."""
        from .compiler.diagram import DiagramError, render, to_dot

        try:
            return render(to_dot(self.plan, base=None), "svg").decode("utf-8")
        except DiagramError:
            return None

    def run(
        self,
        app: App,
        *,
        pool: str = "threads",
        concurrency: int | None = None,
        secrets: Mapping[str, str] | None = None,
        on_event: Callable[[RunEvent], None] | None = None,
    ) -> RunResult:
        """Run the flow here, on a worker inside this process, and wait for its end.

        Args:
            app: the application that has its tasks, flowc's or Celery's; a Celery application's need neither its broker nor its results.
            pool: ``threads``, ``processes`` or ``solo`` (one step at a time, in this thread).
            concurrency: how many steps at once; the pool's default if None.
            secrets: the values of ``secret()``, by name; environment variables of those names if None.
            on_event: called in this thread whenever something happens.

        Raises:
            PlanError: an environment variable or secret that the flow needs is not set.
            UnknownTasks: the application lacks tasks of the flow.
            UsageError: no such pool.
        """
        from .runtime.driver import run

        env = {name: os.environ[name] for name in self.env if name in os.environ}
        return run(self.plan, _flowcs(app), pool=pool, concurrency=concurrency, on_event=on_event, env=env, secrets=secrets)

    def submit(
        self, app: App, *, max_message: int = 256_000, unregistered: bool = False, secrets: Mapping[str, str] | None = None
    ) -> Submission:
        """Send the flow to workers, Celery's or flowc's, which run it by themselves.

        Args:
            app: the application, flowc's or Celery's, whose broker it is sent to. If it has tasks, the flow's must be among them.
            max_message: bytes of the largest message; each has all that follows its step inside.
            unregistered: send tasks that the application does not register, too.
            secrets: the values of ``secret()``, by name; environment variables of those names if None.

        Raises:
            SubmissionRefused: messages cannot carry the flow, or one would be too large; nothing was sent.
            UnknownTasks: the application has tasks, but not all of the flow's; nothing was sent.
            PlanError: an environment variable or secret that the flow needs is not set.
            UsageError: the broker or the result backend cannot be used as it is set.
            SubmissionFailed: the broker or the result store failed; it says what was sent.
        """
        from .runtime.fleet.submit import submit

        env = {name: os.environ[name] for name in self.env if name in os.environ}
        return submit(self.plan, _flowcs(app), max_message=max_message, unregistered=unregistered, env=env, secrets=secrets)

    def drive(
        self,
        app: App,
        *,
        timeout: float | None = None,
        preflight: bool = True,
        window: int | None = None,
        lost_after: float | None = None,
        secrets: Mapping[str, str] | None = None,
        on_event: Callable[[RunEvent], None] | None = None,
    ) -> RunResult:
        """Run the flow on the workers of the application's broker, Celery's or flowc's, and wait for its end.

        Every step is a message of its own, sent when what it needs is there; so any flow can be driven. What a step returned comes back by
        a link, without any result backend.

        Args:
            app: flowc's or Celery's; its settings say which broker, routes and result backend; it needs tasks only for listeners (``~>``).
            timeout: seconds after which the run is left, whatever is still out; what was sent goes on.
            preflight: ask the workers first which tasks and queues they have.
            window: how many messages may be out at once; 10,000 if None.
            lost_after: seconds after which a step that no worker knows and that is in no queue is lost; by default some minutes, or hours
                where workers do not answer.
            secrets: the values of ``secret()``, by name; environment variables of those names if None.
            on_event: called in this thread whenever something happens.

        Raises:
            PlanError: an environment variable or secret that the flow needs is not set.
            UnknownTasks: workers have answered, and none has a task of the flow.
            ConnectionLost, OperationalError: the broker cannot be reached.
            UsageError: a setting, ``window`` or ``lost_after`` cannot be used.
        """
        from .runtime.fleet.driver import WINDOW, drive

        env = {name: os.environ[name] for name in self.env if name in os.environ}
        return drive(
            self.plan,
            _flowcs(app),
            on_event=on_event,
            env=env,
            secrets=secrets,
            timeout=timeout,
            preflight=preflight,
            window=WINDOW if window is None else window,
            lost_after=lost_after,
        )

    def __repr__(self) -> str:
        return f"<Flow {self.name}: {len(self.plan.calls)} steps>"


def load(
    path: str | os.PathLike[str],
    *,
    params: Mapping[str, object] | None = None,
    app: App | None = None,
    stubs: Iterable[str | os.PathLike[str]] | os.PathLike[str] = (),
    env: Iterable[str] = (),
    max_steps: int = 100_000,
    include_root: str | os.PathLike[str] | None = None,
) -> Flow:
    """Compile a file.

    Args:
        path: a ``.flow`` file.
        params: values of its parameters by name (``"ns.name"`` for those of an include).
        app: an application, flowc's or Celery's; then tasks and their signatures are checked against what it registers.
        stubs: files that ``flowc stubs`` has written; their tasks count like those of an application, where ``app`` does not have them.
        env: the environment variables that the flow may read with ``env()``, at submission.
        max_steps: refuse a flow that unfolds to more steps.
        include_root: the folder that includes may not leave; by default the file's own.

    Raises:
        FlowError: the flow has errors, or cannot be read.
    """
    from .compiler.include import read_source
    from .dsl.diagnostics import Findings

    findings = Findings()
    source = read_source(os.fspath(path), findings)
    if source is None:
        raise FlowError(findings.sorted())
    root = None if include_root is None else os.fspath(include_root)
    return _compile(source, _settings(params, app, stubs, env, max_steps, root))


def loads(
    text: str,
    *,
    name: str = "<string>",
    params: Mapping[str, object] | None = None,
    app: App | None = None,
    stubs: Iterable[str | os.PathLike[str]] | os.PathLike[str] = (),
    env: Iterable[str] = (),
    max_steps: int = 100_000,
) -> Flow:
    """Compile a text. ``name`` is what findings call it; it can include nothing. Otherwise as :func:`load`."""
    from .dsl.source import Source

    return _compile(Source(name, text), _settings(params, app, stubs, env, max_steps, None))


def _settings(
    params: Mapping[str, object] | None,
    app: App | None,
    stubs: Iterable[str | os.PathLike[str]] | os.PathLike[str],
    env: Iterable[str],
    max_steps: int,
    include_root: str | None,
) -> Settings:
    from .compiler.pipeline import Settings
    from .compiler.stubs import read_stubs

    files = [os.fspath(path) for path in ((stubs,) if isinstance(stubs, (str, os.PathLike)) else stubs)]
    return Settings(
        params=params or {},
        tasks=None if app is None else declarations(app),
        stubs=read_stubs(files) if files else None,
        env=tuple(env),
        max_steps=max_steps,
        include_root=include_root,
    )


def _compile(source: Source, settings: Settings) -> Flow:
    from .compiler.pipeline import compile_source

    compiled = compile_source(source, settings)
    if compiled.plan is None:
        raise FlowError(compiled.findings)
    return Flow(compiled.plan, compiled.findings, settings.env)


def _flowcs(app: App) -> App:
    """The application itself, or the one that stands for a Celery application."""
    from .runtime.app import App

    if isinstance(app, App):
        return app
    from .runtime.celery_app import adopt

    return adopt(app)


def declarations(app: App) -> Mapping[str, Declaration]:
    """What each task that an application registers declares, by its full name; not the built-in ones: the language has words for them."""
    from .compiler.declarations import declare

    return {
        name: declare(name, task.function, bound=task.bind, options=task.options)
        for name, task in _flowcs(app).tasks.items()
        if not name.startswith("celery.")
    }
