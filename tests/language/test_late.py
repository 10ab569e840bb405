"""Late values: `now`, `env`, `secret`; and the parameters of a file."""

from __future__ import annotations

import datetime as dt

import pytest

from .compiling import argument, call, codes, findings, one, plan, value_text


def test_late_values_stay_expressions_in_the_plan() -> None:
    assert value_text(argument("work([now, secret('S'), env('E', 'd')])\n", env=("E",))) == "[now!(), secret!('S'), env!('E', 'd')]"
    assert value_text(argument("work(f'{env(\"E\")}/x')\n", env=("E",))) == "concat!(env!('E'), '/x')"
    assert value_text(argument("work(env('E') == 'x')\n", env=("E",))) == "==!(env!('E'), 'x')"


def test_now_is_one_moment() -> None:
    """It is the same expression wherever it stands; submission gives it one value."""
    assert value_text(argument("n = now\nwork([n, now])\n")) == "[now!(), now!()]"


@pytest.mark.parametrize(
    "text",
    [
        "[f(x) for x in secret('S')]",
        "[f(x) for x in env('E')]",
        "[f(x) for x in range(now)]",
        "[f(1) for x in [1] if env('E') == 'a']",
        "f(range(now))",
        "when now > 2026-11-22T10:00:00Z:\n    a()",
        "when secret('S') == 'x':\n    a()",
    ],
)
def test_they_are_errors_where_a_value_is_needed_now(text: str) -> None:
    """In a `for`, `when` or `range`."""
    assert codes(text + "\n", env=("E",)) == ["F0360"]


def test_a_list_of_late_values_may_be_looped_over() -> None:
    assert [value_text(c.args) for c in plan("[f(x) for x in [now, 1]]\n").calls] == ["[now!()]", "[1]"]


def test_env_reads_only_what_is_listed() -> None:
    assert codes("work(env('HOME'))\n") == ["F0714"]
    assert codes("work(env('HOME'))\n", env=("HOME",)) == []
    assert codes("work(env('HOME', 'x'))\n", env=("OTHER",)) == ["F0714"]


def test_names_of_variables_and_secrets_are_constants() -> None:
    assert codes("work(secret(1), env(now), secret())\n") == ["F0419", "F0419", "F0419"]
    assert value_text(argument("n = 'A'\nwork(secret(f'{n}_KEY'))\n")) == "secret!('A_KEY')"


def test_a_secret_goes_through_sub_flow_arguments_as_itself() -> None:
    made = plan("flow go(t):\n    return f(t, f'x{t}', {k: t})\ngo(secret('S'))\n")
    assert value_text(made.calls[0].args) == "[secret!('S'), concat!('x', secret!('S')), {k: secret!('S')}]"


def test_a_secret_never_stands_in_a_plan() -> None:
    assert "hunter2" not in plan("work(secret('S'))\n").to_json()


def test_types_of_late_values_are_known() -> None:
    declared = "task t.moment(x: datetime)\ntask t.text(x: str)\n"
    assert codes(declared + "t.moment(now)\nt.moment(now + 1h)\nt.text(secret('S'))\nt.text(f'{now}')\n") == []
    assert codes(declared + "t.text(now)\n") == ["F0405"]
    assert codes(declared + "t.moment(secret('S'))\n") == ["F0405"]


# ── parameters ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_parameter_is_set_by_text_or_data() -> None:
    text = "param n: int\nwork(n)\n"
    assert argument(text, param_texts={"n": "5"}) == 5
    assert argument(text, params={"n": 5}) == 5
    assert argument(text, params={"n": 5}, param_texts={"n": "6"}) == 6


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("int", "5", 5),
        ("float", "5", 5.0),
        ("str", "5", "5"),
        ("bool", "true", True),
        ("date", "2026-11-22", "2026-11-22"),
        ("datetime", "2026-11-22T10:00:00Z", "2026-11-22T10:00:00+00:00"),
        ("duration", "1h30m", 5400),
        ("list[int]", "[1, 2]", (1, 2)),
        ("str?", "null", None),
        ('"a" | "b"', "a", "a"),
    ],
)
def test_texts_are_converted_by_the_type(kind: str, text: str, value: object) -> None:
    found = argument(f"param p: {kind}\nwork(p)\n", param_texts={"p": text})
    assert (value_text(found) if kind.startswith("date") else found) == value


@pytest.mark.parametrize(
    ("kind", "text"), [("int", "x"), ("int", "1.5"), ("bool", "5"), ("date", "2026-13-01"), ("list[int]", '["x"]'), ('"a" | "b"', "c")]
)
def test_texts_that_do_not_fit_are_errors(kind: str, text: str) -> None:
    assert codes(f"param p: {kind}\nwork(p)\n", param_texts={"p": text}) == ["F0713"]


@pytest.mark.parametrize(
    ("kind", "value"), [("int", "5"), ("int", True), ("str", 5), ("list[int]", [1, "x"]), ("{a: int}", {"a": "x"}), ("int", None)]
)
def test_data_that_does_not_fit_is_an_error(kind: str, value: object) -> None:
    assert codes(f"param p: {kind}\nwork(p)\n", params={"p": value}) == ["F0713"]


def test_a_parameter_without_a_value_is_an_error() -> None:
    assert one("param n: int\nwork(n)\n").startswith("F0712 at `n`")


def test_unless_it_may_be_unknown() -> None:
    text = "param n: int\nparam xs: list[str]\nwork(n + 1, f'{n}')\n[f(x) for x in xs]\nwhen n > 1:\n    y = a()\ng(y)\n"
    assert codes(text, require_params=False) == []
    assert codes("param n: int\nwork(n.x)\n", require_params=False) == ["F0407"]


def test_an_unknown_parameter_is_an_error() -> None:
    assert codes("param n: int = 1\nwork(n)\n", params={"m": 1}) == ["F0717"]


def test_all_unknown_parameters_are_named() -> None:
    found = findings("work()\n", params={"m": 1}, param_texts={"k": "2"})
    assert {d.code for d in found} == {"F0717"}
    assert all(any(name in d.message for d in found) for name in ("`m`", "`k`"))


def test_defaults_may_use_other_parameters_in_any_order() -> None:
    assert argument("param b: int = a + 1\nparam a: int = 1\nwork(b)\n") == 2
    assert argument("param b: int = a + 1\nparam a: int = 1\nwork(b)\n", params={"a": 5}) == 6


def test_a_cycle_of_defaults_shows_its_path() -> None:
    assert one("param a: int = b\nparam b: int = a\nf(a, b)\n").endswith("a -> b -> a")


def test_a_default_is_of_the_parameters_type() -> None:
    assert codes("param n: int = 'x'\nwork(n)\n") == ["F0715"]


def test_a_default_is_no_step() -> None:
    assert codes("param n: int = count()\nwork(n)\n") == ["F0716"]


def test_a_parameter_may_be_late() -> None:
    assert call(plan("param at: datetime = now\nwork(at)\n"), "work#1").args


def test_submission_gives_now_one_value() -> None:
    moment = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
    bound = plan("a(now) {eta = now + 1h}\nb(now - 1d)\n").bind(now=moment, env={}, secrets={})
    assert [c.args for c in bound.calls] == [(moment,), (moment - dt.timedelta(days=1),)]
    assert bound.calls[0].options.get("eta") == moment + dt.timedelta(hours=1)


def test_countdown_and_expires_count_from_the_sending_of_their_step() -> None:
    """So they stay numbers of seconds, at submission too."""
    moment = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
    bound = plan("a() {countdown = 10s, expires = 1m}\n").bind(now=moment, env={}, secrets={})
    assert dict(bound.calls[0].options.items) == {"countdown": 10, "expires": 60}


def test_a_tasks_name_is_no_late_value() -> None:
    assert codes("map(secret('NAME'), [1])\n") == ["F0420"]
