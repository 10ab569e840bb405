"""The reserved words, and words of other languages that users try."""

from __future__ import annotations

#: The words with a meaning of their own; they can neither be bound nor used as a value's name.
RESERVED = frozenset(
    {
        "task",
        "flow",
        "param",
        "from",
        "import",
        "include",
        "as",
        "defaults",
        "return",
        "when",
        "else",
        "for",
        "in",
        "if",
        "and",
        "or",
        "not",
        "true",
        "false",
        "null",
        "each",
        "now",
    }
)

#: Words that begin statements in other languages, and what to write in a flow.
FOREIGN = {
    "def": "a sub-flow is written `flow name(parameters):`",
    "function": "a sub-flow is written `flow name(parameters):`",
    "if": "a condition over statements is written `when condition:`; as a value, `a if condition else b`",
    "elif": "write `else:`, and a `when` of its own in that block",
    "else": "`else:` stands behind the block of a `when`, and is indented like it",
    "for": "what is done for each is written as a comprehension: `[task(x) for x in xs]`",
    "while": "a flow has no loops; a comprehension does something for each: `[task(x) for x in xs]`",
    "import": 'tasks get short names by `from package.module import task`; other files come in by `include "file.flow" as name`',
    "let": "a name is bound by `name = value`",
    "var": "a name is bound by `name = value`",
    "const": "a name is bound by `name = value`",
    "with": 'options stand in braces behind a call: `task() {queue = "etl"}`',
    "try": "what happens on failure is written behind the step: `task() !> handler`",
    "except": "what happens on failure is written behind the step: `task() !> handler`",
    "lambda": "a flow has no functions of its own: give the work to a task",
    "raise": "a flow fails when one of its steps does: let a task raise",
    "class": "a flow declares `task`, `flow` and `param` only",
    "async": "steps that do not depend on each other run side by side by themselves",
    "await": "a later step waits by itself: `first -> second`",
}
