"""Family F03, compile-time values and limits."""

from __future__ import annotations

from .entry import Code

CODES: tuple[Code, ...] = (
    Code(
        "F0301",
        "These values do not go together",
        "`{op}` cannot be applied to {types}",
        """Operators mean what they mean in Python: numbers are added to numbers, texts to texts, lists to lists, and a
duration to a date, a datetime or another duration. Nothing is converted behind your back.

Use an f-string to put values into a text, `str(…)`, `int(…)` or `float(…)` to convert, and write durations with their unit (`now +
30s`).""",
        bad='task jobs.send(text)\nsend("run " + 7)\n',
        good='task jobs.send(text)\nsend(f"run {7}")\n',
    ),
    Code(
        "F0302",
        "Division by zero",
        "`{op}` divides by zero",
        "The right side of `/`, `//` and `%` must not be zero, nor may zero be raised to a negative power.",
        bad="task jobs.work(share)\nmembers = []\nwork(100 / len(members))\n",
        good='task jobs.work(share)\nmembers = ["a"]\nwork(100 / len(members))\n',
    ),
    Code(
        "F0303",
        "Nothing there",
        "this {container} has no {what} {key}",
        """A list or text is indexed with a number from 0 to one less than its length (negative ones count from the end), a map with
one of its keys. The value is known at compile time, so that the mistake is, too.""",
        bad='task jobs.work(host)\nhosts = {eu: "a.example", us: "b.example"}\nwork(hosts["asia"])\n',
        good='task jobs.work(host)\nhosts = {eu: "a.example", us: "b.example"}\nwork(hosts["eu"])\n',
    ),
    Code(
        "F0304",
        "An index of the wrong kind",
        "a {what} is indexed with {wanted}, not with {given}",
        "Items of lists and characters of texts are reached by number, values of maps by text.",
        bad='task jobs.work(x)\nxs = [1, 2, 3]\nwork(xs["first"])\n',
        good="task jobs.work(x)\nxs = [1, 2, 3]\nwork(xs[0])\n",
    ),
    Code(
        "F0305",
        "No such number",
        "{value} cannot be converted to {wanted}",
        "`int(…)` and `float(…)` read a number from a text as Python does: only digits, a sign, and for `float` a point and an exponent.",
        bad='task jobs.work(n)\nwork(int("many"))\n',
        good='task jobs.work(n)\nwork(int("12"))\n',
    ),
    Code(
        "F0306",
        "No finite number",
        "the result of `{op}` is no finite number",
        """Results that are infinite, not a number, or complex (a root of a negative number) are errors: neither JSON nor a
broker can carry them.""",
        bad="task jobs.work(n)\nwork(1e300 * 1e300)\n",
        good="task jobs.work(n)\nwork(1e300 * 1e3)\n",
    ),
    Code(
        "F0307",
        "A number with too many digits",
        "the result has more than {most} bits",
        "Integers may have 4,000 bits, which is about 1,200 digits. Numbers beyond that are computed by a task, not by the compiler.",
        bad="task jobs.work(n)\nwork(10 ** 10 ** 10)\n",
        good="task jobs.work(n)\nwork(10 ** 10)\n",
    ),
    Code(
        "F0308",
        "A value that is too large",
        "this {what} would have {size}; the limit is {most}",
        """A text may have a million characters, a list or map a million items, and a value may take 16 MB when it is written out.
Every value
becomes part of messages: hand over where large data is kept, and let tasks read it there.""",
        bad='task jobs.work(text)\nwork("x" * 10 ** 9)\n',
        good='task jobs.work(text)\nwork("x" * 80)\n',
    ),
    Code(
        "F0309",
        "Too much work at compile time",
        "this flow needs too many {what} at compile time; the limit is {most}",
        """A flow always ends, and compiling it takes bounded time and memory: 5 million operations, 100 MB of values, and 256 MB of
arguments in all. Do large computations in a task.""",
        bad='task jobs.work(n)\nwork(len(["x" * 900000 for i in range(200)]))\n',
        good='task jobs.work(n)\nwork(len(["x" * 90 for i in range(200)]))\n',
    ),
    Code(
        "F0310",
        "A value that nests too deeply",
        "lists and maps may nest at most {most} levels deep",
        "Values go into messages as JSON, which few readers take at any depth.",
        bad="task jobs.work(x)\na0 = [1]\n" + "".join(f"a{n} = [a{n - 1}]\n" for n in range(1, 120)) + "work(a119)\n",
        good="task jobs.work(x)\na0 = [1]\na1 = [a0]\nwork(a1)\n",
    ),
    Code(
        "F0311",
        "Outside the calendar",
        "the result of `{op}` lies outside what dates or durations can hold",
        "Dates go from the year 1 to the year 9999, and durations up to 2.7 million years.",
        bad="task jobs.work(day)\nwork(2026-11-22 + 500000w)\n",
        good="task jobs.work(day)\nwork(2026-11-22 + 5w)\n",
    ),
    Code(
        "F0312",
        "Wrong number of arguments for a built-in function",
        "`{function}` takes {wanted}, {given} given",
        """The built-in functions are those of Python: `range(stop)`, `range(start, stop, step)`, `len(x)`, `zip(xs, ys)`,
`enumerate(xs, start)`, `min` and `max`
of a list or of several values, `sum(xs)`, `sorted(xs)`, `str(x)`, `int(x)`, `float(x)`.""",
        bad="task jobs.work(n)\nwork(len([1], [2]))\n",
        good="task jobs.work(n)\nwork(len([1, 2]))\n",
    ),
    Code(
        "F0313",
        "A built-in function cannot take this",
        "`{function}` takes {wanted}, not {given}",
        """See the language reference for what each built-in function takes. What is sorted, or compared by `min` and `max`,
must be of one kind.""",
        bad='task jobs.work(x)\nwork(sorted([1, "a"]))\n',
        good="task jobs.work(x)\nwork(sorted([2, 1]))\n",
    ),
)
