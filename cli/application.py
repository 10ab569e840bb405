"""The application that ``--app`` names, and what its tasks declare."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .exits import Stop

if TYPE_CHECKING:
    from ..compiler.declarations import Declaration
    from ..runtime.app import App


def find_application(spec: str, config_path: str | None = None, named_by: str = "--app") -> App:
    """Import the application ``MODULE[:ATTR]``, flowc's or Celery's: this runs user code.

    Args:
        spec: its name.
        config_path: the pyproject.toml that names it, beside which its module is then looked for first; None: an option names it.
        named_by: that option.

    Raises:
        Stop: there is none, or importing it failed; then with the traceback of the user's own code.
    """
    from ..runtime.errors import AppNotFound
    from ..runtime.loading import load_app

    try:
        app = load_app(spec, os.path.dirname(config_path) if config_path else None)
        app.stands_alone()
        return app
    except AppNotFound as problem:
        from ..dsl.columns import visible
        from .terminal import note

        for line in problem.traceback.splitlines():
            note(f"{visible(line)}\n")
        named_by = f"{config_path}: [tool.flowc] app" if config_path else named_by
        raise Stop(visible(f"{named_by}: {problem}")) from None


def import_tasks(app: App) -> None:
    """Import the modules of the settings ``imports`` and ``include``, which may define more tasks.

    Raises:
        Stop: one of them cannot be imported.
    """
    from importlib import import_module

    for name in (*app.conf.imports, *app.conf.include):
        try:
            import_module(name)
        except ImportError as wrong:
            raise Stop(f"imports: {name!r} cannot be imported: {wrong}") from None


def declared_tasks(spec: str | None) -> Mapping[str, Declaration] | None:
    """The declarations of the application that stands on the command line; None without one."""
    if spec is None:
        return None
    from ..flow import declarations

    return declarations(find_application(spec))
