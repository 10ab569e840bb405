"""Late values: how they look, what taints, and how a plan gets them at submission."""

from __future__ import annotations

import datetime as dt

import pytest

from flowc.compiler.budget import Budget
from flowc.compiler.display import display
from flowc.compiler.late import bind_plan, is_late, make_late, static_type, taints
from flowc.compiler.plan import Call, Group, Handler, Late, Location, Map, Plan, PlanError, Ref, Scope, Trigger, Value
from flowc.compiler.types import ANY, BOOL, DATETIME, DURATION, INT, STR, Type, union
from flowc.compiler.values import duration_text, seconds, to_plan

NOW = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
WHERE = Location("etl.flow", 3, 1, 3, 9)
B = Budget()
NOW_LATE = make_late("now", (), B)
TOKEN = make_late("secret", ("TOKEN",), B)
HOST = make_late("env", ("HOST",), B)


def call(*args: Value, options: Map = Map(), kwargs: Map = Map()) -> Call:  # noqa: B008
    return Call("x", "jobs.x", args, kwargs, options, Trigger(), (), (), None, "any", WHERE)


def plan(*calls: Call, value: Value = None, groups: tuple[Group, ...] = (), scopes: tuple[Scope, ...] = ()) -> Plan:
    return Plan("etl", None, calls, groups, scopes, (), value)


def bind(p: Plan, **env: str) -> Plan:
    return bind_plan(p, now=NOW, env=env, secrets={"TOKEN": "hunter2"})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (NOW_LATE, NOW),
        (make_late("+", (NOW_LATE, dt.timedelta(days=2)), B), NOW + dt.timedelta(days=2)),
        (make_late("-", (make_late("+", (NOW_LATE, dt.timedelta(hours=1)), B), NOW_LATE), B), 3600),
        (make_late("concat", ("https://", HOST, "/?t=", TOKEN), B), "https://h/?t=hunter2"),
        (make_late("env", ("NONE", "fallback"), B), "fallback"),
        (make_late("env", ("NONE", 5), B), 5),
        (make_late("int", (make_late("env", ("N",), B),), B), 7),
        (make_late("if", (make_late("==", (HOST, "h"), B), "yes", make_late("env", ("UNSET",), B)), B), "yes"),
        (make_late("or", (HOST, make_late("env", ("UNSET",), B)), B), "h"),
        (make_late("and", (make_late("not", (HOST,), B), make_late("env", ("UNSET",), B)), B), False),
        (make_late("index", ({"h": (1, 2)}, HOST), B), (1, 2)),
    ],
)
def test_late_values_are_worked_out_at_submission(value: Late, expected: Value) -> None:
    assert bind(plan(call(value)), HOST="h", N="7").calls[0].args == (expected,)


def test_every_part_of_a_plan_is_bound() -> None:
    handler = Handler("error_handler#1", "jobs.h", (TOKEN,), Map((("at", NOW_LATE),)), Map((("queue", HOST),)), WHERE)
    p = plan(
        call(Ref("y"), ((1, HOST),), kwargs=Map((("m", Map((("t", TOKEN),))),)), options=Map((("eta", NOW_LATE),))),
        groups=(Group("g", "list", (Ref("x"), HOST), "g", (), (), (), WHERE),),
        scopes=(Scope("scope#1", "error", False, (handler,), None, WHERE),),
        value=(Ref("x"), HOST),
    )
    bound = bind(p, HOST="h")
    assert bound.calls[0].args == (Ref("y"), ((1, "h"),))
    assert bound.calls[0].kwargs == Map((("m", Map((("t", "hunter2"),))),))
    assert bound.calls[0].options == Map((("eta", NOW),))
    assert bound.groups[0].members == (Ref("x"), "h")
    assert bound.scopes[0].handlers[0].args == ("hunter2",)
    assert bound.scopes[0].handlers[0].options == Map((("queue", "h"),))
    assert bound.value == (Ref("x"), "h")
    assert not is_late((bound.calls[0].args, bound.value))


def test_what_holds_nothing_late_stays_the_same_object() -> None:
    plain = call((1, 2), kwargs=Map((("a", (1,)),)))
    bound = bind(plan(plain, call(NOW_LATE)))
    assert bound.calls[0] is plain


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (HOST, """etl.flow:3:1: step 'x': env("HOST"): the environment variable 'HOST' is not set"""),
        (
            make_late("secret", ("KEY",), B),
            (
                "etl.flow:3:1: step 'x': secret(\"KEY\"): the secret 'KEY' is not set; "
                "secrets are read from environment variables of their names"
            ),
        ),
        (make_late("int", (TOKEN,), B), None),
        (make_late("no-such", (1,), B), None),
        (Late("concat", (Ref("y"),)), None),
        (Late("duration", ("x",)), None),
        (Late("if", ()), None),
        (Late("secret", ()), None),
        (Late("+", (1,)), None),
        (make_late("index", ((1,), make_late("len", (TOKEN,), B)), B), None),
    ],
)
def test_errors_name_the_variable_the_step_and_the_place(value: Late, message: str | None) -> None:
    with pytest.raises(PlanError) as caught:
        bind(plan(call(value)))
    assert str(caught.value).startswith("etl.flow:3:1: step 'x': ")
    assert message is None or str(caught.value) == message


def test_errors_never_show_a_secret() -> None:
    for op in ("int", "float", "neg"):
        with pytest.raises(PlanError) as caught:
            bind(plan(call(make_late(op, (TOKEN,), B))))
        assert "hunter2" not in str(caught.value)
    with pytest.raises(PlanError) as caught:
        bind(plan(call(make_late("index", ({"a": 1}, TOKEN), B))))
    assert "hunter2" not in str(caught.value)


def test_options_are_checked_again_once_they_are_known() -> None:
    options = Map((("queue", HOST),))
    assert bind(plan(call(options=options)), HOST="q").calls[0].options == Map((("queue", "q"),))
    with pytest.raises(PlanError, match="queue"):
        bind(plan(call(options=options)), HOST="a\0b")


def test_a_variable_that_is_no_text_is_refused() -> None:
    with pytest.raises(PlanError, match="UTF-8"):
        bind(plan(call(HOST)), HOST="a\udc80")


def test_the_moment_of_submission_needs_a_zone() -> None:
    with pytest.raises(PlanError):
        bind_plan(plan(), now=dt.datetime(2026, 1, 1), env={}, secrets={})


def test_taint() -> None:
    nested = (Map((("a", (Late("concat", ("x", TOKEN)),)),)),)
    assert taints(nested)
    assert not taints((NOW_LATE, HOST, Ref("secret")))
    assert is_late((1, (HOST,)))
    assert not is_late((1, Ref("x"), Map((("a", "secret"),))))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (NOW_LATE, DATETIME),
        (make_late("+", (NOW_LATE, dt.timedelta(days=2)), B), DATETIME),
        (make_late("-", (NOW_LATE, NOW_LATE), B), DURATION),
        (make_late("concat", (1,), B), STR),
        (make_late("env", ("A", 5), B), union([STR, INT])),
        (make_late("==", (HOST, ""), B), BOOL),
        (make_late("or", (HOST, "x"), B), STR),
        (make_late("if", (HOST, 1, "x"), B), union([INT, STR])),
        (make_late("index", (HOST, 0), B), ANY),
        (Ref("x"), ANY),
        (5, INT),
    ],
)
def test_the_type_of_a_late_value(value: object, expected: Type) -> None:
    assert static_type(value) == expected


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (make_late("+", (NOW_LATE, dt.timedelta(days=2, minutes=90)), B), "now + 2d1h30m"),
        (make_late("concat", ("io.", HOST, "{"), B), 'f"io.{env("HOST")}{{"'),
        (TOKEN, 'secret("TOKEN")'),
        (make_late("*", (make_late("+", (1, HOST), B), 2), B), '(1 + env("HOST")) * 2'),
        (make_late("-", (1, make_late("-", (2, HOST), B)), B), '1 - (2 - env("HOST"))'),
        (make_late("if", (HOST, 1, 2), B), '1 if env("HOST") else 2'),
        (make_late("index", (HOST, 0), B), 'env("HOST")[0]'),
        (make_late("not in", (HOST, ("a", "b")), B), 'env("HOST") not in ["a", "b"]'),
        (make_late("len", (HOST,), B), 'len(env("HOST"))'),
        (Ref("raw[0]", ("count", 1, "any key")), 'raw[0].count[1]["any key"]'),
        (Map((("a", None), ("b c", True))), '{a: null, "b c": true}'),
        ((dt.date(2026, 1, 2), 1.5, "x\n"), '[2026-01-02, 1.5, "x\\n"]'),
    ],
)
def test_values_read_as_in_a_flow(value: Value, shown: str) -> None:
    assert display(value) == shown


def test_values_read_as_in_python() -> None:
    value = (None, True, Map((("a", dt.date(2026, 1, 2)),)))
    assert display(value, style="python") == '[None, True, {"a": date.fromisoformat("2026-01-02")}]'


def test_long_values_are_cut() -> None:
    assert display(tuple(range(1_000_000)), longest=20) == "[0, 1, 2, 3, 4, 5, …"
    assert display("x" * 1_000_000, longest=10) == '"xxxxxxxx…'
    assert len(display(10**1_000, longest=10)) == 10


def test_durations_are_written_as_in_a_flow() -> None:
    assert duration_text(dt.timedelta(weeks=1, hours=2, milliseconds=1500)) == "1w2h1s500ms"
    assert duration_text(-dt.timedelta(minutes=5)) == "-5m"
    assert duration_text(dt.timedelta()) == "0s"
    assert seconds(dt.timedelta(minutes=1)) == 60
    assert isinstance(seconds(dt.timedelta(minutes=1)), int)
    assert seconds(dt.timedelta(milliseconds=500)) == 0.5


def test_values_go_into_a_plan() -> None:
    assert to_plan({"a": (dt.timedelta(seconds=5), {"b": 1})}) == Map((("a", (5, Map((("b", 1),)))),))
    same = (1, ("a", 2))
    assert to_plan(same) is same
