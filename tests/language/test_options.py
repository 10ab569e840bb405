"""Options: the table, the layers, the rules."""

from __future__ import annotations

from typing import Any

import pytest

from .compiling import call, codes, findings, one, options, plan, scope, value_text


def given(text: str) -> dict[str, Any]:
    return options(plan(f"x = work() {{{text}}}\n"), "x")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("countdown = 10s", 10),
        ("countdown = 1.5", 1.5),
        ("countdown = 0", 0),
        ("expires = 2h", 7200),
        ("expires = 60", 60),
        ("retry = true", True),
        ("time_limit = 5m", 300),
        ("soft_time_limit = 30", 30),
        ('serializer = "json"', "json"),
        ('serializer = "pickle"', "pickle"),
        ('serializer = "yaml"', "yaml"),
        ('serializer = "msgpack"', "msgpack"),
        ('serializer = "my-own"', "my-own"),
        ('compression = "brotli"', "brotli"),
        ('compression = "bzip2"', "bzip2"),
        ('compression = "gzip"', "gzip"),
        ('compression = "lzma"', "lzma"),
        ('compression = "zlib"', "zlib"),
        ('compression = "zstd"', "zstd"),
        ('queue = "q"', "q"),
        ('exchange = "e"', "e"),
        ('routing_key = "a.b"', "a.b"),
        ("priority = 0", 0),
        ("priority = 255", 255),
        ("ignore_result = true", True),
        ('task_id = "t"', "t"),
        ('shadow = "s"', "s"),
        ("delivery_mode = 1", 1),
        ("mandatory = true", True),
    ],
)
def test_options_of_the_table(text: str, value: object) -> None:
    made = given(text)
    assert made == {text.split(" ")[0]: value}
    assert type(made[text.split(" ")[0]]) is type(value)


def test_moments_carry_their_zone() -> None:
    assert value_text(given("eta = 2026-11-22T10:00:00Z")["eta"]) == "2026-11-22T10:00:00+00:00"
    assert value_text(given("expires = 2026-11-22T10:00:00+02:00")["expires"]) == "2026-11-22T10:00:00+02:00"
    assert value_text(given("eta = now + 1h")["eta"]) == "+!(now!(), duration!(3600))"
    assert one("work() {eta = 2026-11-22T10:00:00}\n").startswith("F0504")


def test_retry_policy() -> None:
    made = given("retry_policy = {max_retries: 3, interval_start: 1s, interval_step: 200ms, interval_max: 2}")["retry_policy"]
    assert dict(made.items) == {"max_retries": 3, "interval_start": 1, "interval_step": 0.2, "interval_max": 2}
    assert dict(given("retry_policy = {max_retries: null}")["retry_policy"].items) == {"max_retries": None}


def test_headers_are_a_map() -> None:
    assert dict(given('headers = {tenant: "a", "x-n": 2}')["headers"].items) == {"tenant": "a", "x-n": 2}


def test_an_unknown_option_gets_a_suggestion() -> None:
    (found,) = findings('work() {queu = "x"}\n')
    assert (found.code, found.help) == ("F0501", ("did you mean `queue`?",))


@pytest.mark.parametrize(
    "text", ['countdown = "x"', "priority = 1.5", "priority = true", "queue = 5", "retry = 1", "retry_policy = 1", "headers = []"]
)
def test_a_wrong_type_is_an_error(text: str) -> None:
    assert codes(f"work() {{{text}}}\n") == ["F0502"]


@pytest.mark.parametrize("text", ["priority = 256", "priority = -1", "countdown = -1s", "time_limit = -5", "delivery_mode = 3"])
def test_a_wrong_range_is_an_error(text: str) -> None:
    assert codes(f"work() {{{text}}}\n") == ["F0503"]


def test_options_that_contradict_each_other() -> None:
    assert codes("work() {countdown = 1s, eta = now}\n") == ["F0505"]
    assert codes("work() {eta = now + 2h, expires = 1h}\n") == ["F0511"]
    assert codes("work() {soft_time_limit = 2m, time_limit = 1m}\n") == ["F0506"]


def test_a_countdown_beyond_expires_is_a_warning() -> None:
    (found,) = findings("work() {countdown = 2h, expires = 1h}\n")
    assert (found.code, found.severity.value) == ("F0516", "warning")


@pytest.mark.parametrize("option", ["attempts = 3", "backoff = 5s..2m", "need = any", "need = 2", "max_parallel = 8"])
def test_options_of_a_later_version(option: str) -> None:
    assert codes(f"[a, b] {{{option}}}\n") == ["F0803"]


# ── layers ───────────────────────────────────────────────────────────────────────────────────────────────────

LAYERS = [
    'defaults {queue = "file"}',
    'task p.t() {queue = "task"}',
    'defaults {queue = "block"}',
    '{queue = "flow"}',
    '{queue = "group"}',
    '{queue = "call"}',
]


@pytest.mark.parametrize("strongest", range(6))
def test_the_innermost_layer_wins(strongest: int) -> None:
    """File defaults, the task's declaration, defaults of the block, the flow call, group or scope, the call."""
    file, task, block, flow, group, call_ = [layer if n <= strongest else "" for n, layer in enumerate(LAYERS)]
    text = f"""{file}
{task or "task p.t()"}
flow go():
    {block or "x = 1"}
    return [p.t() {call_}] {group}
go() {flow}
"""
    made = plan(text)
    assert dict(made.calls[0].options.items) == {"queue": ["file", "task", "block", "flow", "group", "call"][strongest]}


def test_a_scope_in_parentheses_is_a_layer_like_a_group() -> None:
    made = plan('(a -> b {queue = "call"}) {queue = "scope"}\n')
    assert [c.options.get("queue") for c in made.calls] == ["scope", "call"]


@pytest.mark.parametrize("name", ["headers", "retry_policy"])
def test_maps_merge_by_key(name: str) -> None:
    a, b, c = ("a", "b", "c") if name == "headers" else ("max_retries", "interval_start", "interval_max")
    made = plan(f"defaults {{{name} = {{{a}: 1, {b}: 1}}}}\n[x() {{{name} = {{{c}: 3}}}}] {{{name} = {{{b}: 2}}}}\n")
    assert dict(options(made, "x#1")[name].items) == {a: 1, b: 2, c: 3}


def test_one_defaults_in_a_block_before_its_steps() -> None:
    assert codes('defaults {queue = "a"}\ndefaults {priority = 1}\na()\n') == ["F0615"]
    assert codes('a()\ndefaults {queue = "a"}\n') == ["F0616"]
    assert codes('flow go():\n    x = a()\n    defaults {queue = "a"}\n    return x\ngo()\n') == ["F0616"]
    assert codes('from p import a\nparam n = 1\nxs = [1]\ndefaults {queue = "a"}\na(n, xs)\n') == []


def test_included_files_do_not_inherit_defaults() -> None:
    lib = {"lib.flow": 'defaults {priority = 1}\nflow go():\n    return w.x()\nflow bare():\n    return w.y() {shadow = "s"}\n'}
    made = plan('defaults {queue = "main"}\ninclude "lib.flow" as lib\nlib.go()\n', lib)
    assert dict(made.calls[0].options.items) == {"priority": 1}


def test_defaults_reach_handlers_and_a_scopes_options_do_not() -> None:
    made = plan('defaults {queue = "d"}\n(a !> h) {priority = 5}\n([b] {priority = 6}) !> k\n')
    assert [dict(s.handlers[0].options.items) for s in made.scopes] == [{"queue": "d"}, {"queue": "d"}]
    assert options(made, "a#1") == {"queue": "d", "priority": 5}


def test_block_defaults_reach_handlers_of_the_block() -> None:
    made = plan('flow go():\n    defaults {queue = "b"}\n    return a() !> h\ngo()\n')
    assert dict(made.scopes[0].handlers[0].options.items) == {"queue": "b"}


def test_a_handler_has_options_of_its_own() -> None:
    made = plan('task p.h(a, b, c) {queue = "t", priority = 1}\nx.a() !> p.h() {queue = "own"}\n')
    assert dict(scope(made, "scope#1").handlers[0].options.items) == {"queue": "own", "priority": 1}


@pytest.mark.parametrize("iterable", ["xs", "[1]", "range(2)"])
def test_options_inside_the_brackets_of_a_comprehension(iterable: str) -> None:
    """The error says where they go."""
    assert codes(f'xs = [1]\n[f(x) for x in {iterable} {{queue = "io"}}]\ng(xs)\n') == ["F0609"]
    assert codes(f'xs = [1]\n[f(x) for x in {iterable}] {{queue = "io"}}\ng(xs)\n') == []


def test_options_behind_a_members_call_are_its_own() -> None:
    made = plan('[f(x) {queue = f"io.{x}"} for x in ["a", "b"]]\n')
    assert [c.options.get("queue") for c in made.calls] == ["io.a", "io.b"]


@pytest.mark.parametrize(
    "text",
    ['[a, b] {task_id = "x"}', '(a -> b) {task_id = "x"}', 'a() {task_id = "x"}\nb() {task_id = "x"}', 'defaults {task_id = "x"}\na -> b'],
)
def test_a_task_id_belongs_to_one_step(text: str) -> None:
    assert "F0612" in codes(text + "\n")


def test_a_task_id_of_a_sub_flows_step_is_taken_once() -> None:
    text = 'flow go():\n    return a() {task_id = "x"}\n'
    assert codes(text + "go()\n") == []
    assert codes(text + "go()\ngo()\n") == ["F0612"]


def test_maps_have_colons_and_options_equal_signs() -> None:
    assert codes('a() {queue: "q"}\n') == ["F0101"]
    assert codes("a({queue = 1})\n") == ["F0101"]
    assert codes("a() {headers = {k = 1}}\n") == ["F0101"]


def test_a_result_that_is_ignored_cannot_be_used() -> None:
    for use in ("x -> b", "b(x)", "b([x])", "b(x.n)", "[x, c] -> b"):
        assert "F0613" in codes(f"x = a() {{ignore_result = true}}\n{use}\n")


def test_a_result_that_is_ignored_may_be_waited_for() -> None:
    assert codes("a() {ignore_result = true} => b\n") == []
    assert codes("x = a() {ignore_result = true}\n[x, c] => b\n") == []


def test_an_option_is_known_when_the_step_is_sent() -> None:
    assert codes("x = a()\nb() {countdown = x}\n") == ["F0607"]
    assert call(plan("b() {queue = secret('Q')}\n"), "b#1").options.get("queue") is not None


def test_bare_names_may_have_options() -> None:
    assert plan('a {queue = "x"} -> b\n').calls[0].options.get("queue") == "x"
