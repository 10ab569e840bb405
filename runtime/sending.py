"""The one way on which calls leave an application: options and defaults become a message, the message goes to the broker.

What counts for a call: its own options, then those of its task, then those of its route, then the settings.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from . import protocol
from . import request as requests
from .ids import new_id

if TYPE_CHECKING:
    from .app import App
    from .broker.interface import Destination, Envelope, RetryPolicy
    from .results.interface import Backend
    from .task import Task

#: Options of a task (``@app.task``) that stand for those of a call which has none of its own.
TASK_OPTIONS = (
    "queue", "exchange", "exchange_type", "routing_key", "serializer", "compression", "priority", "delivery_mode", "mandatory", "expires",
    "time_limit", "soft_time_limit", "ignore_result", "retry", "retry_policy",
)  # fmt: skip

#: Options that decide how a message travels. Calls without any share a plan with all others of their task.
SHAPING = frozenset((
    "queue", "exchange", "exchange_type", "routing_key", "serializer", "compression", "priority", "delivery_mode", "mandatory", "retry",
    "retry_policy", "connection", "producer", "publisher",
))  # fmt: skip

#: Options for which None says "none at all", whatever the task's own say; elsewhere None says that the option is not given.
_CLEARING = frozenset(("expires", "time_limit", "soft_time_limit"))

#: The settings that plans are made of.
_settings = attrgetter(
    "task_serializer", "task_compression", "task_routes", "task_default_priority", "task_default_delivery_mode", "task_ignore_result",
    "task_publish_retry", "task_publish_retry_policy",
)  # fmt: skip

#: Messages that are built before any of them is sent: all are checked, and no more are held in memory.
SLICE = 20_000


class PriorityWarning(UserWarning):
    """A call has a priority, but its queue serves every call in its turn."""


class Sending(NamedTuple):
    """A call that is to leave. ``options``: everything that ``apply_async`` takes, by Celery's names; signatures are dicts."""

    name: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    options: Mapping[str, Any]
    task: Task | None = None


class Plan(NamedTuple):
    """How calls travel that have the same shaping options. ``times``: options that count from the moment of sending."""

    task: Task | None
    draft: protocol.Draft
    destination: Destination
    serializer: str
    compression: str | None
    retry: RetryPolicy
    mandatory: bool
    times: Mapping[str, Any]
    connection: Any = None
    producer: Any = None


class Prepared(NamedTuple):
    """A call that is ready to leave."""

    plan: Plan
    envelope: Envelope


class Sender:
    """Sends the calls of an application. Safe in threads and after a fork.

    Args:
        app: whose settings, routes, broker and results are used.
    """

    def __init__(self, app: App) -> None:
        from .broker.interface import Envelope
        from .broker.retry import policy
        from .codec import encode_body
        from .routing import Router

        self._app = app
        self._conf = app.conf
        self._broker = app.broker
        self._encode = encode_body
        self._envelope = Envelope
        self._policy = policy
        self.router = Router(app.conf, self._broker.queues)
        self._backend: Backend | None = None
        self._pid = 0
        self._origin = ""
        self._plans: dict[str, Plan] = {}
        self._read = _settings(app.conf)
        self._warned: set[str] = set()

    def send(self, sending: Sending) -> str:
        """Send one call; gives its id.

        Raises:
            EncodeError: an argument cannot be serialized, or the serializer or compressor is not installed.
            OperationalError: kombu's; the broker cannot be reached, and every retry is used up.
            QueueNotFound: its queue is not known and may not be made.
        """
        plan = self._plan(sending)
        envelope = self._build(plan, sending)
        self._broker.publisher.publish(envelope, plan.retry, connection=plan.connection, producer=plan.producer)
        if self._conf.task_send_sent_event:
            self._tell([envelope])
        return envelope.headers["id"]  # type: ignore[no-any-return]

    def send_many(self, sendings: Sequence[Sending]) -> list[str]:
        """Send many calls in as few round trips as the broker can; gives their ids.

        Up to 20,000 are built and checked before the first of them is sent.

        Raises:
            EncodeError, OperationalError, QueueNotFound: as for :meth:`send`; some of the calls may have left already.
        """
        ids: list[str] = []
        for start in range(0, len(sendings), SLICE):
            built = self.prepare(sendings[start : start + SLICE])
            self.publish(built)
            ids += [envelope.headers["id"] for _, envelope in built]
        return ids

    def prepare(self, sendings: Iterable[Sending]) -> list[Prepared]:
        """The messages of calls, and how each is to travel; nothing is sent.

        Raises:
            EncodeError, QueueNotFound: as for :meth:`send`.
        """
        return [self._prepared(sending) for sending in sendings]

    def publish(self, built: Sequence[Prepared]) -> None:
        """Send messages that :meth:`prepare` has made, in as few round trips as the broker can.

        Raises:
            OperationalError: as for :meth:`send`; some of them may have left already.
        """
        for plan, envelopes in _runs(built):
            self._broker.publisher.publish_many(envelopes, plan.retry, connection=plan.connection, producer=plan.producer)
            if self._conf.task_send_sent_event:
                self._tell(envelopes)

    def _tell(self, envelopes: Sequence[Envelope]) -> None:
        """Tell monitors of calls that have left."""
        from .sent_events import tell

        tell(self._broker, envelopes, self._sender_name())

    def destination(self, sending: Sending) -> Destination:
        """Where a call would go. Raises QueueNotFound as :meth:`send` does."""
        return self._plan(sending).destination

    def close(self) -> None:
        """Forget what was read of the settings. Connections belong to the broker."""
        self._plans.clear()
        self._backend = None

    # --------------------------------------------------------------------------------------------------------------- plans
    def _prepared(self, sending: Sending) -> Prepared:
        plan = self._plan(sending)
        return Prepared(plan, self._build(plan, sending))

    def _plan(self, sending: Sending) -> Plan:
        name, _, _, options, task = sending
        if _settings(self._conf) != self._read:
            self._read_again()
        if self.router.static and SHAPING.isdisjoint(options):
            plan = self._plans.get(name)
            if plan is not None and plan.task is task and self._pid == os.getpid():
                return plan
            self._plans[name] = plan = self._new_plan(sending, {})
            return plan
        return self._new_plan(sending, options)

    def _read_again(self) -> None:
        """Settings have changed since the last call."""
        from .routing import Router

        self._read = _settings(self._conf)
        self._plans = {}
        self.router = Router(self._conf, self._broker.queues)

    def _new_plan(self, sending: Sending, own: Mapping[str, Any]) -> Plan:
        name, args, kwargs, _, task = sending
        conf = self._conf
        known: Mapping[str, Any] = task.options if task is not None else {}
        merged = {key: known[key] for key in TASK_OPTIONS if known.get(key) is not None}
        merged.update((key, value) for key, value in own.items() if value is not None or key in _CLEARING)
        destination, options = self.router.route(merged, name, args, kwargs, task)
        given = options.get
        ignored = given("ignore_result")
        priority = conf.task_default_priority if given("priority") is None else given("priority")
        if priority:  # 0 asks for nothing: it is what messages have that name none
            self._check_priority(destination)
        shared = {
            "time_limit": given("time_limit"),
            "soft_time_limit": given("soft_time_limit"),
            "ignore_result": conf.task_ignore_result if ignored is None else ignored,
            "priority": priority,
            "delivery_mode": given("delivery_mode")
            or self._broker.queues.delivery_mode(destination.queue)
            or conf.task_default_delivery_mode,
        }
        retry = given("retry")
        return Plan(
            task,
            protocol.draft(name, shared, self._sender_name()),
            destination,
            given("serializer") or conf.task_serializer,
            given("compression") or conf.task_compression,
            self._policy(conf.task_publish_retry if retry is None else retry, given("retry_policy"), conf.task_publish_retry_policy),
            bool(given("mandatory")),
            {"expires": given("expires")} if given("expires") is not None else {},
            own.get("connection"),
            own.get("producer") or own.get("publisher"),
        )

    def _check_priority(self, destination: Destination) -> None:
        traits = self._broker.traits
        if traits.priority is None:
            self._warn(f"the broker ({traits.name}) has no priorities: every call is served in its turn")
        elif traits.priority_per_queue and destination.queue is not None and self._broker.queues[destination.queue].max_priority is None:
            self._warn(
                f"queue {destination.queue!r} has no priorities: declare it with some, by task_queue_max_priority, or its own max_priority"
            )

    def _warn(self, text: str) -> None:
        """Say it once."""
        if text not in self._warned:
            self._warned.add(text)
            warnings.warn(text, PriorityWarning, stacklevel=2)

    def _sender_name(self) -> str:
        pid = os.getpid()
        if pid != self._pid:
            self._plans.clear()
            self._pid = pid
            self._origin = f"gen{pid}@{platform.node()}"
        return self._origin

    # ------------------------------------------------------------------------------------------------------------ messages
    def _build(self, plan: Plan, sending: Sending) -> Envelope:
        _, args, kwargs, options, _ = sending
        id_ = options.get("task_id") or new_id()
        parent = requests.serving()
        if parent is not None and parent.before_call is not None:
            parent.before_call()
        root_id, parent_id = (id_, None) if parent is None or parent.id is None else (parent.root_id or parent.id, parent.id)
        headers, properties, body = protocol.finish(plan.draft, id_, args, kwargs, options, root_id=root_id, parent_id=parent_id)
        if plan.times or ("countdown" in options or "eta" in options or "expires" in options):
            self._set_times(headers, {**plan.times, **options})
        if not properties["reply_to"] and not headers["ignore_result"]:
            properties["reply_to"] = self._reply_to() or ""
        if parent is not None and self._conf.task_inherit_parent_priority and "priority" not in properties:
            inherited = (parent.delivery_info or {}).get("priority")
            if inherited is not None:
                properties["priority"] = inherited
        content_type, encoding, data, compression = self._encode(body, plan.serializer, plan.compression)
        if compression is not None:
            headers["compression"] = compression
        return self._envelope(headers, properties, data, content_type, encoding, plan.destination, plan.mandatory)

    def _reply_to(self) -> str | None:
        if self._backend is None:
            self._backend = self._app.backend
        return self._backend.reply_to

    def _set_times(self, headers: dict[str, Any], options: Mapping[str, Any]) -> None:
        """Times without a zone are in that of the settings."""
        zone = self._conf.tzinfo
        aware = {
            key: value.replace(tzinfo=zone) if isinstance(value, dt.datetime) and value.tzinfo is None else value
            for key, value in options.items()
            if key in ("countdown", "eta", "expires")
        }
        protocol.set_times(headers, aware, dt.datetime.now(dt.UTC))


def _runs(built: Sequence[Prepared]) -> Iterator[tuple[Plan, list[Envelope]]]:
    """Messages that stand side by side and can be sent together."""

    def way(one: Prepared) -> tuple[Any, int, int]:
        return one[0].retry, id(one[0].connection), id(one[0].producer)

    for _, run in groupby(built, way):
        together = list(run)
        yield together[0][0], [envelope for _, envelope in together]
