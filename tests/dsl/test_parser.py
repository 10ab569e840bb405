"""What the parser makes of texts without mistakes."""

from __future__ import annotations

import gc

import pytest

from flowc.dsl import tree
from flowc.dsl.words import RESERVED

from .parsing import accepted, expression, kept, shape


def test_statements() -> None:
    module = accepted(
        '"""What it does."""\n'
        "from proj.tasks import extract, load as store\n"
        'include "common.flow" as common\n'
        "param day: date = 2026-11-22\n"
        "defaults {queue = 'etl'}\n"
        "x = extract(day); x -> store\n"
    )
    assert module.description == "What it does."
    assert [type(statement).__name__ for statement in module.statements] == ["Import", "Include", "Param", "Defaults", "Bind", "Do"]
    assert shape(module.statements[:4]) == [
        ["Import", "proj.tasks", [["ImportedName", "extract", "extract"], ["ImportedName", "load", "store"]]],
        ["Include", "'common.flow'", "common"],
        ["Param", "day", ["TypeName", "date", []], "datetime.date(2026, 11, 22)"],
        ["Defaults", ["Options", [["Keyword", "queue", "'etl'"]]]],
    ]
    assert module.broken == frozenset()


def test_imports_in_parentheses() -> None:
    assert shape(accepted("from p import (a,\n    b as c,\n)\n").statements) == [
        ["Import", "p", [["ImportedName", "a", "a"], ["ImportedName", "b", "c"]]]
    ]


def test_task_declarations() -> None:
    text = 'task p.add(x: int, y: int = 0, *rest, when, **more: str) -> int | str {queue = "math"} "Adds." as plus\n'
    parameters = [
        ["Parameter", "plain", "x", ["TypeName", "int", []], None],
        ["Parameter", "plain", "y", ["TypeName", "int", []], "0"],
        ["Parameter", "*args", "rest", None, None],
        ["Parameter", "plain", "when", None, None],
        ["Parameter", "**kwargs", "more", ["TypeName", "str", []], None],
    ]
    returns = ["TypeUnion", [["TypeName", "int", []], ["TypeName", "str", []]]]
    options = ["Options", [["Keyword", "queue", "'math'"]]]
    assert shape(accepted(text).statements) == [["TaskDecl", "p.add", parameters, returns, options, "Adds.", "plus"]]


@pytest.mark.parametrize(
    ("text", "parameters", "returns", "options", "description", "alias"),
    [
        ("p.add", False, False, False, False, False),
        ("'my-app.add' as add", False, False, False, False, True),
        ("add()", True, False, False, False, False),
        ("add() -> {ok: bool}", True, True, False, False, False),
        ("add {queue = 'q'}", False, False, True, False, False),
        ("add -> {ok: bool} {queue = 'q'}", False, True, True, False, False),
        ("add 'Adds.'", False, False, False, True, False),
    ],
)
def test_parts_of_a_task_declaration_may_be_missing(
    text: str, parameters: bool, returns: bool, options: bool, description: bool, alias: bool
) -> None:
    (task,) = accepted(f"task {text}\n").statements
    assert isinstance(task, tree.TaskDecl)
    given = (task.parameters, task.returns, task.options, task.description, task.alias)
    assert tuple(part is not None for part in given) == (parameters, returns, options, description, alias)


def test_types() -> None:
    (param,) = accepted('param x: map[list[int?]] | tuple[str, "a"] | {ok: bool, "n o": int,}\n').statements
    assert isinstance(param, tree.Param)
    assert shape(param.type) == [
        "TypeUnion",
        [
            ["TypeName", "map", [["TypeName", "list", [["TypeOptional", ["TypeName", "int", []]]]]]],
            ["TypeName", "tuple", [["TypeName", "str", []], ["TypeText", "a"]]],
            ["TypeRecord", [["ok", ["TypeName", "bool", []]], ["n o", ["TypeName", "int", []]]]],
        ],
    ]


def test_flows() -> None:
    module = accepted("flow f(a: int, *, b = 2) -> int:\n    'What it does.'\n    x = g(a)\n    return x\nflow h(): k(); m\n")
    first, second = module.statements
    assert isinstance(first, tree.FlowDecl)
    assert isinstance(second, tree.FlowDecl)
    assert first.description == "What it does."
    assert [parameter.kind for parameter in first.parameters] == ["plain", "*", "plain"]
    assert [type(statement).__name__ for statement in first.body] == ["Bind", "Return"]
    assert [type(statement).__name__ for statement in second.body] == ["Do", "Do"]


def test_conditions() -> None:
    (when,) = accepted("when a:\n    when b: c\n    else: d\nelse:\n    e\n").statements
    call = ["Do", "c"]
    assert shape(when) == ["When", "a", [["When", "b", [call], [["Do", "d"]]]], [["Do", "e"]]]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("1 + 2 * 3 ** 4", "1 + (2 * (3 ** 4))"),
        ("-2 ** -1", "-(2 ** (-1))"),
        ("not a == b", "not (a == b)"),
        ("not a and b or c", "((not a) and b) or c"),
        ("a or b if c or d else e", "(a or b) if (c or d) else e"),
        ("a ?? b if c else d", "a ?? (b if c else d)"),
        ("a ?? b -> c => d ?? e", "(a ?? b) -> c => (d ?? e)"),
        ("a + b(1).c[2] {q = 1}", "a + (b(1).c[2] {q = 1})"),
        ("a -> b !> c *> d ~> e", "(a -> b) !> c *> d ~> e"),
        ("a in b not in c", "a in b not in c"),
        ("-x.y", "-(x.y)"),
        ("a < b + 1", "a < (b + 1)"),
    ],
)
def test_precedence(text: str, same: str) -> None:
    def bare(node: object) -> object:
        if isinstance(node, list):
            return bare(node[1]) if node[:1] == ["Paren"] else [bare(item) for item in node]
        return node

    assert bare(shape(expression(text))) == bare(shape(expression(same)))


def test_operations_are_flat() -> None:
    assert shape(expression("a - b + c")) == ["Operation", "sum", ["a", "b", "c"], ["-", "+"]]
    assert shape(expression("a not  in b")) == ["Operation", "compare", ["a", "b"], ["not in"]]
    assert shape(expression("- + -a")) == ["Unary", ["-", "+", "-"], "a"]
    assert shape(expression("a if b else c if d else e")) == ["Conditional", [["a", "b"], ["c", "d"]], "e"]
    assert shape(expression("a -> b => c")) == ["Chain", ["a", "b", "c"], [["Arrow", "->"], ["Arrow", "=>"]]]


def test_handlers() -> None:
    assert shape(expression("a !> h !> each [j, k(1)] *> z ~> f")) == [
        "Scoped",
        "a",
        [
            ["Handling", "!>", False, ["h"]],
            ["Handling", "!>", True, ["j", ["Postfix", "k", [["Arguments", ["1"], []]]]]],
            ["Handling", "*>", False, ["z"]],
            ["Handling", "~>", False, ["f"]],
        ],
    ]


def test_groups_and_comprehensions() -> None:
    assert shape(expression("[]")) == ["ListExpr", []]
    assert shape(expression("[a -> b, 1,]")) == ["ListExpr", [["Chain", ["a", "b"], [["Arrow", "->"]]], "1"]]
    assert shape(expression("[f(i) for i, j in xs if i if j for k in i]")) == [
        "Comprehension",
        ["Postfix", "f", [["Arguments", ["i"], []]]],
        [["For", ["i", "j"], "xs", ["i", "j"]], ["For", ["k"], "i", []]],
    ]


def test_maps_and_options() -> None:
    assert shape(expression('{a: 1, "b c": {}, if: 2,}')) == [
        "MapExpr",
        [["MapItem", "a", "1"], ["MapItem", "b c", ["MapExpr", []]], ["MapItem", "if", "2"]],
    ]
    options = ["Options", [["Keyword", "backoff", ["Range", "datetime.timedelta(seconds=5)", "datetime.timedelta(seconds=120)"]]]]
    assert shape(expression("a {backoff = 5s..2m}")) == ["Postfix", "a", [options]]


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_reserved_words_are_names_where_nothing_else_fits(word: str) -> None:
    accepted(f"from {word}.x import {word} as y\nz = f({word}=1).{word} {{{word} = 1}}\nm = {{{word}: 1}}\ntask a.{word}({word})\n")


def test_placeholders_and_now() -> None:
    assert shape(expression("f(_, now)")) == ["Postfix", "f", [["Arguments", [["Placeholder"], ["Now"]], []]]]


@pytest.mark.parametrize(
    "text",
    [
        "a\n  -> b\n",
        "a\n-> b\n",
        "a\n\n  # why\n\n  -> b\n",
        "a ->\n# why\n\nb\n",
        "a ->\n  b",
        "(a\n->\nb)\n",
        "\n\n# first\na -> b # last",
        "a -> b;\n",
        "\ufeffa -> b\r\n",
    ],
)
def test_lines_of_one_statement(text: str) -> None:
    (statement,) = accepted(text).statements
    value = statement.value.value if text.startswith("(") else statement.value  # type: ignore[union-attr]
    assert shape(value) == ["Chain", ["a", "b"], [["Arrow", "->"]]]


@pytest.mark.parametrize("text", ["", "\n", "# only\n", "\ufeff", "  \n\t\n", "   # only"])
def test_texts_without_statements(text: str) -> None:
    assert accepted(text) == tree.Module(accepted(text).span, None, ())


def test_a_continuation_may_be_less_indented_inside_its_block() -> None:
    module = accepted("flow f():\n        a\n    -> b\n        c\n")
    (flow,) = module.statements
    assert isinstance(flow, tree.FlowDecl)
    assert [shape(statement)[1] for statement in flow.body] == [["Chain", ["a", "b"], [["Arrow", "->"]]], "c"]


def test_comments_and_blank_lines_do_not_touch_blocks() -> None:
    module = accepted("flow f():\n    a\n# left\n\n        # right\n    b\n      # end\nc\n")
    assert [type(statement).__name__ for statement in module.statements] == ["FlowDecl", "Do"]


def test_a_string_is_a_description_only_at_the_top() -> None:
    assert accepted("'a' -> b\n").description is None
    assert accepted("('a')\n").description is None
    module = accepted("'a'\n'b'\n")
    assert (module.description, len(module.statements)) == ("a", 1)


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_left_as_it_was(enabled: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        kept("a b\n")
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()
