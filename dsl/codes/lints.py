"""Family F09, lints: what runs but is hardly meant."""

from __future__ import annotations

from ..diagnostics import Severity
from .entry import Code

CODES: tuple[Code, ...] = (
    Code("F0901", "A task that nothing is known of", "nothing is known of the task `{name}`, so its arguments are not checked",
         "Declare tasks in a stub file (`task proj.tasks.add(x: int, y: int = 0) -> int`) and include it, or name the application with `--app`: then "
         "misspelt names, wrong arguments and wrong types are found before anything is sent. Reported once for each task.",
         bad="add(2, 2)\n", good="task maths.add(x: int, y: int) -> int\n\nadd(2, 2)\n", severity=Severity.WARNING),
    Code("F0902", "An unused import", "`{name}` is imported but never used", "Remove it, or use it.",
         bad="from proj.tasks import add, mul\n\nadd(1, 2)\n", good="from proj.tasks import add\n\nadd(1, 2)\n", severity=Severity.WARNING),
    Code("F0903", "An unused parameter", "the parameter `{name}` is never used", "Remove it, use it, or begin its name with `_` to say that it is meant.",
         bad="param day: date = 2026-11-22\n\nwork()\n", good="param day: date = 2026-11-22\n\nwork(day)\n", severity=Severity.WARNING),
    Code("F0904", "An unused name", "`{name}` is never used",
         "The step runs all the same, but nothing reads the name. Drop the name, use it, or begin it with `_` to say that it is meant: names are also the "
         "identities of steps in diagrams and plans. The name of the last statement is the file's value, and in use.",
         bad="rows = count()\nreport()\n", good="rows = count()\nreport(rows)\n", severity=Severity.WARNING),
    Code("F0905", "A head that the handler does not cover", "`{name}` was written elsewhere, so this handler does not cover its failure",
         "A scope is made of the steps written in the statement. A bound step at its head is not among them: if it fails, this handler is not called. Put a "
         "handler where it is bound. Or, for a handler of everything, write the steps as a sub-flow and handle its call: all steps of the sub-flow are in "
         "that scope.",
         bad="x = count()\nx -> report !> page\n", good="x = count() !> page\nx -> report !> page\n", severity=Severity.WARNING),
    Code("F0907", "A statement behind `return`", "nothing behind `return` is run", "Remove what follows, or move the `return` to the end.",
         bad="flow go():\n    return a()\n    b()\n\ngo()\n", good="flow go():\n    b()\n    return a()\n\ngo()\n", severity=Severity.WARNING),
)  # fmt: skip
