"""The queue that a step's message goes to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...compiler.plan import Call
from ..values import fill

if TYPE_CHECKING:
    from ..app import App


def merged_options(app: App, call: Call) -> dict[str, Any]:
    """The options of a step as they count: its own, then those of its task."""
    known = app.tasks.get(call.task)
    options = {key: fill(value, {}) for key, value in call.options.items}
    return {**({} if known is None else known.options), **{key: value for key, value in options.items() if value is not None}}


def queue_of(app: App, task: str, options: Mapping[str, Any]) -> str:
    """The queue that a call goes to, as far as settings say; what routes a user's function gives is not asked: then it is the default one.

    Args:
        app: whose routes count.
        task: the task's name.
        options: of the call, see :func:`merged_options`.

    Raises:
        QueueNotFound: it is not known, and may not be made.
    """
    router = app.sender.router
    if not router.static:
        return str(app.conf.task_default_queue)
    way = router.route({key: value for key, value in options.items() if key != "expires"}, task).destination
    return way.queue or way.routing_key
