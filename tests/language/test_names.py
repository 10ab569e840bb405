"""Names: reserved words, what a bare name means, hiding, reach-ins, dotted names, bound steps, quoted names, built-ins."""

from __future__ import annotations

import pytest

from flowc.compiler.declarations import Declaration, ParameterSpec

from .compiling import call, clean, codes, compiled, one, plan, shown, steps

RESERVED = "task flow param from import include as defaults return when else for in if and or not true false null each now"


@pytest.mark.parametrize("word", RESERVED.split())
def test_reserved_words_cannot_be_bound(word: str) -> None:
    assert codes(f"{word} = a()\n") != []


@pytest.mark.parametrize("word", RESERVED.split())
def test_reserved_words_are_ordinary_behind_a_dot_in_from_and_as_argument_names(word: str) -> None:
    text = f"from p.{word}.q import {word} as z\nx = z({word}=1)\nf(x.{word}, proj.{word}())\n"
    assert steps(text) == [
        f"x = p.{word}.q.{word}({word}=1)",
        f"{word}#1 = proj.{word}()",
        f"f#1 = f(<x.{word}>, <{word}#1>)",
    ]


@pytest.mark.parametrize("text", ["x", "x -> b", "a -> x", "[x, b]", "a() !> x", "a() ~> x"])
def test_a_bare_name_is_a_call_at_these_places(text: str) -> None:
    """As stage, statement, group member or handler."""
    made = plan(text + "\n")
    called = [c.task for c in made.calls] + [h.task for s in made.scopes for h in s.handlers]
    assert "x" in called


@pytest.mark.parametrize(
    "text", ["f(x)", "f(1 + x)", "f([x, 1])", "f({k: x})", "f(k=x)", "f(not x)", "f(1 if x else 2)", "[f(i) for i in x]"]
)
def test_inside_arguments_and_operators_a_task_needs_its_brackets(text: str) -> None:
    assert codes(text + "\n") == ["F0203"]
    assert codes("from p import x\n" + text + "\nx()\n") == ["F0212"]


def test_an_unbound_name_comes_with_a_suggestion() -> None:
    (finding,) = [d for d in compiled("total = a()\nf(totl, total)\n").findings if d.code == "F0203"]
    assert finding.help == ("did you mean `total`?",)


@pytest.mark.parametrize(
    ("declared", "use"),
    [
        ("from p import x", "x()"),
        ("task x()", "x()"),
        ("task p.q() as x", "x()"),
        ("flow x():\n    return 1", "x()"),
        ("param x = 1", "f(x)"),
    ],
)
def test_a_binding_may_not_hide_what_the_file_declares(declared: str, use: str) -> None:
    assert [c for c in codes(f"{declared}\nx = a.b()\n{use}\n") if c.startswith("F02")] == ["F0205"]


def test_tasks_of_an_application_never_invalidate_a_binding() -> None:
    tasks = {"p.x": Declaration("p.x"), "x": Declaration("x"), "p.a": Declaration("p.a"), "p.f": Declaration("p.f")}
    made = clean("x = a()\nf(x)\n", tasks=tasks)
    assert [c.task for c in made.calls] == ["p.a", "p.f"]


def test_a_dotted_name_of_something_bound_reaches_in() -> None:
    assert steps("a = g()\nf(a.b)\na.b -> h\n") == ["a = g()", "f#1 = f(<a.b>)", "h#1 = h(<a.b>)"]


def test_calling_a_reach_in_is_an_error() -> None:
    assert one("a = g()\na.b(1)\n").startswith("F0601 at `a.b(1)`")


def test_a_dotted_name_of_an_include_is_its_member() -> None:
    lib = {"lib.flow": "limit = 5\nflow go():\n    return z.x()\ntask q.w()\n"}
    assert steps('include "lib.flow" as lib\nlib.go()\nlib.w()\nz.f(lib.limit)\n', lib) == [
        "lib/go#1/x#1 = z.x()",
        "w#1 = q.w()",
        "f#1 = z.f(5)",
    ]


def test_any_other_dotted_name_is_a_task() -> None:
    assert steps("a.b(1)\na.c\n") == ["b#1 = a.b(1)", "c#1 = a.c()"]


@pytest.mark.parametrize("text", ["f(y[0])", "y[0] -> f", "f(y.z[0])", "y[0]"])
def test_an_index_on_an_unbound_name_is_an_error(text: str) -> None:
    assert codes(text + "\n") == ["F0211"]


@pytest.mark.parametrize("use", ["b -> x", "b => x", "b -> [x, c]", "x()", "x(1)", 'x {queue = "q"}', "b !> x", "b ~> x"])
def test_a_bound_step_is_not_started_again(use: str) -> None:
    """Right of an arrow, called, with options, or as a handler: it runs already."""
    found = one(f"x = a()\n{use}\nf(x)\n")
    assert found.startswith("F0601 ")
    assert "runs already" in found


def test_task_names_may_be_quoted() -> None:
    assert steps('task "my-app.add" as add\nadd(1)\n') == ["add#1 = my-app.add(1)"]
    assert steps('task "no word at all" as odd\nx = odd(1)\n') == ["x = no word at all(1)"]


def test_built_ins_beat_tasks_of_the_same_name() -> None:
    assert steps("f(len([1]), max(1, 2))\n") == ["f#1 = f(1, 2)"]
    registered = {"app.len": Declaration("app.len"), "app.f": Declaration("app.f")}
    assert steps("f(len([1]))\n", tasks=registered) == ["f#1 = app.f(1)"]
    assert codes("len -> f\n") == ["F0312"]


@pytest.mark.parametrize("declared", ["from p import len", "task p.len as len", "task len"])
def test_a_built_in_yields_to_what_the_file_imports_or_declares(declared: str) -> None:
    made = plan(f"{declared}\nx = len([1])\n")
    assert made.calls[0].task in ("p.len", "len")


@pytest.mark.parametrize("use", ["len(x)", "x + 1", 'f"{x}"', "1 if x else 2", "not x", "x == 1", "x and 1", "sorted(x)", "-x"])
def test_results_cannot_be_computed_with_yet(use: str) -> None:
    assert codes(f"x = a()\nf({use})\n") == ["F0361"]


def test_but_paths_into_results_work() -> None:
    assert steps("x = a()\nf(x.n, x[0])\na -> g(_.n)\n")[1:] == ["f#1 = f(<x.n>, <x[0]>)", "a#1 = a()", "g#1 = g(<a#1.n>)"]


# ── names: a general DAG ─────────────────────────────────────────────────────────────────────────────────────


def test_a_name_is_always_the_same_step() -> None:
    made = plan("x = a()\ny = x -> b\nz = x -> c\nd(y, z, n=x.count)\n")
    assert [c.id for c in made.calls] == ["x", "y", "z", "d#1"]
    assert call(made, "d#1").trigger.needs == ("y", "z", "x")


def test_a_name_is_bound_once() -> None:
    assert one("x = a()\nx = b(x)\nf(x)\n").startswith("F0205 at `x`")


def test_a_name_is_bound_before_it_is_used() -> None:
    found = [d for d in compiled("f(x)\nx = a()\ng(x)\n").findings if d.code == "F0204"]
    assert [shown(d) for d in found] == ["F0204 at `x`: `x` is used before it is bound"]
    assert [label.text for label in found[0].labels] == ["bound only here"]


def test_a_file_cannot_bind_itself() -> None:
    assert codes("x = f(x)\n") == ["F0204"]
    assert codes("x = x -> f\n") == ["F0204"]


def test_a_reach_into_a_declared_result_is_checked() -> None:
    declared = "task p.stat() -> {size: int, tags: list[str]}\ntask p.f(x)\ns = p.stat()\n"
    assert steps(declared + 'p.f(s.size)\np.f(s["tags"][0])\n')[1:] == ["f#1 = p.f(<s.size>)", "f#2 = p.f(<s.tags[0]>)"]
    assert codes(declared + "p.f(s.sise)\n") == ["F0407"]
    assert codes(declared + "p.f(s.size.x)\n") == ["F0407"]
    assert codes(declared + "p.f(s[0])\n") == ["F0407"]


# ── which task a name means ──────────────────────────────────────────────────────────────────────────────────

TWO = {name: Declaration(name, (ParameterSpec("x"),)) for name in ("maths.add", "lists.add", "maths.mul", "mul")}


def test_an_unbound_name_means_the_one_known_task_that_ends_in_it() -> None:
    assert steps("add(1)\n", tasks={"maths.add": TWO["maths.add"]}) == ["add#1 = maths.add(1)"]
    assert steps("task maths.add\nadd(1)\n") == ["add#1 = maths.add(1)"]


def test_the_task_of_exactly_that_name_wins() -> None:
    assert steps("mul(1)\n", tasks=TWO) == ["mul#1 = mul(1)"]


def test_two_candidates_are_listed() -> None:
    assert one("add(1)\n", tasks=TWO) == "F0202 at `add`: `add` could mean any of `lists.add`, `maths.add`"


def test_a_dotted_call_needs_no_import() -> None:
    assert steps("proj.tasks.add(2, 2)\n") == ["add#1 = proj.tasks.add(2, 2)"]


def test_imports_give_short_names() -> None:
    assert steps("from proj.tasks import add, mul as times\nadd(1) -> times(2)\n") == [
        "add#1 = proj.tasks.add(1)",
        "mul#1 = proj.tasks.mul(<add#1>, 2)",
    ]


def test_unknown_tasks_are_a_warning_where_nothing_is_declared_and_an_error_where_something_is() -> None:
    assert [(d.code, d.severity.value) for d in compiled("add(1)\n").findings] == [("F0901", "warning")]
    assert codes("ad(1)\n", tasks=TWO) == ["F0201"]
    assert codes("maths.ad(1)\ntask maths.add\n") == ["F0201"]
