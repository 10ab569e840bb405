"""``flowc worker``: a worker that runs the tasks of an application."""

from __future__ import annotations

import logging
import os
import platform
import re
import sys
from typing import TYPE_CHECKING, Any

import click

from .exits import Exit, Stop
from .terminal import note

if TYPE_CHECKING:
    from ..runtime.app import App
    from ..runtime.worker.service import WorkerService

LEVELS = ("debug", "info", "warning", "error", "critical")

#: Names of tasks that the banner shows.
SHOWN_TASKS = 20


def _names(ctx: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> list[str]:
    """Names with commas between, from one option or several."""
    return [name for text in given for name in (part.strip() for part in text.split(",")) if name]


_OPTIONS = (
    click.option("-A", "--app", "spec", metavar="MODULE[:ATTR]", help="The application that has the tasks."),
    click.option("-Q", "--queues", multiple=True, callback=_names, metavar="A,B", help="The queues it reads [default: all configured]."),
    click.option("-X", "--exclude-queues", multiple=True, callback=_names, metavar="A,B", help="Queues that it does not read after all."),
    click.option("-c", "--concurrency", type=click.IntRange(min=1), metavar="N", help="How many tasks run at once [default: the pool's]."),
    click.option("-P", "--pool", type=click.Choice(("threads", "processes", "solo")), help="What the tasks run in [default: threads]."),
    click.option("-n", "--hostname", metavar="NAME", help="The worker's name; %h is the host [default: flowc-PID@HOST]."),
    click.option(
        "--prefetch-multiplier", type=click.IntRange(min=0), metavar="N",
        help="Messages fetched ahead for each task that can run; 0: no limit [default: 4].",
    ),
    click.option(
        "-l", "--loglevel", type=click.Choice(LEVELS, case_sensitive=False), default="warning", show_default=True, help="What is told."
    ),
    click.option(
        "-E", "--task-events", is_flag=True, default=None, help="Tell monitors of every task [default: worker_send_task_events]."
    ),
    click.option("--without-heartbeat", is_flag=True, help="Do not tell monitors every few seconds that the worker lives."),
    click.option(
        "--heartbeat-interval", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="How often it does [default: 2]."
    ),
    click.option("-b", "--broker", metavar="URL", help="The broker, instead of broker_url."),
    click.option("--backend", metavar="URL", help="Where results are kept, instead of result_backend."),
)  # fmt: skip


def _with_options(function: Any) -> Any:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@click.command()
@_with_options
def command(
    spec: str | None,
    queues: list[str],
    exclude_queues: list[str],
    concurrency: int | None,
    pool: str | None,
    hostname: str | None,
    prefetch_multiplier: int | None,
    loglevel: str,
    task_events: bool | None,
    without_heartbeat: bool,
    heartbeat_interval: float | None,
    broker: str | None,
    backend: str | None,
) -> int:
    """Run a worker: it takes calls from queues of the broker and runs them, until Ctrl-C or SIGTERM.

    The first signal lets running tasks finish; a second one returns them to their queues. What happens is told on standard error.
    """
    from ..runtime.errors import ConnectionLost, UsageError
    from ..runtime.worker.service import HEARTBEAT, WorkerService

    try:
        app = _application(spec, {"broker_url": broker, "result_backend": backend})
        _log_to_stderr(loglevel)
        _check_broker(app)
        service = WorkerService(
            app, queues or None, concurrency=concurrency, pool=pool or app.conf.worker_pool,
            prefetch_multiplier=prefetch_multiplier, hostname=_node_name(hostname), exclude_queues=exclude_queues,
            task_events=task_events, heartbeat=None if without_heartbeat else heartbeat_interval or HEARTBEAT,
        )  # fmt: skip
        note(_banner(app, service))
        service.on_ready = lambda: note("ready\n")
        service.run()
    except UsageError as wrong:
        raise Stop(str(wrong)) from None
    except ConnectionLost as away:
        raise Stop(str(away), Exit.BROKER) from None
    return _leave(service)


def _node_name(given: str | None) -> str | None:
    """A name as ``celery worker -n`` takes it."""
    if given is None:
        return None
    host = platform.node()
    name, _, domain = host.partition(".")
    values = {"%h": host, "%n": name, "%d": domain, "%%": "%"}
    return re.sub("%[hnd%]", lambda found: values[found[0]], given)


def _application(spec: str | None, given: dict[str, str | None]) -> App:
    from .application import find_application, import_tasks
    from .config import read_config

    config = read_config()
    if spec is None and config.app is None:
        raise Stop(
            "there is no application whose tasks could run",
            hint="Give --app MODULE[:ATTR], or set app in [tool.flowc] of a pyproject.toml.",
        )
    app = find_application(spec) if spec is not None else find_application(str(config.app), config.path)
    settings = {key: value for key, value in given.items() if value is not None}
    if settings:
        app.close()
        app.conf.update(settings)
    import_tasks(app)
    return app


def _check_broker(app: App) -> None:
    if not app.broker.traits.shared:
        raise Stop(
            "the broker is inside this process (memory://), so nobody could send anything to this worker",
            hint="Set broker_url, or give --broker URL: redis://…, amqp://… or sqlite:///PATH.",
        )


# ------------------------------------------------------------------------------------------------------------------ what is told
def _banner(app: App, service: WorkerService) -> str:
    from ..dsl.columns import visible
    from ..runtime.configuration.secrets import masked

    tasks = sorted(name for name in app.tasks if not name.startswith("celery."))
    shown = ", ".join(tasks[:SHOWN_TASKS]) + (f" and {len(tasks) - SHOWN_TASKS} more" if len(tasks) > SHOWN_TASKS else "")
    lines = {
        "app": f"{app.name or '(no name)'}",
        "broker": str(masked(app.conf.broker_url, "broker_url")),
        "results": str(masked(app.backend.url, "result_backend")) or "-",
        "pool": f"{service.pool_name}, {service.concurrency} at once",
        "queues": ", ".join(service.queues),
        "tasks": shown or "(none)",
    }
    return f"flowc worker {visible(service.hostname)}\n" + "".join(f"  {name:8} {visible(text)}\n" for name, text in lines.items())


class _Visible(logging.Formatter):
    """Log records without anything that a terminal would obey: names and errors in them come from anywhere."""

    def format(self, record: logging.LogRecord) -> str:
        from ..dsl.columns import visible

        return "\n  ".join(visible(line) for line in super().format(record).split("\n"))


def _log_to_stderr(level: str) -> None:
    root = logging.getLogger()
    if not root.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_Visible("%(asctime)s %(levelname)s %(message)s"))
        root.addHandler(handler)
    root.setLevel(level.upper())
    for noisy in ("amqp", "kombu", "asyncio"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))


def _leave(service: WorkerService) -> int:
    """0 after an orderly stop; after one that was not, tasks may still run in threads, which nothing can end but the process."""
    note(f"stopped: {', '.join(f'{count} {what}' for what, count in sorted(service.counts.items())) or 'nothing was done'}\n")
    number = service.forced_by
    if number is None:
        return Exit.CLEAN
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(128 + number)
