"""Family F02, names."""

from __future__ import annotations

from .entry import Code

CODES: tuple[Code, ...] = (
    Code(
        "F0201",
        "Unknown task",
        "there is no task `{name}`",
        """Tasks are known here (declared with `task`, or registered by the application that `--app` names), and this one is not among them. Correct the
name, or declare the task: `task proj.tasks.add(x: int) -> int`. A task of a module of which nothing is declared is only a warning (F0901).""",
        bad='task proj.tasks.extract(day: str)\n\nextrcat("monday")\n',
        good='task proj.tasks.extract(day: str)\n\nextract("monday")\n',
    ),
    Code(
        "F0202",
        "A short name that could mean several tasks",
        "`{name}` could mean any of {candidates}",
        """A bare name means the task of exactly that name, or else the one known task that ends in it. Here several do. Write the whole name, or import one:
`from proj.maths import add`.""",
        bad="task maths.add(x: int)\ntask lists.add(x: int)\n\nadd(1)\n",
        good="from maths import add\ntask maths.add(x: int)\ntask lists.add(x: int)\n\nadd(1)\n",
    ),
    Code(
        "F0203",
        "A name that nothing binds",
        "nothing here is called `{name}`",
        """Inside arguments, operators and conditions a bare name is a value: a step, a constant, a parameter or a loop's name. To run a task there, call it:
`f(add(1, 2))`.""",
        bad="total = count()\nreport(totl)\n",
        good="total = count()\nreport(total)\n",
    ),
    Code(
        "F0204",
        "Used before it is bound",
        "`{name}` is used before it is bound",
        """A name is bound first and used below that. So no steps can wait for each other in a circle. Move the binding up.""",
        bad="report(total)\ntotal = count()\n",
        good="total = count()\nreport(total)\n",
    ),
    Code(
        "F0205",
        "Bound twice",
        "`{name}` is bound already, as {what}",
        """A name is bound once in a file or sub-flow: it stands for one step, and is that step's identity in diagrams, plans and diffs. Give the second one
a name of its own.""",
        bad="total = count()\ntotal = total -> double\n",
        good="total = count()\ntwice = total -> double\ntwice -> report\n",
    ),
    Code(
        "F0206",
        "A name that hides another",
        "`{name}` would hide {what} of the same name",
        """Names of a block, parameters of a sub-flow and loop names may not hide an import, task, flow, include, parameter or a step's name in
the same block: a reader should not have to look for which one is meant. Choose another name.""",
        bad="from proj.tasks import load, extract\n\nflow go(load: int):\n    return extract(load)\n\ngo(1) -> load\n",
        good="from proj.tasks import load, extract\n\nflow go(size: int):\n    return extract(size)\n\ngo(1) -> load\n",
    ),
    Code(
        "F0207",
        "Unknown member of an include",
        "`{include}` has nothing called `{name}`",
        """`ns.name` after `include "file.flow" as ns` means a task, flow, parameter or constant of that file.""",
        bad='include "common.flow" as common\n\ncommon.cleanpu()\n=== common.flow\nflow cleanup():\n    return sweep()\n',
        good='include "common.flow" as common\n\ncommon.cleanup()\n=== common.flow\nflow cleanup():\n    return sweep()\n',
    ),
    Code(
        "F0208",
        "Nothing inside a task or flow",
        "`{name}` is {what}; there is nothing inside it to name",
        """A dotted name whose first part is imported, declared or a flow cannot go on behind it. To reach into a *result*, call first: `add(1, 2).count`.""",
        bad="from proj.tasks import add\n\nadd.count(2)\n",
        good="from proj.tasks import add\n\nadd(2)\n",
    ),
    Code(
        "F0209",
        "A sub-flow that calls itself",
        "this sub-flow calls itself: {path}",
        """Sub-flows are inlined, so one that calls itself, directly or through others, would never end. Repeat with a comprehension over a list instead.""",
        bad="flow a():\n    return b()\n\nflow b():\n    return a()\n\na()\n",
        good="flow a():\n    return b()\n\nflow b():\n    return work()\n\na()\n",
    ),
    Code(
        "F0210",
        "Parameter defaults that need each other",
        "these defaults need each other: {path}",
        """The default of a parameter may use other parameters, but not in a circle.""",
        bad="param low: int = high - 1\nparam high: int = low + 1\n\nwork(low, high)\n",
        good="param low: int = 1\nparam high: int = low + 1\n\nwork(low, high)\n",
    ),
    Code(
        "F0211",
        "An index on a name that nothing binds",
        "nothing here is called `{name}`, so there is nothing to index",
        """`x[0]` reaches into the result of a bound step, or into a constant. Bind the name first, or call the task: `add(1)[0]`.""",
        bad="report(totals[0])\n",
        good="totals = count()\nreport(totals[0])\n",
    ),
    Code(
        "F0212",
        "A task without its parentheses",
        "`{name}` is a task or flow; inside arguments and operators it needs its `()`",
        """Between arrows a bare name is a call (`a -> add`). Inside arguments, operators and conditions a bare name is a value, so that a misspelt one is
found; a task there is called: `f(add())`.""",
        bad="from proj.tasks import add, report\n\nreport(add)\n",
        good="from proj.tasks import add, report\n\nreport(add())\n",
    ),
    Code(
        "F0213",
        "An include is not a value",
        "`{name}` is an included file, not a value",
        """The name of an include stands only before a dot: `common.cleanup()`.""",
        bad='include "common.flow" as common\n\nreport(common)\n=== common.flow\nlimit = 5\n',
        good='include "common.flow" as common\n\nreport(common.limit)\n=== common.flow\nlimit = 5\n',
    ),
    Code(
        "F0214",
        "A value is not called",
        "`{name}` is a value and cannot be called",
        """Only tasks, sub-flows and the built-in functions can be called.""",
        bad="size = 5\nsize(2)\n",
        good="size = 5\nresize(size)\n",
    ),
)
