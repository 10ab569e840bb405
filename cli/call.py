"""``flowc call``: send one task, and perhaps wait for its result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from .exits import Stop
from .fleet import point
from .reaching import reaching

if TYPE_CHECKING:
    from ..runtime.app import App
    from .config import Config


class _Command(click.Command):
    """Says what to do about an argument that looks like an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """click's, with a hint for negative numbers."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as wrong:
            if wrong.option_name[1:2].isdigit() or wrong.option_name[1:2] == ".":
                said = (
                    f"{wrong.option_name} looks like an option. Write -- before arguments that begin with a minus: flowc call add -- -1 2"
                )
                raise click.UsageError(said, ctx) from None
            raise


_OPTIONS = (
    click.option("-a", "--args", "json_args", metavar="JSON", help="Positional arguments as a JSON list; ARGS come after them."),
    click.option(
        "-k", "pairs", multiple=True, metavar="NAME=VALUE", help="A named argument; its value is read as ARGS are. May be repeated."
    ),
    click.option("--kwargs", "json_kwargs", metavar="JSON", help="Named arguments as a JSON object; -k wins over it."),
    click.option("--text", is_flag=True, help="Take ARGS and the values of -k as texts, even if they are JSON."),
    click.option(
        "--app", "spec", metavar="MODULE[:ATTR]", help="The application: its settings, and a check of the task's name and arguments."
    ),
    click.option("--unregistered", is_flag=True, help="Send the task though the application does not register it."),
    click.option("--broker", metavar="URL", help="The broker, instead of broker_url."),
    click.option("--backend", metavar="URL", help="Where results are kept, instead of result_backend."),
    click.option("--wait", is_flag=True, help="Wait for the result and print it as JSON."),
    click.option("--timeout", type=click.FloatRange(min=0), metavar="S", help="With --wait: wait so many seconds at most."),
    click.option("--json", "as_json", is_flag=True, help="Print id, state, result and traceback as one JSON object."),
    click.option("--queue", metavar="NAME", help="The queue that it goes to."),
    click.option("--exchange", metavar="NAME", help="The exchange that it goes to."),
    click.option("--routing-key", metavar="KEY", help="The routing key."),
    click.option("--priority", type=click.IntRange(0, 255), metavar="N", help="Its priority, 0 to 255."),
    click.option("--countdown", type=float, metavar="S", help="Run it in so many seconds."),
    click.option("--eta", metavar="TIME", help="Run it at that time (ISO 8601)."),
    click.option("--expires", metavar="S|TIME", help="Do not run it after so many seconds, or that time."),
    click.option("--time-limit", type=float, metavar="S", help="End it by force after so many seconds."),
    click.option("--soft-time-limit", type=float, metavar="S", help="Raise SoftTimeLimitExceeded in it after so many seconds."),
    click.option("--serializer", metavar="NAME", help="How its arguments travel: json, yaml, msgpack …"),
    click.option("--compression", metavar="NAME", help="What the message is compressed with: gzip, zstd …"),
    click.option("--task-id", metavar="ID", help="Its id [default: a new one]."),
    click.option("--ignore-result/--no-ignore-result", default=None, help="Whether its result is not kept."),
    click.option("--retry/--no-retry", default=None, help="Whether to try again when the broker does not answer."),
)


def _with_options(function: Any) -> Any:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@click.command(cls=_Command)
@click.argument("task")
@click.argument("words", nargs=-1, metavar="[ARGS]...")
@_with_options
def command(
    task: str,
    words: tuple[str, ...],
    json_args: str | None,
    pairs: tuple[str, ...],
    json_kwargs: str | None,
    text: bool,
    spec: str | None,
    unregistered: bool,
    broker: str | None,
    backend: str | None,
    wait: bool,
    timeout: float | None,
    as_json: bool,
    **chosen: Any,
) -> int:
    """Send one task and print its id, or with --wait its result.

    TASK is its full name. Each of ARGS is read as JSON if it is JSON, else taken as text: 2, true, '[1, 2]', hello, '"2"'.

    The application is that of --app, or of app in [tool.flowc] of the nearest pyproject.toml. Without one any name can be sent.
    """
    from .call_values import call_options, named, positional
    from .calling import Call
    from .config import read_config

    if timeout is not None and not wait:
        raise Stop("--timeout says how long to wait: give --wait, too")
    args, kwargs = positional(words, json_args, text=text), named(pairs, json_kwargs, text=text)
    with _explained():
        app, registered = _application(spec, read_config())
        point(app, broker, backend)
        if registered and not unregistered:
            _check_name(app, task)
        options = call_options(chosen, app.conf.tzinfo)
        embedded = _is_embedded(app, registered=registered, wait=wait)
        call = Call(app, task, args, kwargs, options)
        return call.wait(timeout, embedded=embedded, as_json=as_json) if wait else call.send(as_json=as_json)


# ------------------------------------------------------------------------------------------------------------ what is called
def _application(spec: str | None, config: Config) -> tuple[App, bool]:
    """The application, and whether it is the user's own, which knows its tasks."""
    from .application import find_application

    if spec is None and config.app is None:
        from ..runtime.app import App

        return App("flowc"), False
    return find_application(spec) if spec is not None else find_application(str(config.app), config.path), True


def _check_name(app: App, task: str) -> None:
    from ..compiler.suggest import suggest

    if task not in app.tasks:
        near = suggest(task, [name for name in app.tasks if not name.startswith("celery.")])
        hint = f"Did you mean '{near}'?" if near else "--unregistered sends it nevertheless."
        raise Stop(f"the application registers no task {task!r}", hint=hint)


def _is_embedded(app: App, *, registered: bool, wait: bool) -> bool:
    """Whether the broker is inside this process, so that the task can only run here."""
    if app.conf.task_always_eager or not app.conf.broker_url.startswith("memory://"):
        return False
    if not wait:
        raise Stop(
            "the broker is inside this process (memory://), so nothing would ever run the task",
            hint="Give --broker URL or set broker_url; or let it run here with --wait.",
        )
    if not registered:
        raise Stop(
            "the broker is inside this process (memory://), and there is no application that has the task",
            hint="Give --app MODULE[:ATTR] to run it here, or --broker URL.",
        )
    return True


@contextmanager
def _explained() -> Iterator[None]:
    """What may be wrong around a call, as a message and an exit code."""
    from ..runtime.errors import UsageError

    with reaching():
        try:
            yield
        except (UsageError, NotImplementedError) as wrong:
            raise Stop(str(wrong)) from None
