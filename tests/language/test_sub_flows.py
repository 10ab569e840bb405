"""Sub-flows: called like a task, inlined."""

from __future__ import annotations

from flowc.compiler.plan import Ref

from .compiling import call, clean, codes, one, plan, scope_text, steps, value_text


def test_a_sub_flow_is_called_like_a_task_and_inlined() -> None:
    made = clean("flow go(a: int, b: int = 2) -> int:\n    x = f(a)\n    return x -> g(b)\ny = go(1) -> h\n")
    assert [c.id for c in made.calls] == ["y.go#1/x", "y.go#1/g#1", "y"]
    assert steps("flow go(a, b = 2):\n    return f(a, b)\ngo(1)\ngo(3, b=4)\n5 -> go(b=6)\n") == [
        "go#1/f#1 = f(1, 2)",
        "go#2/f#1 = f(3, 4)",
        "go#3/f#1 = f(5, 6)",
    ]


def test_it_is_drawn_as_a_box() -> None:
    made = plan("flow inner():\n    return a()\nflow outer():\n    return inner() -> b\nx = outer()\n")
    assert [(f.id, f.name, f.parents) for f in made.flows] == [("x", "outer", ()), ("x/inner#1", "inner", ("x",))]
    assert call(made, "x/inner#1/a#1").flow == ("x", "x/inner#1")


def test_its_value_is_that_of_return() -> None:
    assert value_text(plan("flow go():\n    a()\n    return b()\ngo()\n").value) == "<go#1/b#1>"
    assert plan("flow go():\n    return 5\ngo()\n").value == 5


def test_all_its_steps_run() -> None:
    assert steps("flow go():\n    a()\n    return b()\ngo()\n") == ["go#1/a#1 = a()", "go#1/b#1 = b()"]


def test_what_follows_a_sub_flow_waits_for_its_steps() -> None:
    made = plan("flow go():\n    rm(1)\n    rm(2)\ngo() => report\n")
    needed = set(call(made, "report#1").trigger.needs)
    waited = {m.id for g in made.groups if g.id in needed for m in g.members if isinstance(m, Ref)} | needed
    assert {"go#1/rm#1", "go#1/rm#2"} <= waited


def test_a_sub_flow_behind_an_arrow_waits() -> None:
    made = plan("flow go(n):\n    s = a()\n    t = s -> b\n    return f(n)\nx = z()\nx -> go\nx => go(1)\n")
    assert call(made, "go#1/s").trigger.needs == ("x",)
    assert call(made, "go#1/t").trigger.needs == ("go#1/s",)
    assert call(made, "go#1/f#1").trigger.needs == ("x",)
    assert call(made, "go#2/s").trigger.after == ("x",)


def test_recursion_is_an_error_that_shows_its_path() -> None:
    assert one("flow go():\n    return go()\ngo()\n").endswith("go -> go")
    assert one("flow a():\n    return b()\nflow b():\n    return a()\na()\n").endswith("a -> b -> a")


def test_recursion_is_found_without_a_call() -> None:
    assert "F0209" in codes("flow a():\n    return a()\n")


def test_its_scopes_are_its_own() -> None:
    made = plan("flow go():\n    return (a() !> inner) -> b\nx = go() !> outer\n")
    assert scope_text(made, "x/scope#1") == "x/a#1 !> inner()"
    assert scope_text(made, "x.scope#1") == "x/a#1 x/b#1 !> outer()"


def test_its_parameters_may_be_results() -> None:
    assert steps("flow go(n):\n    return f(n, n.size)\nx = a()\ngo(x)\n")[1] == "go#1/f#1 = f(<x>, <x.size>)"


def test_but_not_where_a_compile_time_value_is_needed() -> None:
    assert codes("flow go(n):\n    return [f(i) for i in range(n)]\nx = a()\ngo(x)\n") == ["F0361"]
    assert codes("flow go(n):\n    return [f(i) for i in n]\nx = a()\ngo(x)\n") == ["F0805"]
    assert steps("flow go(n):\n    return [f(i) for i in range(n)]\ngo(2)\n") == ["go#1/f#1 = f(0)", "go#1/f#2 = f(1)"]


def test_its_call_is_checked() -> None:
    go = "flow go(a: int, *, b: str = 'x') -> int:\n    return f(a, b)\n"
    assert codes(go + "go('1')\n") == ["F0405"]
    assert codes(go + "go()\n") == ["F0401"]
    assert codes(go + "go(1, 'x')\n") == ["F0402"]
    assert codes(go + "go(1, c=2)\n") == ["F0403"]
    assert codes(go + "task p.t() -> str\np.t() -> go()\n".replace("f(", "p.f("))[-1:] == ["F0406"]


def test_its_value_is_checked() -> None:
    assert codes("flow go() -> int:\n    return 'x'\ngo()\n") == ["F0418"]
    assert codes("flow go() -> int:\n    return a()\nx = go()\nf(x.y)\n") == ["F0407"]


def test_it_may_stand_anywhere_in_the_file() -> None:
    assert steps("go(1)\nflow go(n):\n    return f(n)\n") == ["go#1/f#1 = f(1)"]


def test_its_names_are_its_own() -> None:
    assert codes("x = a()\nflow go():\n    x = b()\n    return x\ngo() -> c(x)\n") == []
    assert codes("flow go():\n    y = b()\n    return y\ngo()\nf(y)\n") == ["F0203"]


def test_defaults_of_parameters_may_be_late() -> None:
    assert steps("flow go(at = now):\n    return f(at)\ngo()\n") == ["go#1/f#1 = f(now!())"]


def test_an_uncalled_sub_flow_is_checked_too() -> None:
    assert codes("flow go(n: int):\n    return f(n, wrong)\n") == ["F0203"]


def test_declarations_stand_at_the_top_of_a_file() -> None:
    for line in ("param n: int", "from a import b", 'include "x.flow" as y', "task p.t()", "flow inner():\n        return 1"):
        assert codes(f"flow go():\n    {line}\n    return 1\ngo()\n") == ["F0617"]


def test_return_stands_in_sub_flows_only() -> None:
    assert codes("return 5\n") == ["F0610"]
    assert codes("when true:\n    return 5\n") == ["F0610"]


def test_what_follows_a_return_is_not_run() -> None:
    text = "flow go():\n    return a()\n    b()\ngo()\n"
    assert codes(text) == ["F0907"]
    assert steps(text) == ["go#1/a#1 = a()"]
