"""Family F03, second part: what is known when, loops, and the limits of a compile."""

from __future__ import annotations

from .entry import Code

CODES: tuple[Code, ...] = (
    Code(
        "F0360",
        "A late value where it must be known now",
        "{what} needs a value that is known when the flow is compiled; `now`, `env` and `secret` are known only when it is submitted",
        """`now`, `env("X")` and `secret("X")` stay expressions in the plan, so that the same text gives the same plan. They cannot decide how many
steps there are: not in `for`, `when`, `range` or a task's name. Use a parameter: `param shards: int = 4`.""",
        bad='[work(c) for c in secret("NAMES")]\n',
        good="param names: list[str] = []\n[work(c) for c in names]\n",
    ),
    Code(
        "F0361",
        "A result where it must be known now",
        "{what} cannot be applied to the result of a step",
        """Results exist only when the flow runs. They can be handed on, and reached into (`x.count`, `x[0]`), but not computed with here: let a task do it,
`add(x, 1)` instead of `x + 1`.""",
        bad="x = count()\nreport(x + 1)\n",
        good="x = count()\nreport(add(x, 1))\n",
    ),
    Code(
        "F0362",
        "Too many steps",
        "the flow has more than {most} steps",
        """Comprehensions and sub-flows are unfolded, and so can make a great many steps. Past the limit the compiler stops. If the flow is meant, raise it
with `--max-steps N`; one message for many small calls is `chunks(task, list, size)`.""",
        bad="[work(i, j) for i in range(1000) for j in range(1000)]\n",
        good="[work(i) for i in range(1000)]\n",
    ),
    Code(
        "F0363",
        "Too much work",
        "compiling this takes too much work for the steps that come of it",
        """Loops and sub-flows inside each other multiply. This flow would keep the compiler busy without bound; make the lists smaller, or the sub-flows
fewer.""",
        bad="[1 for a in range(10000) for b in range(10000) if a < 0]\n",
        good="[1 for a in range(10) for b in range(10) if a < 0]\n",
    ),
    Code(
        "F0365",
        "Nothing to loop over",
        "a `for` runs over a list, a map's keys, a text or a group, not over {type}",
        """A comprehension runs over something with members: a list, a group, a map (over its keys) or a text (over its characters).""",
        bad="[work(i) for i in 5]\n",
        good="[work(i) for i in range(5)]\n",
    ),
    Code(
        "F0366",
        "The wrong number of loop names",
        "{wanted} names are to be bound here, but each item has {found}",
        """`for i, j in pairs` takes each item apart; it must be a list of as many values as there are names.""",
        bad="[add(i, j) for i, j in [[1, 2], [3, 4, 5]]]\n",
        good="[add(i, j) for i, j in [[1, 2], [3, 4]]]\n",
    ),
    Code(
        "F0367",
        "Nested too deeply",
        "this flow nests deeper than the compiler follows",
        """Sub-flows inside sub-flows, or many `for` clauses in one comprehension, go too deep. Split the flow.""",
    ),
    Code(
        "F0369",
        "A group of too many results",
        "this group is a list of more than {most} results",
        """Groups inside groups multiply: the same group as a member twice is its whole list twice. Who reads the group's value gets that list as one
argument.""",
        bad="a = [x(i) for i in range(1000)]\nb = [a for i in range(1100)]\nreport(b)\n",
        good="a = [x(i) for i in range(1000)]\nreport(a)\n",
    ),
    Code(
        "F0368",
        "A negative duration",
        "a duration below zero is handed to this task",
        """Negative durations make sense only beside a moment: `now - 2h`.""",
        bad="work(-5s)\n",
        good="work(now - 5s)\n",
    ),
)
