"""The options that lead a flow to a fleet of workers, shared by ``flowc submit`` and ``flowc run``; and the application that they make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from ..dsl.columns import visible
from .exits import Stop
from .gathering import Command, gathered
from .terminal import note

if TYPE_CHECKING:
    from ..runtime.app import App
    from .config import Config
    from .settings import Choices


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


#: Adds ``--broker --backend --celery`` to a command, which gets them as one argument ``fleet``.
fleet_options = gathered("fleet", FleetChoices, _OPTIONS)


def lost_after_option(when: str) -> Callable[[Command], Command]:
    """``--lost-after`` as a decorator; ``when``: the option with which it means something."""
    said = f"With {when}: count a step as lost when nobody has known it for so long [default: some minutes]."
    return click.option("--lost-after", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help=said)


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
        point(app, fleet.broker, fleet.backend)
        if app.conf.broker_url.startswith("memory://"):
            raise Stop("there is no broker that leads to workers", hint="Give --broker URL, or --celery MODULE:APP, or set broker_url.")
        app.broker.connection()
        _ = app.backend
    except UsageError as wrong:
        raise Stop(str(wrong)) from None
    return app


def point(app: App, broker: str | None, backend: str | None) -> None:
    """Lead an application to the broker and the result store of the command line, where these are given.

    Raises:
        ImproperlyConfigured: one is no URL.
    """
    given = {"broker_url": ("--broker", broker), "result_backend": ("--backend", backend)}
    settings = {key: url for key, (_, url) in given.items() if url is not None}
    for key, url in settings.items():
        type(app.conf).check({key: url}, given[key][0])
    if settings:
        app.close()
        app.conf.update(settings)


def spared(config: Config, fleet: FleetChoices, choices: Choices) -> Config:
    """``[tool.flowc]`` without its application where that need not be imported: stubs declare the tasks, and the broker is known.

    Raises:
        Stop: a setting cannot be used.
    """
    if config.app is None or fleet.celery is not None or choices.app is not None or not (choices.stubs or config.stubs):
        return config
    from ..runtime.app import App
    from ..runtime.errors import UsageError

    try:
        known = fleet.broker is not None or not App("flowc", set_as_current=False).conf.broker_url.startswith("memory://")
    except UsageError as wrong:
        raise Stop(str(wrong)) from None
    if not known:
        return config
    told = (
        f"stubs declare the tasks, so {config.app} is not imported: its settings and routes do not count, unless --app or --celery is given"
    )
    note(visible(f"note: {told}") + "\n")
    return replace(config, app=None)


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
