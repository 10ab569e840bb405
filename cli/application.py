"""The application that ``--app`` names, and what its tasks declare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .exits import Stop

if TYPE_CHECKING:
    from ..compiler.declarations import Declaration
    from ..runtime.app import App


def find_application(spec: str) -> App:
    """Import the application ``MODULE[:ATTR]``: this runs user code.

    Raises:
        Stop: there is none, or importing it failed; then with the traceback of the user's own code.
    """
    from ..runtime.errors import AppNotFound
    from ..runtime.loading import load_app

    try:
        return load_app(spec)
    except AppNotFound as problem:
        from ..dsl.columns import visible
        from .terminal import note

        for line in problem.traceback.splitlines():
            note(f"{visible(line)}\n")
        raise Stop(visible(str(problem))) from None


def declared_tasks(spec: str | None) -> Mapping[str, Declaration] | None:
    """The declarations of the application that stands on the command line; None without one."""
    if spec is None:
        return None
    from ..flow import declarations

    return declarations(find_application(spec))
