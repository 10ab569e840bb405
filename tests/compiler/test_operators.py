"""Operators and built-in functions on known values: Python's meaning, within limits."""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowc.compiler.budget import DEEPEST, MOST_BITS, MOST_ITEMS, OPERATIONS, Budget, OperatorError
from flowc.compiler.operators import OPERATORS, apply
from flowc.compiler.plan import Late
from flowc.dsl.codes import CODES

HOUR = dt.timedelta(hours=1)
DAY = dt.date(2026, 11, 22)
NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.dates()
    | st.datetimes(timezones=st.none() | st.just(dt.UTC))
    | st.timedeltas()
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4).map(tuple) | st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=8
)


def code_of(op: str, *args: object, budget: Budget | None = None) -> str:
    with pytest.raises(OperatorError) as caught:
        apply(op, args, budget)
    assert caught.value.code in CODES
    assert "{" not in str(caught.value).replace("{}", "")
    return caught.value.code


@pytest.mark.parametrize(
    ("op", "args", "expected"),
    [
        ("+", (1, 2), 3),
        ("+", (1, 2.5), 3.5),
        ("+", ("a", "b"), "ab"),
        ("+", ((1,), (2,)), (1, 2)),
        ("+", (NOON, HOUR), NOON + HOUR),
        ("+", (HOUR, NOON), NOON + HOUR),
        ("+", (DAY, dt.timedelta(days=1)), dt.date(2026, 11, 23)),
        ("+", (True, 1), 2),
        ("-", (NOON, NOON - HOUR), HOUR),
        ("-", (5, 7), -2),
        ("*", ("ab", 2), "abab"),
        ("*", (3, (1,)), (1, 1, 1)),
        ("*", ("ab", -1), ""),
        ("*", (HOUR, 2), 2 * HOUR),
        ("/", (7, 2), 3.5),
        ("/", (HOUR, HOUR), 1.0),
        ("//", (-7, 2), -4),
        ("%", (-7, 3), 2),
        ("%", (HOUR, dt.timedelta(minutes=25)), dt.timedelta(minutes=10)),
        ("**", (2, 10), 1024),
        ("**", (2, -1), 0.5),
        ("**", (1, 10**30), 1),
        ("**", (-1, 10**30 + 1), -1),
        ("**", (0, 10**30), 0),
        ("neg", (3,), -3),
        ("pos", (3,), 3),
        ("==", (1, 1.0), True),
        ("==", ((1, {"a": 2}), (1, {"a": 2})), True),
        ("!=", ("a", 1), True),
        ("<", ((1, 2), (1, 3)), True),
        (">=", (NOON, NOON), True),
        ("in", (2, (1, 2)), True),
        ("in", ("a", {"a": 1}), True),
        ("in", (1, {"a": 1}), False),
        ("in", ("b", "abc"), True),
        ("not in", (2, (1, 2)), False),
        ("not", ((),), True),
        ("and", (0, 1), 0),
        ("or", (0, "x"), "x"),
        ("if", (True, 1, 2), 1),
        ("if", ("", 1, 2), 2),
        ("index", ((1, 2, 3), -1), 3),
        ("index", ("abc", 1), "b"),
        ("index", ({"k": 5}, "k"), 5),
        ("concat", ("io.", "eu", 7), "io.eu7"),
        ("concat", (), ""),
        ("range", (3,), (0, 1, 2)),
        ("range", (5, 0, -2), (5, 3, 1)),
        ("range", (3, 0), ()),
        ("range", (10**30, 10**30 + 2), (10**30, 10**30 + 1)),
        ("len", ("abc",), 3),
        ("len", ({"a": 1},), 1),
        ("zip", ((1, 2), "ab"), ((1, "a"), (2, "b"))),
        ("zip", (), ()),
        ("enumerate", (("a", "b"), 1), ((1, "a"), (2, "b"))),
        ("min", ((3, 1, 2),), 1),
        ("max", (1, 2.5), 2.5),
        ("sum", ((1, 2.5),), 3.5),
        ("sum", (((1,), (2,)), ()), (1, 2)),
        ("sum", ((HOUR, HOUR),), 2 * HOUR),
        ("sum", ((),), 0),
        ("sorted", ((3, 1, 2),), (1, 2, 3)),
        ("sorted", ({"b": 1, "a": 2},), ("a", "b")),
        ("str", (1.5,), "1.5"),
        ("str", (), ""),
        ("int", (" 12 ",), 12),
        ("int", ("ff", 16), 255),
        ("int", (2.9,), 2),
        ("int", (HOUR,), 3600),
        ("float", ("1e3",), 1000.0),
        ("float", (2,), 2.0),
        ("duration", (90,), dt.timedelta(seconds=90)),
    ],
)
def test_results_are_pythons(op: str, args: tuple[object, ...], expected: object) -> None:
    result = apply(op, args)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\n", "a\n"),
        (True, "true"),
        (None, "null"),
        (1e16, "1e+16"),
        (dt.timedelta(minutes=5), "300"),
        (dt.timedelta(milliseconds=1500), "1.5"),
        (DAY, "2026-11-22"),
        (NOON, "2026-11-22T12:00:00+00:00"),
        ((1, "x", None), '[1, "x", null]'),
        ({"a": 1, "b c": (True,)}, '{a: 1, "b c": [true]}'),
    ],
)
def test_values_become_the_text_that_the_language_writes(value: object, text: str) -> None:
    assert apply("str", (value,)) == text
    assert apply("concat", ("<", value, ">")) == f"<{text}>"


@pytest.mark.parametrize(
    ("op", "args", "code"),
    [
        ("+", (1, "a"), "F0301"),
        ("+", ("a", 1), "F0301"),
        ("+", ((1,), 1), "F0301"),
        ("+", (None, 1), "F0301"),
        ("+", (NOON, 30), "F0301"),
        ("-", ("a", "b"), "F0301"),
        ("*", ("a", "b"), "F0301"),
        ("*", ("a", 1.5), "F0301"),
        ("%", ("%d", 1), "F0301"),
        ("%", ("%1000000000d", 1), "F0301"),
        ("**", ("a", 2), "F0301"),
        ("neg", ("a",), "F0301"),
        ("<", (1, "a"), "F0301"),
        ("<", (DAY, NOON), "F0301"),
        ("<", (NOON, NOON.replace(tzinfo=None)), "F0301"),
        ("in", (1, "abc"), "F0301"),
        ("in", (1, 5), "F0301"),
        ("index", (5, 0), "F0301"),
        ("/", (1, 0), "F0302"),
        ("%", (1.0, 0), "F0302"),
        ("//", (HOUR, dt.timedelta()), "F0302"),
        ("**", (0, -1), "F0302"),
        ("index", ((1,), 1), "F0303"),
        ("index", ((), 0), "F0303"),
        ("index", ({"a": 1}, "b"), "F0303"),
        ("index", ("abc", 10**30), "F0303"),
        ("index", ((1,), "a"), "F0304"),
        ("index", ((1,), True), "F0304"),
        ("index", ({"a": 1}, 0), "F0304"),
        ("int", ("x",), "F0305"),
        ("int", ("9" * 5_000,), "F0305"),
        ("float", ("x",), "F0305"),
        ("int", ("12", 99), "F0305"),
        ("float", ("nan",), "F0306"),
        ("float", ("1e999",), "F0306"),
        ("float", (10**400,), "F0306"),
        ("*", (1e300, 1e300), "F0306"),
        ("**", (10.0, 400), "F0306"),
        ("**", (-1, 0.5), "F0306"),
        ("/", (10**400, 3), "F0306"),
        ("**", (10, 10**10), "F0307"),
        ("**", (2, MOST_BITS + 1), "F0307"),
        ("**", (10**300, 10**300), "F0307"),
        ("*", (2**3_000, 2**3_000), "F0307"),
        ("+", (2**MOST_BITS - 1, 1), "F0307"),
        ("int", ("9" * 1_500,), "F0307"),
        ("*", ("x", 10**9), "F0308"),
        ("*", ("x", 10**40), "F0308"),
        ("*", ((), 10**40), None),
        ("range", (10**12,), "F0308"),
        ("range", (-(10**40), 10**40), "F0308"),
        ("+", (DAY, dt.timedelta(days=10**7)), "F0311"),
        ("*", (HOUR, 10**12), "F0311"),
        ("*", (HOUR, 1e300), "F0311"),
        ("duration", (1e30,), "F0311"),
        ("len", (), "F0312"),
        ("len", ((), ()), "F0312"),
        ("range", (), "F0312"),
        ("min", (), "F0312"),
        ("len", (5,), "F0313"),
        ("range", (1.5,), "F0313"),
        ("range", (True,), "F0313"),
        ("range", (1, 2, 0), "F0313"),
        ("min", ((),), "F0313"),
        ("min", (5,), "F0313"),
        ("max", (1, "a"), "F0313"),
        ("sorted", ((1, "a"),), "F0313"),
        ("sorted", (({}, {}),), "F0313"),
        ("sum", (("a",),), "F0313"),
        ("sum", (("a",), ""), "F0313"),
        ("enumerate", ((), "a"), "F0313"),
        ("zip", (1,), "F0313"),
        ("int", (None,), "F0313"),
        ("float", ((),), "F0313"),
    ],
)
def test_what_cannot_be_done_is_an_error_with_a_code(op: str, args: tuple[object, ...], code: str | None) -> None:
    if code is None:
        apply(op, args)
    else:
        assert code_of(op, *args) == code


def test_messages_say_what_to_do() -> None:
    with pytest.raises(OperatorError) as caught:
        apply("+", ("a", 1))
    assert str(caught.value) == "`+` cannot be applied to text and int"
    assert "f-string" in caught.value.help[0]
    with pytest.raises(OperatorError) as caught:
        apply("index", ({"queue": 1}, "queu"))
    assert caught.value.help == ("did you mean `queue`?",)


# ── limits ───────────────────────────────────────────────────────────────────────────────────────────────────


def forever(step: Callable[[object, Budget], object], start: object, budget: Budget | None = None) -> str:
    budget = budget or Budget()
    value = start
    for _ in range(100_000):
        try:
            value = step(value, budget)
        except OperatorError as error:
            return error.code
    return "none"


@pytest.mark.parametrize(
    ("step", "start", "code"),
    [
        (lambda a, b: apply("+", (a, a), b), "x", "F0308"),
        (lambda a, b: apply("+", (a, a), b), (1,), "F0308"),
        (lambda a, b: apply("concat", (a, a), b), "x", "F0308"),
        (lambda a, b: apply("*", (a, a), b), 3, "F0307"),
        (lambda a, b: b.keep((a, a)), 1, "F0308"),
        (lambda a, b: b.keep({"x": a, "y": a}), 1, "F0308"),
        (lambda a, b: b.keep((a,)), 1, "F0310"),
        (lambda a, b: apply("zip", ((a,),), b), 1, "F0310"),
        (lambda a, b: apply("str", ((a, a),), b), "\\\\", "F0308"),
    ],
)
def test_growing_values_end(step: Callable[[object, Budget], object], start: object, code: str) -> None:
    assert forever(step, start) == code


@pytest.mark.parametrize("share", [5, pytest.param(1, marks=pytest.mark.soak)])
@pytest.mark.parametrize("op", ["sorted", "sum", "enumerate", "zip", "str", "=="])
def test_repeated_work_on_a_large_value_ends(op: str, share: int) -> None:
    budget = Budget(operations=OPERATIONS // share)
    large = apply("range", (500_000,), budget)
    args = (large, large) if op == "==" else (large,)
    assert forever(lambda _, b: apply(op, args, b), None, budget) in ("F0309", "F0308")


def test_late_values_that_double_end() -> None:
    from flowc.compiler.late import make_late

    assert forever(lambda a, b: make_late("concat", (a, a), b), Late("now")) in ("F0308", "F0310")
    assert forever(lambda a, b: make_late("neg", (a,), b), Late("now")) == "F0310"


def test_handing_a_large_value_to_many_steps_ends() -> None:
    budget = Budget()
    value = apply("*", ("x", MOST_ITEMS), budget)
    assert forever(lambda _, b: b.place(value), None, budget) == "F0309"


def test_a_hundred_thousand_small_operations_are_possible() -> None:
    budget = Budget()
    for n in range(100_000):
        budget.place(budget.keep((n, apply("concat", ("part-", n), budget))))


def test_deep_values_can_still_be_written() -> None:
    budget = Budget()
    value: object = ()
    for _ in range(DEEPEST - 1):
        value = budget.keep((value,))
    text = apply("str", (value,), budget)
    assert text == "[" * DEEPEST + "]" * DEEPEST


@given(st.sampled_from(sorted(OPERATORS)), st.lists(values, max_size=3))
def test_nothing_but_operator_errors_comes_out(op: str, args: list[object]) -> None:
    arity = {"not": 1, "neg": 1, "pos": 1, "duration": 1, "if": 3}.get(op)
    if arity is None and not op.isalpha():
        arity = 2
    if op in ("and", "or", "in", "index"):
        arity = 2
    if arity is not None:
        args = [*args, 1, 2, 3][:arity]
    if op == "duration":
        args = [arg if isinstance(arg, (int, float)) else 1 for arg in args]
    found: OperatorError | None = None
    try:
        apply(op, args)
    except OperatorError as error:
        found = error
    assert found is None or (found.code in CODES and len(str(found)) < 400)


@given(st.sampled_from(["+", "-", "*", "//", "%", "==", "<"]), st.integers(), st.integers())
def test_integers_calculate_as_in_python(op: str, a: int, b: int) -> None:
    names = {"+": "add", "-": "sub", "*": "mul", "//": "floordiv", "%": "mod", "==": "eq", "<": "lt"}
    run = getattr(operator, names[op])
    try:
        expected = run(a, b)
    except ZeroDivisionError:
        assert code_of(op, a, b) == "F0302"
    else:
        assert apply(op, (a, b)) == expected
