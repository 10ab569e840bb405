"""``T.apply()`` and ``task_always_eager``: the call runs here and now, as a worker would run it, but without a message.

Source: "Testing with Celery" and the setting ``task_always_eager`` of Celery's documentation.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .. import request as requests
from ..errors import Ignore, NotRegistered, Reject, Retry
from ..ids import new_id
from ..request import Context, Resend
from .applying import checked

if TYPE_CHECKING:
    from ..app import App
    from ..result import EagerResult
    from ..sending import Sending
    from ..task import Task

logger = logging.getLogger("flowc.eager")


def apply(task: Task, args: Sequence[Any] | None, kwargs: Mapping[str, Any] | None, options: Mapping[str, Any]) -> EagerResult:
    """Run a call here. ``options``: those of ``apply_async``, and ``throw``: raise what the task raises."""
    given = dict(options)
    throw = given.pop("throw", None)
    return run(task.app, checked(task.app, task.name, args, kwargs, given, task), throw)


def apply_sending(app: App, sending: Sending) -> EagerResult:
    """Run what would have been sent: its arguments are written and read as a message's would be.

    Raises:
        EncodeError: the serializer cannot carry the arguments.
        NotRegistered: this process has no task of that name.
    """
    from ..codec import decode_body, encode_body

    task = sending.task
    serializer = sending.options.get("serializer") or (task.serializer if task is not None else app.conf.task_serializer)
    content_type, encoding, data, _ = encode_body((sending.args, sending.kwargs, {}), serializer, None)
    args, kwargs, _ = decode_body(data, content_type, encoding, (serializer,))
    return run(app, sending._replace(args=args, kwargs=kwargs))


def run(app: App, sending: Sending, throw: bool | None = None) -> EagerResult:
    """Run a checked call to its end, retries included, which do not wait here.

    Args:
        app: the application.
        sending: the call.
        throw: raise what the task raises; None: as ``task_eager_propagates`` says.

    Raises:
        NotRegistered: this process has no task of that name.
    """
    from ..result import EagerResult

    task = sending.task
    if task is None:
        raise NotRegistered(f"no task is registered as {sending.name!r}, so it cannot run in this process")
    context = _context(app, task, sending)
    state, value, raised = _attempts(task, context)
    if raised is not None and state == "FAILURE":
        _call_errbacks(app, context, raised)
        if app.conf.task_eager_propagates if throw is None else throw:
            raise raised
    elif state == "SUCCESS":
        for callback in context.callbacks or ():
            _send(app, callback, (value,), context)
    told = "".join(traceback.format_exception(raised)) if raised is not None else None
    if app.conf.task_store_eager_result and state in ("SUCCESS", "FAILURE"):
        _store(app, context, state, value, raised, told)
    return EagerResult(str(context.id), value if raised is None else raised, state, traceback=told, name=task.name, app=app)


def _context(app: App, task: Task, sending: Sending) -> Context:
    options = sending.options
    id_ = options.get("task_id") or new_id()
    parent = requests.current()
    ignore = options.get("ignore_result")
    return Context(
        id=id_,
        task=task.name,
        args=sending.args,
        kwargs=sending.kwargs,
        root_id=options.get("root_id") or (parent.root_id if parent is not None else None) or id_,
        parent_id=options.get("parent_id") or (parent.id if parent is not None else None),
        retries=options.get("retries") or 0,
        headers=options.get("headers"),
        delivery_info={"is_eager": True, **{key: options.get(key) for key in ("exchange", "routing_key", "priority")}},
        correlation_id=id_,
        ignore_result=bool(task.ignore_result if ignore is None else ignore),
        shadow=options.get("shadow"),
        called_directly=False,
        is_eager=True,
        callbacks=options.get("link"),
        errbacks=options.get("link_error"),
        app=app,
    )


def _attempts(task: Task, context: Context) -> tuple[str, Any, BaseException | None]:
    """How it ended at last: state, value and what was raised."""
    while True:
        resends: list[Resend] = []
        context.resend = resends.append
        requests.push(context)
        try:
            return "SUCCESS", task.run(*context.args, **context.kwargs), None
        except Retry:
            again = resends[-1]
            context.retries = again.retries
            context.args = context.args if again.args is None else again.args
            context.kwargs = context.kwargs if again.kwargs is None else again.kwargs
        except Ignore as exc:
            return "IGNORED", None, exc
        except Reject as exc:
            return "REJECTED", None, exc
        except Exception as exc:
            return "FAILURE", None, exc
        finally:
            requests.pop()


def _send(app: App, callback: Any, args: tuple[Any, ...], context: Context) -> None:
    from ..canvas import maybe_signature

    maybe_signature(callback, app=app).apply_async(args, parent_id=context.id, root_id=context.root_id)


def _call_errbacks(app: App, context: Context, raised: BaseException) -> None:
    if not context.errbacks:
        return
    from ..failures import failure_of
    from ..worker.errbacks import call_errbacks

    for line in call_errbacks(app, context, failure_of(raised), hostname="eager")[1]:
        logger.error(line)


def _store(app: App, context: Context, state: str, value: Any, raised: BaseException | None, told: str | None) -> None:
    from ..codec import pack
    from ..failures import failure_of
    from ..results.interface import Stored
    from ..worker.writing import document

    result = pack(value, "the result") if raised is None else failure_of(raised, keep=False).as_json()
    app.backend.store([Stored(document(context, state, result, told))])
