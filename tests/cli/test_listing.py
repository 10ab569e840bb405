"""``flowc plan``: plans as readable Python."""

from __future__ import annotations

import ast
import datetime as dt
from dataclasses import replace

from flowc.cli.listing import listing
from flowc.compiler.plan import Call, Group, Handler, Late, Location, Map, Plan, Ref, Scope, Trigger

HERE = Location("a.flow", 2, 1, 2, 9)


def call(id_: str, task: str = "add", args: tuple[object, ...] = (), *, needs: tuple[str, ...] = (), **more: object) -> Call:
    made = Call(id_, task, args, Map(), Map(), Trigger(needs=needs), (), (), None, "any", HERE)  # type: ignore[arg-type]
    return replace(made, **more)  # type: ignore[arg-type]


def plan(*calls: Call, groups: tuple[Group, ...] = (), scopes: tuple[Scope, ...] = (), value: object = None) -> Plan:
    return Plan("a", None, calls, groups, scopes, (), value)  # type: ignore[arg-type]


def test_a_chain_with_a_handler() -> None:
    handler = Handler("error_handler#1", "error_handler", (), Map(), Map(), HERE)
    scope = Scope("scope#1", "error", False, (handler,), None, HERE)
    text = listing(
        plan(
            call("add#1", args=(2, 2), scope="scope#1"),
            call("add#2", args=(Ref("add#1"), 16), needs=("add#1",), scope="scope#1"),
            scopes=(scope,),
            value=Ref("add#2"),
        )
    )
    assert text == (
        "# a: 2 calls\n"
        "\n"
        "# error_handler#1 · a.flow:2:1 · called once for scope#1, for its first failure, with (request, exc, traceback, …)\n"
        "error_handler_1 = error_handler.s()\n"
        "\n"
        "# add#1 · a.flow:2:1 · starts at once\n"
        "add_1 = add.apply_async((2, 2), link_error=[error_handler_1])\n"
        "\n"
        "# add#2 · a.flow:2:1 · starts when done: add#1\n"
        "add_2 = add.apply_async((add_1.result, 16), link_error=[error_handler_1])\n"
        "\n"
        "value = add_2.result\n"
    )
    ast.parse(text)


def test_groups_stand_behind_their_members_and_before_their_users() -> None:
    inner = Group("g.x[0]", "list", (Ref("a"), 5), "x", ("g",), (), (), HERE)
    outer = Group("g", "list", (Ref("g.x[0]"), Ref("b", ("n", 0))), "g", (), (), (), HERE)
    empty = Group("none", "list", (), "none", (), (), ("b",), HERE)
    text = listing(
        plan(call("a"), call("b"), call("c", args=(Ref("g"), Ref("none"))), groups=(outer, inner, empty), value=(Ref("g"), Ref("c")))
    )
    code = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert code == [
        "a = add.apply_async()",
        "g_x_0 = [a.result, 5]",
        "b = add.apply_async()",
        'g = [g_x_0, b.result["n"][0]]',
        "none = []",
        "c = add.apply_async((g, none))",
        "value = [g, c.result]",
    ]


def test_options_late_values_and_strange_names() -> None:
    options = Map((("queue", "io"), ("expires", 7200.0), ("eta", Late("+", (Late("now"), Late("duration", (60,)))))))
    text = listing(
        plan(
            call(
                "class",
                "my-app.add",
                (None, True, dt.date(2026, 11, 22), Late("secret", ("KEY",)), Map((("any key", (1,)),))),
                kwargs=Map((("class", 1),)),
                options=options,
            )
        )
    )
    assert 'app.tasks["my-app.add"].apply_async(' in text
    assert '    (None, True, date.fromisoformat("2026-11-22"), secret("KEY"), {"any key": [1]}),\n' in text
    assert '    {"class": 1},\n    queue="io",\n    expires=7200.0,\n' in text
    assert "eta=now + " in text
    ast.parse(text.replace("eta=now + 1m", "eta=0"))


def test_names_are_unique_and_never_taken_from_an_identity_that_is_one() -> None:
    text = listing(plan(call("add#1"), call("add_1"), call("add[1]"), call("value"), value=Ref("value")))
    names = [line.split(" = ")[0] for line in text.splitlines() if " = add" in line]
    assert len(set(names)) == 4
    assert names[1] == "add_1"
    assert "value" not in names


def test_listeners_and_nested_scopes() -> None:
    outer = Scope("scope#1", "error", True, (Handler("h#1", "h", ("etl",), Map(), Map((("queue", "q"),)), HERE),), None, HERE)
    middle = Scope("scope#2", "message", False, (Handler("f#1", "show", (), Map(), Map(), HERE),), "scope#1", HERE)
    inner = Scope("scope#3", "error", False, (Handler("h#2", "h", (), Map(), Map(), HERE),), "scope#2", HERE)
    text = listing(plan(call("a", scope="scope#3"), call("b", scope="scope#1"), scopes=(outer, middle, inner)))
    assert "link_error=[h_2, h_1]" in text
    assert 'h_1 = h.s("etl").set(queue="q")' in text
    assert "show is called here with every state message of scope#2" in text


def test_an_empty_plan() -> None:
    assert listing(plan()) == "# a: 0 calls\n\nvalue = None\n"


def test_many_groups_are_listed_in_linear_time() -> None:
    count = 2_000
    groups = tuple(Group(f"g{n}", "list", (Ref(f"g{n - 1}") if n else Ref("a"),), "g", (), (), (), HERE) for n in range(count))
    text = listing(plan(call("a"), groups=groups, value=Ref(f"g{count - 1}")))
    assert text.index("g0 = ") < text.index(f"g{count - 1} = ")
