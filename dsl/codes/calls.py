"""Family F04, calls and types."""

from __future__ import annotations

from .entry import Code

TYPES: tuple[Code, ...] = (
    Code(
        "F0450",
        "Unknown type",
        "there is no type `{type}`",
        """The types are `int float str bool bytes date datetime duration json any`, `list[T]`, `map[T]`, `tuple[T, …]`, `T?` (a T
or null), texts
(`"a" | "b"`) and records (`{ok: bool, n: int}`).""",
        bad="param names: list[string]\ntask jobs.work(xs)\nwork(names)\n",
        good="param names: list[str]\ntask jobs.work(xs)\nwork(names)\n",
    ),
    Code(
        "F0451",
        "Wrong number of types in brackets",
        "`{type}` takes {expected} in brackets, {given} given",
        "`list[T]` and `map[T]` take one type (a map's keys are always text), `tuple[T, U]` any number, and the others none.",
        bad="param limits: map[str, int]\ntask jobs.work(x)\nwork(limits)\n",
        good="param limits: map[int]\ntask jobs.work(x)\nwork(limits)\n",
    ),
)

CALLS: tuple[Code, ...] = (
    Code(
        "F0401",
        "Missing arguments",
        "`{task}` also needs {missing}",
        """The declaration of this task has parameters without a default that the call does not give. What `->` hands over counts as the first argument.""",
        bad="task maths.add(x: int, y: int) -> int\n\nadd(1)\n",
        good="task maths.add(x: int, y: int) -> int\n\nadd(1, 2)\n",
    ),
    Code(
        "F0402",
        "Too many arguments",
        "`{task}` takes {most} arguments by position, but {given} are given{note}",
        """`a -> b(1)` calls `b(<a's result>, 1)`: the linked result comes first and counts. Use `=>` where it is not wanted, or `_` to say where it goes.""",
        bad="task maths.double(x: int) -> int\ntask maths.two() -> int\n\ntwo() -> double(2)\n",
        good="task maths.double(x: int) -> int\ntask maths.two() -> int\n\ntwo() -> double\n",
    ),
    Code(
        "F0403",
        "Unknown argument name",
        "`{task}` has no parameter `{name}`",
        """The declaration of this task names its parameters, and this is none of them.""",
        bad="task maths.add(x: int, y: int) -> int\n\nadd(1, z=2)\n",
        good="task maths.add(x: int, y: int) -> int\n\nadd(1, y=2)\n",
    ),
    Code(
        "F0404",
        "An argument given twice",
        "`{name}` of `{task}` is given already {how}",
        """A parameter gets one value. What `->` hands over takes the first parameter; write `b(x=_)` to say that it is meant for another.""",
        bad="task maths.add(x: int, y: int) -> int\ntask maths.two() -> int\n\ntwo() -> add(x=2, y=3)\n",
        good="task maths.add(x: int, y: int) -> int\ntask maths.two() -> int\n\ntwo() -> add(x=2, y=_)\n",
    ),
    Code(
        "F0405",
        "Wrong type of an argument",
        "`{name}` of `{task}`: {why}",
        """The declaration of the task says which type each parameter has. An int may stand for a float; a bool for no int; null only for `T?`.""",
        bad='task maths.double(x: int) -> int\n\ndouble("2")\n',
        good="task maths.double(x: int) -> int\n\ndouble(2)\n",
    ),
    Code(
        "F0406",
        "Wrong type of a linked result",
        "the linked result goes to `{name}` of `{task}`: {why}",
        """`a -> b` hands the result of `a` to the first parameter of `b` (or where `_` stands). Their declared types do not go together. The list of a
group's results is a list: `[a, b] -> c` needs a `c` that takes one.""",
        bad="task io.read() -> str\ntask maths.double(x: int) -> int\n\nread() -> double\n",
        good="task io.read() -> int\ntask maths.double(x: int) -> int\n\nread() -> double\n",
    ),
    Code(
        "F0407",
        "Nothing to reach there",
        "there is no `{key}` in a value of type {type}",
        """`x.count` reads a key of a map or record, `x[0]` an item of a list. The type that is declared or known here has no such thing inside. A value that
may be null (`T?`) cannot be reached into.""",
        bad="task io.stat() -> {size: int}\n\ns = stat()\nreport(s.sise)\n",
        good="task io.stat() -> {size: int}\ntask io.report(n: int)\n\ns = stat()\nreport(s.size)\n",
    ),
    Code(
        "F0408",
        "No such member of a group",
        "there is no member {index} in a group of {count}",
        """Members of a group count from 0; negative numbers count from its end.""",
        bad="pair = [left(), right()]\nreport(pair[2])\n",
        good="pair = [left(), right()]\nreport(pair[1])\n",
    ),
    Code(
        "F0409",
        "A key that is neither text nor number",
        "a result is reached into with a name, a text or a whole number",
        """`x.name`, `x["any key"]` and `x[0]` reach into a result; the key must be known when the flow is compiled.""",
        bad="x = load()\nreport(x[1.5])\n",
        good="x = load()\nreport(x[1])\n",
    ),
    Code(
        "F0411",
        "Wrong use of map, starmap or chunks",
        "`{name}` is written `{form}`",
        """`map(task, xs)` and `starmap(task, xs)` make one message that calls the task for each item; `chunks(task, xs, n)` one message for each n items.""",
        bad="chunks(add, [[1, 2], [3, 4]])\n",
        good="chunks(add, [[1, 2], [3, 4]], 1)\n",
    ),
    Code(
        "F0412",
        "A task declared twice",
        "`{name}` is declared twice",
        """A task has one declaration among a file and those that it includes.""",
        bad="task maths.add(x: int)\ntask maths.add(y: int)\n\nadd(1)\n",
        good="task maths.add(x: int)\n\nadd(1)\n",
    ),
    Code(
        "F0413",
        "A name that no task can have",
        "a task's name is a text without control characters, and not empty",
        """Quoted names are for tasks whose names are no words (`task "my-app.add" as add`); control characters would not survive the way.""",
        bad='task "my\\u0007app" as add\n\nadd(1)\n',
        good='task "my-app.add" as add\n\nadd(1)\n',
    ),
    Code(
        "F0416",
        "A built-in function takes no named arguments",
        "`{name}` takes its arguments by position alone",
        """The built-in functions are those of Python, with positional arguments only.""",
        bad="[work(i) for i in range(stop=5)]\n",
        good="[work(i) for i in range(5)]\n",
    ),
    Code(
        "F0417",
        "A sub-flow has no `*args`",
        "a sub-flow takes a fixed set of parameters",
        """`*args` and `**kwargs` exist in declarations of tasks alone. Give the sub-flow a list parameter.""",
        bad="flow go(*names):\n    return work()\n\ngo(1)\n",
        good="flow go(names: list[int]):\n    return work(names)\n\ngo([1])\n",
    ),
    Code(
        "F0418",
        "Wrong type of a sub-flow's value",
        "`{flow}` promises {wanted}, but returns {given}",
        """What a sub-flow returns must be of the type behind its `->`. A sub-flow without `return` is worth null.""",
        bad='flow go() -> int:\n    return "five"\n\nreport(go())\n',
        good="flow go() -> int:\n    return 5\n\nreport(go())\n",
    ),
    Code(
        "F0419",
        "Wrong use of env or secret",
        "`{name}` is written `{form}`",
        """The name of a variable or secret is a text that is known when the flow is compiled, so that a reader can see what a flow reads.""",
        bad="work(secret(1))\n",
        good='work(secret("TOKEN"))\n',
    ),
    Code(
        "F0420",
        "Not a task",
        "the first argument is the name of a task, without `()`",
        """`map`, `starmap` and `chunks` call the task for every item, so they take the task itself.""",
        bad="map(add(1), [1, 2])\n",
        good="map(add, [1, 2])\n",
    ),
)

CODES: tuple[Code, ...] = (*CALLS, *TYPES)
