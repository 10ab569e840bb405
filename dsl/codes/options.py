"""Family F05, options."""

from __future__ import annotations

from ..diagnostics import Severity
from .entry import Code

CODES: tuple[Code, ...] = (
    Code(
        "F0501",
        "Unknown option",
        "there is no option `{option}`",
        """Options stand in braces behind a call, a group or a scope: `add(1, 2) {queue = "math", expires = 2h}`. They are those
that Celery's `apply_async`
takes, and a few of flowc's own. What Celery calls `link` and `link_error` is written with arrows.""",
        bad='task jobs.work()\nwork() {queu = "etl"}\n',
        good='task jobs.work()\nwork() {queue = "etl"}\n',
    ),
    Code(
        "F0502",
        "Wrong type of an option",
        "`{option}` takes {type}, not {given}",
        """Each option has a type. Durations are written with their unit (`500ms`, `10s`, `1h30m`; a number alone means seconds),
datetimes with a zone, texts in quotes.
`true` is no number.""",
        bad='task jobs.work()\nwork() {countdown = "soon"}\n',
        good="task jobs.work()\nwork() {countdown = 10s}\n",
    ),
    Code(
        "F0503",
        "An option's value is out of range",
        "`{option}` cannot be {value}; possible is {range}",
        "Durations are not negative, priorities go from 0 to 255, and `delivery_mode` is 1 or 2.",
        bad="task jobs.work()\nwork() {priority = 256}\n",
        good="task jobs.work()\nwork() {priority = 255}\n",
    ),
    Code(
        "F0504",
        "A datetime without a zone",
        "`{option}` needs a time zone, and {value} has none",
        """Workers may live in other zones than the one who submits: a moment without a zone would mean another one on each.
Add `Z` for UTC, or an offset such as `+02:00`.""",
        bad="task jobs.work()\nwork() {eta = 2026-11-22T10:00:00}\n",
        good="task jobs.work()\nwork() {eta = 2026-11-22T10:00:00Z}\n",
    ),
    Code(
        "F0505",
        "Two options that exclude each other",
        "`{option}` and `{other}` cannot be given together",
        """`countdown` counts from sending and `eta` is a moment: a step can only have one time to start. One of them may come
from `defaults` or from the task's declaration.""",
        bad="task jobs.work()\nwork() {countdown = 10s, eta = now + 1h}\n",
        good="task jobs.work()\nwork() {countdown = 10s}\n",
    ),
    Code(
        "F0506",
        "A soft limit beyond the hard one",
        "`soft_time_limit` ({first}) is beyond `time_limit` ({second})",
        "The soft limit gives the task time to clean up before the hard limit ends it, so it must come first.",
        bad="task jobs.work()\nwork() {soft_time_limit = 10m, time_limit = 5m}\n",
        good="task jobs.work()\nwork() {soft_time_limit = 4m, time_limit = 5m}\n",
    ),
    Code(
        "F0507",
        "A text that cannot be sent",
        "`{option}` cannot be this text: {reason}",
        """Names of queues, exchanges, tasks and headers travel in the heads of messages. They may not be empty, hold control
characters, or be longer than brokers take.""",
        bad='task jobs.work()\nwork() {queue = ""}\n',
        good='task jobs.work()\nwork() {queue = "etl"}\n',
    ),
    Code(
        "F0508",
        "Unknown key in `retry_policy`",
        "`{option}` has no key `{key}`",
        "Its keys are `max_retries`, `interval_start`, `interval_step` and `interval_max`. They are about *sending the message*.",
        bad="task jobs.work()\nwork() {retry_policy = {max_tries: 3}}\n",
        good="task jobs.work()\nwork() {retry_policy = {max_retries: 3}}\n",
    ),
    Code(
        "F0509",
        "A wrong value inside an option",
        "`{key}` in `{option}` takes {wanted}",
        """`max_retries` is an int (null for no end) and the intervals are durations. Headers hold plain values: texts,
numbers, bools, dates, null.""",
        bad='task jobs.work()\nwork() {retry_policy = {interval_max: "long"}}\n',
        good="task jobs.work()\nwork() {retry_policy = {interval_max: 1s}}\n",
    ),
    Code(
        "F0510",
        "An option that must be known when compiling",
        "`{option}` cannot be a value that is known at submission only",
        """`env(…)` and `secret(…)` are texts, and `now` is a datetime. Single values of `headers` may be such, the map as a
whole is written out.""",
        bad="task jobs.work()\nwork() {retry_policy = now}\n",
        good="task jobs.work()\nwork() {retry_policy = {max_retries: 3}, eta = now + 1h}\n",
    ),
    Code(
        "F0511",
        "Expires before it may start",
        "`expires` ({expires}) is before `eta` ({eta})",
        "The step would be revoked before it may start.",
        bad="task jobs.work()\nwork() {eta = now + 2h, expires = 1h}\n",
        good="task jobs.work()\nwork() {eta = now + 1h, expires = 2h}\n",
    ),
    Code(
        "F0512",
        "Probably a misspelt name",
        "`{option}` is {value}, which is none of the names that are always there",
        """Other serializers and compressions can be registered with kombu, so that this is only a warning; but the name is
very near to one that is always there.""",
        bad='task jobs.work()\nwork() {serializer = "jsn"}\n',
        good='task jobs.work()\nwork() {serializer = "json"}\n',
        severity=Severity.WARNING,
    ),
    Code(
        "F0516",
        "Expires while it waits",
        "`countdown` ({countdown}) is beyond `expires` ({expires})",
        "The step will expire before its countdown ends, and never run.",
        bad="task jobs.work()\nwork() {countdown = 2h, expires = 1h}\n",
        good="task jobs.work()\nwork() {countdown = 1h, expires = 2h}\n",
        severity=Severity.WARNING,
    ),
)
