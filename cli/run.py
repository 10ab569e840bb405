"""``flowc run``: a flow run here, by a worker inside this process, or driven from here on a fleet of workers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from .exits import Exit, Stop
from .fleet import FleetChoices, fleet_app, fleet_options, lost_after_option
from .reaching import reaching
from .settings import Choices, compile_options, make_settings
from .terminal import note, out_json

if TYPE_CHECKING:
    from ..compiler.plan import Plan
    from ..runtime.app import App
    from ..runtime.outcome import RunResult
    from .config import Config


@dataclass(frozen=True, slots=True)
class _How:
    """How the flow is to run: the options of which some are for runs here, some for driven ones."""

    pool: str | None
    concurrency: int | None
    timeout: float | None
    preflight: bool
    lost_after: float | None

    def check(self, fleet: FleetChoices) -> None:
        """Raises Stop: an option that means nothing here."""
        if fleet.given:
            if self.pool is not None or self.concurrency is not None:
                raise Stop("--pool and --concurrency are for runs here: with --broker or --celery, workers run the steps")
        elif fleet.backend is not None:
            raise Stop("--backend says where workers keep results: give --broker, too")
        else:
            given = {"--timeout": self.timeout, "--lost-after": self.lost_after, "--no-preflight": None if self.preflight else True}
            if (useless := next((option for option, value in given.items() if value is not None), None)) is not None:
                raise Stop(f"{useless} is for runs on workers: give --broker, too")


@click.command()
@click.argument("path", metavar="FILE|-")
@click.option("--json", "as_json", is_flag=True, help="Print the state and result of every step, not just the flow's value.")
@click.option("--pool", type=click.Choice(("threads", "processes", "solo")), help="What the steps run in [default: threads].")
@click.option("-c", "--concurrency", type=click.IntRange(min=1), metavar="N", help="How many steps run at once [default: the pool's].")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="With --broker: leave after that time.")
@click.option("--no-preflight", is_flag=True, help="With --broker: do not ask the workers first which tasks they have.")
@lost_after_option("--broker")
@click.option("--stdin-filename", metavar="PATH", help="What to call standard input in findings, and where its includes are.")
@fleet_options
@compile_options
def command(
    path: str,
    as_json: bool,
    pool: str | None,
    concurrency: int | None,
    timeout: float | None,
    no_preflight: bool,
    lost_after: float | None,
    stdin_filename: str | None,
    fleet: FleetChoices,
    choices: Choices,
) -> int:
    """Run a flow and print its value as JSON: here, without a server, or with --broker on the workers there, Celery's or flowc's.

    The tasks of a run here are those of --app, or of app in [tool.flowc] of the nearest pyproject.toml. With --broker (or --celery), every
    step is a message to a worker, sent when what it needs is there. Leaves with 4 if a step failed, with 6 if the time is over.
    """
    from ..flow import declarations
    from .config import read_config
    from .one import compile_one

    how = _How(pool, concurrency, timeout, not no_preflight, lost_after)
    how.check(fleet)
    config = read_config()
    app = fleet_app(fleet, choices.app, config) if fleet.given else _application(choices.app, config)
    named = fleet.celery or choices.app or config.app
    settings = make_settings(choices, config, require_params=True, tasks=declarations(app) if app is not None and named else None)
    compiled = compile_one(path, settings, stdin_filename, named)
    if compiled is None:
        return Exit.FINDINGS
    source, plan = compiled
    result = _drive(plan, app, how, config) if fleet.given and app is not None else _run(plan, _needed(app, plan, config), how, config)
    from .outcome import as_json_text, report, value_text

    note(report(result, source))
    if as_json:
        out_json(as_json_text(plan, result))
    elif result.has_value:
        out_json(value_text(result.shown_value))
    return result.exit_code


def _application(spec: str | None, config: Config) -> App | None:
    from .application import find_application

    if spec is not None:
        return find_application(spec)
    return None if config.app is None else find_application(config.app, config.path)


def _needed(app: App | None, plan: Plan, config: Config) -> App:
    """The application; an empty one serves a flow that calls nothing."""
    if app is not None:
        return app
    if plan.calls:
        where = f"app in [tool.flowc] of {config.path}" if config.path else "app in [tool.flowc] of a pyproject.toml"
        raise Stop("there is no application that has the flow's tasks", hint=f"Give --app MODULE[:ATTR], or set {where}.")
    from ..runtime.app import App

    return App("flowc")


def _run(plan: Plan, app: App, how: _How, config: Config) -> RunResult:
    from ..runtime.driver import run
    from ..runtime.output import tasks_print_to_stderr
    from .config import environment
    from .progress import progress

    stream = sys.stderr  # inside it is another one, which is the tasks' own
    with _stopping(), tasks_print_to_stderr(), progress(plan, stream) as watch:
        return run(plan, app, pool=how.pool or "threads", concurrency=how.concurrency, on_event=watch, env=environment(config))


def _drive(plan: Plan, app: App, how: _How, config: Config) -> RunResult:
    from ..runtime.fleet.driver import drive
    from ..runtime.output import tasks_print_to_stderr
    from .config import environment
    from .progress import progress

    stream = sys.stderr  # listeners (~>) are called here, and may print
    with app, reaching(), _stopping(), tasks_print_to_stderr(), progress(plan, stream) as watch:
        env = environment(config)
        return drive(plan, app, on_event=watch, env=env, timeout=how.timeout, preflight=how.preflight, lost_after=how.lost_after)


@contextmanager
def _stopping() -> Iterator[None]:
    """Inside: what the user did wrong ends the command with a message."""
    from ..compiler.plan import PlanError
    from ..dsl.columns import visible
    from ..runtime.errors import UnknownTasks, UsageError

    try:
        yield
    except UnknownTasks as unknown:
        raise Stop("\n  ".join(("tasks are missing:", *map(visible, unknown.problems)))) from None
    except (UsageError, PlanError) as wrong:
        raise Stop(visible(str(wrong))) from None
