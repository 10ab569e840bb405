"""``flowc run``: a flow run here, by a worker inside this process."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from .exits import Exit, Stop
from .settings import Choices, compile_options, make_settings
from .terminal import note, out_json

if TYPE_CHECKING:
    from ..compiler.plan import Plan
    from ..runtime.app import App
    from ..runtime.outcome import RunResult
    from .config import Config


@click.command()
@click.argument("path", metavar="FILE|-")
@click.option("--json", "as_json", is_flag=True, help="Print the state and result of every step, not just the flow's value.")
@click.option(
    "--pool", type=click.Choice(("threads", "processes", "solo")), default="threads", show_default=True, help="What the steps run in."
)
@click.option("-c", "--concurrency", type=click.IntRange(min=1), metavar="N", help="How many steps run at once [default: the pool's].")
@click.option("--stdin-filename", metavar="PATH", help="What to call standard input in findings, and where its includes are.")
@compile_options
def command(path: str, as_json: bool, pool: str, concurrency: int | None, stdin_filename: str | None, choices: Choices) -> int:
    """Run a flow here, without a server, and print its value as JSON.

    The tasks are those of --app, or of app in [tool.flowc] of the nearest pyproject.toml. Leaves with 4 if a step failed.
    """
    from ..flow import declarations
    from .config import environment, read_config
    from .one import compile_one

    config = read_config()
    app = _application(choices.app, config)
    settings = make_settings(choices, config, require_params=True, tasks=None if app is None else declarations(app))
    compiled = compile_one(path, settings, stdin_filename, choices.app or config.app)
    if compiled is None:
        return Exit.FINDINGS
    source, plan = compiled
    result = _run(plan, _needed(app, plan, config), pool, concurrency, environment(config))
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


def _run(plan: Plan, app: App, pool: str, concurrency: int | None, env: dict[str, str]) -> RunResult:
    from ..compiler.plan import PlanError
    from ..dsl.columns import visible
    from ..runtime.driver import run
    from ..runtime.errors import UnknownTasks, UsageError
    from ..runtime.output import tasks_print_to_stderr
    from .progress import progress

    stream = sys.stderr  # inside it is another one, which is the tasks' own
    try:
        with tasks_print_to_stderr(), progress(plan, stream) as watch:
            return run(plan, app, pool=pool, concurrency=concurrency, on_event=watch, env=env)
    except UnknownTasks as unknown:
        raise Stop("\n  ".join(("tasks are missing:", *map(visible, unknown.problems)))) from None
    except (UsageError, PlanError) as wrong:
        raise Stop(visible(str(wrong))) from None
