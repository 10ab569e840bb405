"""Calls that the worker makes for a task which has ended: callbacks, the rest of a chain, errbacks that are messages, retries.

They belong to a task that was accepted, so a broker that is away for a while must not cost them: they are tried again for as long as the
worker tries to connect (``broker_connection_max_retries``), unless the signature has a ``retry`` or ``retry_policy`` of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..request import Context
from .unknown_options import without_unknown_options

#: Seconds between tries: at first, how they grow, and at most.
START, STEP, LONGEST = 0.2, 0.3, 2.0


def patience(app: Any) -> dict[str, Any]:
    """The retry policy of calls that the worker makes."""
    return {
        "max_retries": app.conf.broker_connection_max_retries or None,
        "interval_start": START,
        "interval_step": STEP,
        "interval_max": LONGEST,
    }


def publish(app: Any, signature: Any, args: Sequence[Any], parent: Context, **options: Any) -> None:
    """Call a signature in its dict form, with ``args`` before its own unless it is immutable.

    Args:
        app: sends it.
        signature: of one task, or of a chain, group or chord.
        args: partial arguments.
        parent: the request of the call that has ended, and is current.
        options: further options, which win over the signature's own.

    Raises:
        EncodeError: an argument that the serializer cannot carry.
        OperationalError: kombu's; the broker is out of reach.
    """
    from ..canvas import maybe_signature

    signature = without_unknown_options(signature)
    own = signature.get("options") or {}
    options["parent_id"] = parent.id
    options["root_id"] = parent.root_id
    if "retry" not in own and "retry_policy" not in own:
        options["retry"] = True
        options["retry_policy"] = patience(app)
    if app.conf.task_inherit_parent_priority:
        options.setdefault("priority", (parent.delivery_info or {}).get("priority"))
    maybe_signature(signature, app=app).apply_async(args, **options)


def send_callbacks(app: Any, context: Context, value: Any) -> None:
    """Send each callback of a call that has succeeded, in their order, and then the next step of its chain. Raises as :func:`publish`."""
    for callback in context.callbacks or ():
        publish(app, callback, (value,), context)
    chain = context.chain
    if chain:
        publish(app, chain[-1], (value,), context, chain=chain[:-1])


def chain_rest(context: Context) -> list[Mapping[str, Any]]:
    """The steps of a call's chain that will not run when it has failed, in their order."""
    return list(reversed(context.chain or ()))
