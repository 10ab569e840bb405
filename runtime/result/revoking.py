"""Asking the workers not to run calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..app import App


def revoke(
    app: App, task_ids: str | list[str], connection: Any, terminate: bool, signal: str | None, wait: bool, timeout: float | None
) -> Any:
    """Tell all workers not to run these calls.

    Args:
        connection: Celery's: kombu's connection to use.
        terminate: also end one that runs already.
        signal: by which; ``SIGTERM`` if None.
        wait: wait for the workers' answers, and return them.
        timeout: seconds to wait for them.
    """
    options: dict[str, Any] = {"terminate": terminate}
    if signal is not None:
        options["signal"] = signal
    if connection is not None:
        options["connection"] = connection
    if wait:
        options |= {"reply": True, "timeout": timeout}
    return app.control.revoke(task_ids, **options)
