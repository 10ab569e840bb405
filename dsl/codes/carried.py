"""Family F10, what the messages of stock Celery workers cannot carry: ``flowc submit``, ``flowc plan --target celery``, ``flowc export``."""

from __future__ import annotations

from ..diagnostics import Severity
from .entry import Code

_DRIVEN = " `flowc run --broker` runs the flow on the same workers and drives it: then nothing of this matters."

CODES: tuple[Code, ...] = (
    Code("F1001", "Results of several steps", "{reason}",
         "A message takes the result of one step to the next. A step whose arguments come from several steps needs somebody who waits for all of "
         "them. A group can: `[x, y] -> join` hands on the list of their results." + _DRIVEN,
         bad="x = a()\ny = b()\njoin(x, y)\n", good="x = a()\ny = b()\n[x, y] -> join\n"),
    Code("F1002", "A step that waits for something besides", "{reason}",
         "A message starts a step when one step or one group has succeeded. To get the result of one and wait for another as well is more than it "
         "can do." + _DRIVEN,
         bad="flow late(v):\n    return b(v)\n\nx = a()\ny = c()\ny => late(x)\n", good="flow late(v):\n    return b(v)\n\nx = a()\nx -> late\n"),
    Code("F1003", "A result that is not the first argument", "{reason}",
         "A message brings a result as the first positional argument of the next step, and once." + _DRIVEN,
         bad="a() -> b(1, data=_)\n", good="a() -> b(1)\n"),
    Code("F1004", "A reach into a result", "{reason}",
         "Nobody looks into a result on its way from one worker to the other. The task itself can." + _DRIVEN,
         bad="x = a()\nb(x.count)\n", good="x = a()\nb(x)\n"),
    Code("F1005", "A result inside a list, a map or an option", "{reason}",
         "A message brings a result as an argument of its own, not inside another value." + _DRIVEN,
         bad='x = a()\nb({count: x})\n', good="x = a()\nb(x)\n"),
    Code("F1006", "Members that hang on different steps", "{reason}",
         "The members of a group that something waits for must start side by side: all with the flow, or all when one step has succeeded, and from "
         "there on no two of them may share a step." + _DRIVEN,
         bad="x = a()\n[x -> b, x -> c, other()] -> join\n", good="x = a()\n[x -> b, x -> c, x => other] -> join\n"),
    Code("F1007", "A handler that gets results", "{reason}",
         "A handler travels with the steps of its scope, before anything has run; it cannot get the result of a step. A text cannot "
         "say such a thing (F0606), but a plan can.", good='x = a()\nx -> b !> page("b")\n'),
    Code("F1008", "A listener", "{reason}",
         "`~>` calls a task in the process that submits the flow, and that does not wait for it." + _DRIVEN,
         bad="a() ~> show\n", good="a() !> show\n"),
    Code("F1009", "A step that leads to two joins", "{reason}",
         "A step's message says for which join it counts, and can say but one." + _DRIVEN,
         bad="x = a()\n[x, b()] -> join\n[x, c()] -> other\n", good="x = a()\n[x, b(), c()] -> join\n"),
    Code("F1010", "A handler that may be called more than once", "{reason}",
         "Where steps of one scope run side by side and no join gathers them, each of them tells of its own failure, so that the handlers may be "
         "called for each. (Where a join gathers them, the handlers are called once, with the id of the join.) Joins inside joins are told of twice "
         "by some versions of Celery. `!> each` says that every failure is meant; `flowc run --broker` calls the handlers once.",
         bad="a() -> [b, c] !> page\n", good="a() -> [b, c] !> each page\n", severity=Severity.WARNING),
    Code("F1011", "A timeout that nobody keeps", "{reason}",
         "The option `timeout` says how long a run waits for a step. A flow that is submitted runs by itself, and nobody waits. `time_limit` is kept "
         "by the worker; `expires` says until when a step may start.",
         bad="a() {timeout = 5m}\n", good="a() {time_limit = 5m}\n", severity=Severity.WARNING),
    Code("F1020", "A join that nobody counts", "{reason}",
         "The workers' result backend counts the members of a group that something waits for. `redis://` can; `rpc://` and none cannot. Give the "
         "backend that the workers use with `--backend`." + _DRIVEN, good="a() -> b\n"),
    Code("F1021", "A message that is too large", "{reason}",
         "All that follows a step travels inside its message, and in the header of a join once for each member. `--max-message` says what may be "
         "sent; brokers slow down with large messages." + _DRIVEN, good="a() -> b\n"),
)  # fmt: skip
