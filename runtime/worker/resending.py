"""The message of a retry: the same call once more, under the same id, on the same way."""

from __future__ import annotations

import datetime as dt
from typing import Any

from ..protocol import moment
from ..request import Context, Resend
from .jobs import TaskJob
from .publishing import patience


def resend(app: Any, job: TaskJob, context: Context, wanted: Resend) -> None:
    """Send what ``self.retry`` asked for.

    Raises:
        EncodeError: the new arguments cannot be carried.
        OperationalError: kombu's; the broker is out of reach.
    """
    from ..sending import Sending

    args = context.args if wanted.args is None else wanted.args
    kwargs = context.kwargs if wanted.kwargs is None else wanted.kwargs
    options = {**_own(job, context), "retry": True, "retry_policy": patience(app), **wanted.options, "retries": wanted.retries}
    if wanted.eta is not None:
        options["eta"] = wanted.eta
    elif wanted.countdown is not None:
        options["countdown"] = wanted.countdown
    app.sender.send(Sending(str(context.task), args, kwargs, options, app.tasks.get(context.task)))


def _own(job: TaskJob, context: Context) -> dict[str, Any]:
    """The options that the call came with."""
    info = job.delivery_info
    options: dict[str, Any] = {
        "task_id": context.id,
        "root_id": context.root_id,
        "parent_id": context.parent_id,
        "group_id": context.group,
        "group_index": context.group_index,
        "link": context.callbacks,
        "link_error": context.errbacks,
        "chain": context.chain,
        "chord": context.chord,
        "reply_to": context.reply_to,
        "headers": context.headers,
        "expires": _time(context.expires),
        "ignore_result": context.ignore_result,
        "shadow": context.shadow,
        "replaced_task_nesting": context.replaced_task_nesting,
        "priority": info.get("priority") or None,  # 0 stands for none given
        "add_to_parent": False,
        "stamped_headers": context.stamped_headers,
        **(context.stamps or {}),
    }
    limit = job.headers.get("timelimit") or (None, None)
    options["time_limit"], options["soft_time_limit"] = limit
    if info.get("exchange"):
        options["exchange"], options["routing_key"] = info["exchange"], info.get("routing_key")
    elif info.get("routing_key"):
        options["queue"] = info["routing_key"]
    return {key: value for key, value in options.items() if value is not None}


def _time(text: str | None) -> dt.datetime | None:
    seconds = moment(text)
    return None if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC)
