"""One call of a Celery task, as a worker of Celery's makes it: its request, hooks and signals, and what it raises to say how it goes on.

Source: "Tasks" (handlers, requests, retrying) and "Signals" of Celery's documentation.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ..errors import Ignore, Reject, Retry, StepError
from ..failures import Failure, exception_of
from ..request import Context
from ..worker.errbacks import modules_of
from .beginning import begin
from .inside import Call
from .recognising import CELERY

if TYPE_CHECKING:
    from .task import CeleryTask

logger = logging.getLogger("flowc.celery")


def serve(task: CeleryTask, context: Context, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Run a Celery task for the call that this thread serves.

    Raises:
        Retry: the task wants to be tried again, and what that takes has been asked for.
        Ignore: as Celery's.
        Reject: as Celery's.
        BaseException: whatever the task raises.
    """
    inside, peer, state = task.app.inside, task.peer, CELERY.state
    request = _request(task, context, args, kwargs)
    begin(task.app)
    call = Call(peer, context, request, here=context.before_call is not None or context.is_eager or not task.app.has_broker)
    inside.enter(call)
    before = state._tls.current_app
    state._set_current_app(inside.celery_app)
    state.push_current_task(peer)
    peer.request_stack.push(request)
    try:
        return _run(task, call, args, kwargs)
    finally:
        peer.request_stack.pop()
        state.pop_current_task()
        state._set_current_app(before)
        inside.leave()


def _request(task: CeleryTask, context: Context, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """``self.request`` with all that a worker of Celery's has there."""
    hard_and_soft = context.timelimit
    known = {
        "lang": "py", "task": context.task, "id": context.id, "root_id": context.root_id, "parent_id": context.parent_id,
        "group": context.group, "group_index": context.group_index, "shadow": context.shadow, "eta": context.eta,
        "expires": context.expires, "retries": context.retries, "timelimit": list(hard_and_soft) if hard_and_soft else [None, None],
        "argsrepr": context.argsrepr, "kwargsrepr": context.kwargsrepr, "origin": context.origin,
        "ignore_result": context.ignore_result, "replaced_task_nesting": context.replaced_task_nesting,
        "stamped_headers": context.stamped_headers, "stamps": context.stamps or {},
        "properties": {"correlation_id": context.correlation_id, "reply_to": context.reply_to},
        "reply_to": context.reply_to, "correlation_id": context.correlation_id, "hostname": context.hostname or _host(),
        "delivery_info": context.delivery_info or task.app.delivery_info(task.peer), "is_eager": context.is_eager,
        "callbacks": context.callbacks, "errbacks": context.errbacks, "chain": context.chain, "chord": context.chord,
        "called_directly": False, "args": list(args), "kwargs": dict(kwargs), "_children": context.children, "headers": {},
    }  # fmt: skip
    made = CELERY.request(known)
    made.headers = context.headers
    return made


_hosts: list[str] = []


def _host() -> str:
    if not _hosts:
        _hosts.append(socket.gethostname())
    return _hosts[0]


def _run(task: CeleryTask, call: Call, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    peer, signals, id_ = task.peer, CELERY.signals, call.request.id
    state, value = None, None
    _send(signals.task_prerun, peer, task_id=id_, task=peer, args=args, kwargs=kwargs)
    try:
        value = _attempt(task, call, args, kwargs)
        state = "SUCCESS"
        _hook(peer.on_success, value, id_, args, kwargs)
        _send(signals.task_success, peer, result=value, runtime=0.0)
        _hook(peer.after_return, state, value, id_, args, kwargs, None)
        return value
    except (Retry, Ignore, Reject) as exc:
        state, value = _STATES[type(exc)], exc
        raise
    except Exception as exc:
        state, value = "FAILURE", exc
        _failed(peer, call, exc)
        raise
    finally:
        _send(signals.task_postrun, peer, task_id=id_, task=peer, args=args, kwargs=kwargs, retval=value, state=state)


_STATES = {Retry: "RETRY", Ignore: "IGNORED", Reject: "REJECTED"}


def _attempt(task: CeleryTask, call: Call, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Call the task; what Celery raises to say how it goes on becomes flowc's."""
    try:
        task.peer.before_start(call.request.id, args, kwargs)
        return task.body(*args, **kwargs)
    except CELERY.retry as exc:
        wanted = exc.sig  # type: ignore[attr-defined]
        if wanted is not None and not call.resent:  # in eager calls Celery leaves it to whoever catches this
            call.resend(wanted.args, wanted.kwargs, wanted.options.get("countdown"), wanted.options.get("eta"), wanted.options)
        _retried(task.peer, call, exc)
        raise Retry(None, exc.exc, exc.when) from None  # type: ignore[attr-defined]
    except CELERY.reject as exc:
        raise Reject(exc.reason, bool(exc.requeue)) from exc  # type: ignore[attr-defined]
    except CELERY.ignore as exc:
        if call.replacement is not None:
            ending = call.replacement.value
        elif call.final is not None and call.context.before_call is not None:
            ending = partial(_told, task, *call.final)
        else:
            raise Ignore(*exc.args) from exc
    return ending()


def _told(task: CeleryTask, state: str, meta: Any) -> Any:
    """The end of a step that has said itself how it ends, and asked that nothing else be kept: ``update_state`` and then ``Ignore``."""
    if state == "SUCCESS":
        return meta
    if isinstance(meta, Mapping) and isinstance(meta.get("exc_type"), str):
        args = meta.get("exc_message")
        args = tuple(args) if isinstance(args, (list, tuple)) else (args,)
        failure = Failure(meta["exc_type"], str(meta.get("exc_module") or "builtins"), "", args)
        raise exception_of(failure, modules_of(task.app))
    raise meta if isinstance(meta, BaseException) else StepError(f"the task told the state FAILURE: {meta!r}")


def _retried(peer: Any, call: Call, exc: Any) -> None:
    request, info = call.request, CELERY.exception_info((type(exc), exc, exc.__traceback__))
    _hook(peer.on_retry, exc.exc, request.id, request.args, request.kwargs, info)
    _send(CELERY.signals.task_retry, peer, request=request, reason=exc, einfo=info)


def _failed(peer: Any, call: Call, exc: Exception) -> None:
    request = call.request
    info = CELERY.exception_info((type(exc), exc, exc.__traceback__))
    _hook(peer.on_failure, exc, request.id, request.args, request.kwargs, info)
    _send(
        CELERY.signals.task_failure, peer, task_id=request.id, exception=exc, args=request.args, kwargs=request.kwargs,
        traceback=exc.__traceback__, einfo=info,
    )  # fmt: skip
    _hook(peer.after_return, "FAILURE", exc, request.id, request.args, request.kwargs, None)


def _hook(handler: Any, *args: Any) -> None:
    """Call a handler of the task's class. What it raises changes nothing about the task's end."""
    try:
        handler(*args)
    except Exception:
        logger.exception("%s of %s raised", getattr(handler, "__name__", "a handler"), CELERY.state.get_current_task())


def _send(signal: Any, sender: Any, **told: Any) -> None:
    if signal.receivers:
        signal.send(sender=sender, **told)
