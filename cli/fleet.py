"""The options that lead a flow to a fleet of workers, shared by ``flowc submit`` and ``flowc run``; and the application that they make."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .exits import Exit, Stop

if TYPE_CHECKING:
    from ..runtime.app import App
    from .config import Config

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class FleetChoices:
    """What the user chose, as texts: ``--broker``, ``--backend`` and ``--celery``."""

    broker: str | None = None
    backend: str | None = None
    celery: str | None = None

    @property
    def given(self) -> bool:
        """Whether a fleet is named here."""
        return self.broker is not None or self.celery is not None


_OPTIONS = (
    click.option("--broker", metavar="URL", help="The broker of the workers, instead of broker_url."),
    click.option("--backend", metavar="URL", help="Where the workers keep results, instead of result_backend."),
    click.option(
        "--celery", metavar="MODULE[:ATTR]", help="Import a Celery application: its broker, results, routes, queues and tasks count."
    ),
)


def fleet_options(command: Command) -> Command:
    """Add ``--broker --backend --celery`` to a command, which gets them as one argument ``fleet``."""
    from functools import update_wrapper

    def gather(*args: Any, **values: Any) -> Any:
        chosen = {name: values.pop(name) for name in FleetChoices.__slots__}
        return command(*args, fleet=FleetChoices(**chosen), **values)

    wrapped: Any = update_wrapper(gather, command)
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    result: Command = wrapped
    return result


def fleet_app(fleet: FleetChoices, spec: str | None, config: Config) -> App:
    """The application by which a flow gets to its workers; nothing is connected yet.

    It is that of ``--celery``; else that of ``--app`` or of ``[tool.flowc]``; else one without tasks. URLs of the command line go before
    its own settings.

    Args:
        fleet: what the user chose.
        spec: ``--app``.
        config: what ``[tool.flowc]`` says.

    Raises:
        Stop: there is no such application, or no broker; or a URL is malformed, its scheme is unknown or a driver is not installed.
    """
    from ..runtime.errors import UsageError

    app = _application(fleet, spec, config)
    try:
        settings = {"broker_url": fleet.broker, "result_backend": fleet.backend}
        given = {key: value for key, value in settings.items() if value is not None}
        if given:
            app.close()
            app.conf.update(given)
        if app.conf.broker_url.startswith("memory://"):
            raise Stop("there is no broker that leads to workers", hint="Give --broker URL, or --celery MODULE:APP, or set broker_url.")
        app.broker.connection()
        _ = app.backend
    except UsageError as wrong:
        raise Stop(str(wrong)) from None
    return app


def _application(fleet: FleetChoices, spec: str | None, config: Config) -> App:
    from .application import find_application

    if fleet.celery is not None:
        if spec is not None:
            raise Stop("--celery and --app both name an application: give one of them")
        found = find_application(fleet.celery, named_by="--celery")
        if getattr(found, "peer", None) is None:
            raise Stop(f"--celery: {fleet.celery} is a flowc.App, not a Celery application", hint=f"Give --app {fleet.celery}.")
        return found
    if spec is not None:
        return find_application(spec)
    if config.app is not None:
        return find_application(config.app, config.path)
    from ..runtime.app import App

    return App("flowc")


@contextmanager
def reaching() -> Iterator[None]:
    """Inside: a broker or result store that cannot be reached ends the command with a message and exit code 5."""
    from ..runtime.errors import BackendError, ConnectionLost

    try:
        yield
    except Stop:
        raise
    except Exception as error:
        # kombu's OperationalError is known by its name: the command line does not import kombu
        if isinstance(error, (BackendError, ConnectionLost, OSError)) or "OperationalError" in (
            kind.__name__ for kind in type(error).__mro__
        ):
            raise Stop(str(error) or type(error).__name__, Exit.BROKER) from None
        raise
