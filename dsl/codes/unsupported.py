"""Family F08, parts of the language that a later version brings."""

from __future__ import annotations

from .entry import Code

_LATER = "This part of the language is decided but not built yet: the text is correct, and a later version of flowc will run it."

CODES: tuple[Code, ...] = (
    Code("F0801", "`*>` is not yet supported", "`*>` (always) is not yet supported", _LATER + " Until then, use `=>` for what follows a success "
         "and `!>` for what follows a failure.", bad="a() *> sweep()\n", good="a() => sweep()\n"),
    Code("F0802", "`??` is not yet supported", "`??` (or else) is not yet supported", _LATER, bad="x = a()\nreport(x ?? 0)\n", good="x = a()\nreport(x)\n"),
    Code("F0803", "An option that is not yet supported", "the option `{option}` is not yet supported",
         _LATER + " `attempts` and `backoff` (trying a task again), `need` and `max_parallel` are the options of this kind.",
         bad="a() {attempts = 3}\n", good="a() {time_limit = 30s}\n"),
    Code("F0804", "`when` over results is not yet supported", "`when` over the result of a step is not yet supported",
         _LATER + " Over parameters and constants it works.", bad="x = a()\nwhen x:\n    b()\n", good="param all: bool = true\nwhen all:\n    b()\n"),
    Code("F0805", "Dynamic maps are not yet supported", "looping over the result of a step is not yet supported",
         _LATER + " Over lists that are known when the flow is compiled, and over groups, it works; one message for a result's items is "
         "`map(task, x)`.", bad="xs = list_files()\n[work(x) for x in xs]\n", good="xs = list_files()\nmap(work, xs)\n"),
)  # fmt: skip
