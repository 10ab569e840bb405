"""The options that a step can have: THE table, which checks, documentation, hover and completion read."""

from __future__ import annotations

from ..dsl.record import dataclass


@dataclass(frozen=True, slots=True)
class OptionDoc:
    """One option: its type in a user's words, what it does, and an example as it is written between braces."""

    name: str
    type: str
    note: str
    example: str


_ROWS = (
    OptionDoc("countdown", "duration", "start no sooner than that after sending", "countdown = 10s"),
    OptionDoc("eta", "datetime", "start no sooner than that moment; it must carry a zone", "eta = now + 2d"),
    OptionDoc(
        "expires",
        "duration or datetime",
        "past it the step is not run any more (`REVOKED`); a duration counts from sending",
        "expires = 2h",
    ),
    OptionDoc("retry", "bool", "whether *sending the message* is tried again when the connection fails", "retry = false"),
    OptionDoc(
        "retry_policy",
        "map of max_retries, interval_start, interval_step, interval_max",
        "how sending is tried again: `max_retries` is an int, or null for no end; the intervals are durations",
        "retry_policy = {max_retries: 5, interval_max: 1s}",
    ),
    OptionDoc("time_limit", "duration", "the worker ends the task by force after that", "time_limit = 10m"),
    OptionDoc("soft_time_limit", "duration", "after that the task gets an exception which it can catch", "soft_time_limit = 9m"),
    OptionDoc("timeout", "duration", "how long the run waits for a started step before it counts as failed", "timeout = 5m"),
    OptionDoc(
        "serializer", "text", "how the message is written: json, pickle, yaml, msgpack, or another registered name", 'serializer = "json"'
    ),
    OptionDoc(
        "compression", "text", "how it is packed: brotli, bzip2, gzip, lzma, zlib, zstd, or another registered name", 'compression = "gzip"'
    ),
    OptionDoc("queue", "text", "the queue that the message goes to", 'queue = "etl"'),
    OptionDoc("exchange", "text", "the exchange that the message goes to, instead of the queue's own", 'exchange = "media"'),
    OptionDoc("routing_key", "text", "by which the exchange chooses a queue", 'routing_key = "video.encode"'),
    OptionDoc(
        "priority", "int from 0 to 255", "the message's priority, as the broker understands it (Redis serves 0 first)", "priority = 9"
    ),
    OptionDoc("ignore_result", "bool", "do not keep the result; not for a step whose value is used", "ignore_result = true"),
    OptionDoc("task_id", "text", "the id of the task, instead of a new one; for one step only", 'task_id = "nightly-2026-11-22"'),
    OptionDoc("headers", "map of plain values", "further headers of the message", 'headers = {tenant: "acme"}'),
    OptionDoc("shadow", "text", "another name for the task in logs", 'shadow = "nightly load"'),
    OptionDoc("delivery_mode", '1, 2, "transient" or "persistent"', "whether the broker keeps the message on disk", "delivery_mode = 1"),
    OptionDoc("mandatory", "bool", "whether sending fails when no queue takes the message", "mandatory = true"),
    OptionDoc("attempts", "int", "how often the task itself is tried", "attempts = 3"),
    OptionDoc("backoff", "range of durations", "how long to wait between the attempts", "backoff = 5s..2m"),
    OptionDoc("max_parallel", "int", "how many members of a group run at once", "max_parallel = 8"),
    OptionDoc("need", "all, any, finished or an int", "how many members of a group must succeed", "need = any"),
)

DOC: dict[str, OptionDoc] = {row.name: row for row in _ROWS}
"""Every option by its name, in the order of the catalogue."""

ALL: frozenset[str] = frozenset(DOC)
"""Every option of the language."""

GROUP_ONLY: frozenset[str] = frozenset({"max_parallel", "need"})
"""Options that only a group has."""

MERGED: frozenset[str] = frozenset({"retry_policy", "headers"})
"""Options that are merged by key where both an outer and an inner place give them."""

UNSUPPORTED: frozenset[str] = frozenset({"attempts", "backoff", "max_parallel", "need"})
"""Options that this version reads but cannot do yet."""

RETRY_KEYS = ("max_retries", "interval_start", "interval_step", "interval_max")
"""The keys of ``retry_policy``."""

HINTS: dict[str, str] = {
    "link": "write what comes next behind an arrow: `a -> b`",
    "link_error": "write a handler behind the scope: `a !> handler`",
    "args": "arguments go between the parentheses: `task(1, 2)`",
    "kwargs": "arguments go between the parentheses: `task(x=1)`",
    "max_retries": "of sending the message: `retry_policy = {max_retries: 3}`",
    "interval_start": "it is a key of `retry_policy`",
    "interval_step": "it is a key of `retry_policy`",
    "interval_max": "it is a key of `retry_policy`",
    "retries": "of sending the message: `retry_policy = {max_retries: 3}`",
    "delay": "did you mean `countdown`?",
    "wait": "did you mean `countdown`?",
    "ttl": "did you mean `expires`?",
    "concurrency": "did you mean `max_parallel`?",
    "group_id": "flowc sets it itself",
    "root_id": "flowc sets it itself",
    "parent_id": "flowc sets it itself",
    "reply_to": "flowc sets it itself",
    "correlation_id": "flowc sets it itself",
    "chord": "a chord is a group with an arrow: `[a, b] -> c`",
    "immutable": "write `=>` for a step that takes nothing from the one before",
}
"""Words that Celery or habit suggest, and what to write."""
