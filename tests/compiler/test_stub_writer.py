"""Files of stubs: what they say of functions and declarations, and that all of it comes back."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowc.compiler.declarations import UNTOLD, Declaration, ParameterSpec, declare
from flowc.compiler.options import validate
from flowc.compiler.source_text import LONGEST_VALUE, is_word, text_source, value_source
from flowc.compiler.stub_writer import StubText, stub_text
from flowc.compiler.stubs import Stubs, read_stubs
from flowc.compiler.types import ANY, Type
from flowc.dsl.format import format_source
from flowc.dsl.source import Source

from ..slices import some
from .test_types import types as all_types

if TYPE_CHECKING:
    from decimal import Decimal


def write(*declarations: Declaration) -> StubText:
    return stub_text(declarations, "flowc stubs --app proj.celery_app:app")


def read(text: str) -> Stubs:
    with TemporaryDirectory() as folder:
        path = Path(folder, "tasks.flow")
        path.write_bytes(text.encode())
        return read_stubs([str(path)])


def line_of(declaration: Declaration) -> str:
    """The one statement of a declaration's stub."""
    written = write(declaration)
    assert written.remarks == ()
    return written.text.split("\n\n", 1)[1].rstrip("\n") if "\n\n" in written.text else written.text.split("\n", 1)[1].rstrip("\n")


# ------------------------------------------------------------------------------------------------------------ from functions
class Row(TypedDict, total=False):
    id: int
    names: list[str]
    parent: Row


class Node(TypedDict):
    a: Node
    b: Node
    c: list[Node]


class Tone(enum.Enum):
    LOW = "low"


NOTHING: Any = None
WRONG: Any = "no"
DAY = dt.date(2026, 11, 22)
MOMENT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
NAIVE = MOMENT.replace(tzinfo=None)


def plain(x: int, y: float = 0.5, *rest: str, deep: bool = False, **more: Any) -> list[int]:
    raise NotImplementedError


def positional(x: int, /, y: str = "a", *, z: dt.timedelta = dt.timedelta(seconds=90)) -> None: ...


def collections(a: list[dict[str, int]], b: tuple[int, str], c: Mapping[str, bytes], d: Row) -> tuple[int, ...]:
    raise NotImplementedError


def choices(a: Literal["x", "y"], b: int | str | None = None, c: str = NOTHING, d: object = None) -> dt.datetime:
    raise NotImplementedError


def strange(a: Tone = Tone.LOW, b: bytes = b"x", c: object = Tone, d: int = WRONG, e: Any = float("inf")) -> Any: ...


def times(a: dt.date = DAY, b: Any = MOMENT, c: Any = NAIVE) -> None: ...


def containers(a: list[int] = [1, 2], b: dict[str, Any] = {"a b": (1, None)}, c: Any = {1: 2}, d: Any = [[]] * 999) -> None: ...  # noqa: B006


def hidden(a: Decimal, b: int) -> str:
    raise NotImplementedError


def nothing() -> None: ...


def untyped(a, b=1, *, c): ...  # type: ignore[no-untyped-def]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (plain, "task t(x: int, y: float = 0.5, *rest: str, deep: bool = false, **more) -> list[int]"),
        (positional, 'task t(x: int, /, y: str = "a", *, z: duration = 1m30s) -> null'),
        (
            collections,
            """task t(
    a: list[map[int]],
    b: tuple[int, str],
    c: map[bytes],
    d: {id: int?, names: list[str]?, parent: any},
) -> list[int]""",
        ),
        (choices, 'task t(a: "x" | "y", b: int | str | null = null, c: str? = null, d=null) -> datetime'),
        (strange, "task t(a=..., b: bytes = ..., c=..., d: int = ..., e=...)"),
        (times, "task t(a: date = 2026-11-22, b=2026-01-01T00:00:00+00:00, c=...) -> null"),
        (containers, 'task t(a: list[int] = [1, 2], b: map = {"a b": [1, null]}, c=..., d=...) -> null'),
        (hidden, "task t(a, b: int) -> str"),
        (nothing, "task t() -> null"),
        (untyped, "task t(a, b=1, *, c)"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_a_function_declares(function: Any, expected: str) -> None:
    assert line_of(declare("t", function)) == expected


def test_a_bound_task_is_no_argument_of_its_own() -> None:
    def work(self: object, x: int) -> None: ...

    assert line_of(declare("t", work, bound=True)) == "task t(x: int) -> null"


def test_types_that_refer_to_themselves_end() -> None:
    def work(x: Node) -> None: ...

    assert line_of(declare("t", work)) == "task t(x: {a: any, b: any, c: list}) -> null"


def test_options_and_descriptions() -> None:
    def work() -> None:
        """Fetch a day.

        Slowly.
        """

    options = {"queue": "io", "time_limit": 600, "soft_time_limit": 1.5, "priority": 3, "ignore_result": True, "headers": {"a": 1}}
    written = write(declare("p.t", work, options=options))
    assert written.text.split("\n", 2)[2] == (
        'task p.t() -> null {\n    time_limit = 10m,\n    soft_time_limit = 1s500ms,\n    queue = "io",\n    priority = 3,\n'
        '    ignore_result = true,\n    headers = {a: 1},\n} """Fetch a day.\n\nSlowly."""\n'
    )


def test_the_first_line_says_how_it_was_made() -> None:
    assert write().text == "# Made by `flowc stubs --app proj.celery_app:app`, which writes it anew.\n"
    assert stub_text([], "flowc stubs --app 'a\nb'").text.count("\n") == 1


# ----------------------------------------------------------------------------------------------------------- what cannot be said
def test_what_is_left_out_is_told() -> None:
    odd = Declaration("p.odd", (ParameterSpec("℘"),))  # an identifier of Python that is no word of the language
    written = write(
        Declaration("a\x1bb"), Declaration(""), odd, Declaration("p.wrong", (), options={"priority": 999, "queue": "q", "link": "x"})
    )
    assert [remark.partition(" is left out")[0].partition(" are left out")[0] for remark in written.remarks] == [
        'the task ""', 'the task "a\\u001bb"', "the parameters of p.odd", "the option priority of p.wrong"
    ]  # fmt: skip
    assert written.tasks == 2
    assert 'task p.odd\n\ntask p.wrong() {queue = "q"}\n' in written.text


# ------------------------------------------------------------------------------------------------------------------ names
@pytest.mark.parametrize(
    ("names", "statements"),
    [
        (["my-app.add"], ['task "my-app.add"']),
        (["my-app.add", "proj.add"], ['task "my-app.add" as my_app_add', "task proj.add"]),
        (["a b"], ['task "a b" as a_b']),
        (["a b", "a-b", "a_b"], ['task "a b" as a_b_2', 'task "a-b" as a_b_3', "task a_b"]),
        (["flow", "p.flow"], ["task flow as flow_", "task p.flow"]),
        (["é.x", "1.2", '"', "\\", "p..q", "."],
         ['task "\\"" as unnamed', 'task "." as unnamed_2', 'task "1.2" as task_2', 'task "\\\\" as unnamed_3', 'task "p..q"', "task é.x"]),
    ],
)  # fmt: skip
def test_names_that_are_no_words(names: list[str], statements: list[str]) -> None:
    written = write(*map(Declaration, names))
    assert sorted(line for line in written.text.split("\n") if line.startswith("task")) == sorted(statements)
    stubs = read(written.text)
    assert not stubs.findings
    assert set(stubs.tasks) == set(names)


# -------------------------------------------------------------------------------------------------------------- there and back
types = all_types.filter(lambda t: "tuple[]" not in str(t))  # no annotation gives one
words = st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True) | st.sampled_from(["if", "for", "task", "flow", "not", "é", "in"])
hostile = ['"""', "a\n b\n", "\x1b[31m", "\r\n", "\\", '"', "#", "'''", "\u202e", "\ud800", "{}", "a\n"]
texts = st.text(max_size=12) | st.sampled_from(hostile)
names = st.lists(words, min_size=1, max_size=3).map(".".join) | texts
moments = st.dates() | st.datetimes(timezones=st.just(dt.UTC)) | st.timedeltas()
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts | moments,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)
option_sets = st.fixed_dictionaries(
    {},
    optional={
        "queue": texts,
        "time_limit": st.integers(1, 10**6) | st.floats(1, 10**6),
        "priority": st.integers(0, 300),
        "serializer": st.sampled_from(["json", "pickle", "yaml", "own"]),
        "expires": st.integers(0, 10**5) | st.timedeltas(dt.timedelta(0), dt.timedelta(9)) | st.datetimes(timezones=st.just(dt.UTC)),
        "ignore_result": st.booleans(),
        "headers": st.dictionaries(texts, values, max_size=2),
        "retry_policy": st.fixed_dictionaries({"max_retries": st.none() | st.integers(0, 9), "interval_max": st.floats(0, 9)}),
    },
)


@st.composite
def parameters(draw: st.DrawFn) -> tuple[ParameterSpec, ...]:
    found: list[ParameterSpec] = []
    optional = False
    order = ["positional", "plain", "*args", "keyword", "**kwargs"]
    kinds = sorted(draw(st.lists(st.sampled_from(order), max_size=5)), key=order.index)
    for number, kind in enumerate(kinds):
        wanted: Type = draw(types)
        if kind in ("*args", "**kwargs"):
            if kind not in [p.kind for p in found]:
                found.append(ParameterSpec(f"p{number}", kind, wanted, required=False))  # type: ignore[arg-type] # one of them
            continue
        has = draw(st.booleans()) or (optional and kind != "keyword")
        optional = optional or has
        default = value_source(draw(values)) or UNTOLD if wanted is ANY else UNTOLD
        name = draw(words.filter(lambda word: word not in [p.name for p in found]))
        found.append(ParameterSpec(name, kind, wanted, not has, default if has else ""))  # type: ignore[arg-type] # one of them
    return tuple(found)


declarations = st.builds(
    Declaration, names, st.none() | parameters(), types, option_sets, st.none() | texts | st.lists(texts, max_size=4).map("\n".join)
)


def as_written(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


@settings(max_examples=some(40), suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(declarations, max_size=4, unique_by=lambda d: as_written(d.name)))
def test_all_of_it_comes_back(declared: list[Declaration]) -> None:
    written = write(*declared)
    assert written.text == write(*declared[::-1]).text
    assert all(character.isprintable() or character == "\n" for character in written.text)
    assert format_source(Source("tasks.flow", written.text)) == written.text
    stubs = read(written.text)
    assert stubs.findings == ()
    possible = {d.name: d for d in declared if d.name and d.name.isprintable()}
    assert list(stubs.tasks) == sorted(possible)
    for name, wanted in possible.items():
        found = stubs.tasks[name]
        assert (found.parameters, found.returns) == (wanted.parameters, wanted.returns)
        assert found.description == (None if wanted.description is None else as_written(wanted.description))
        given_options = dict(validate(wanted.options).options.items)
        layer = {key: option.value for key, option in stubs.options.get(name, {}).items()}
        found_options = dict(validate(layer).options.items)
        assert found_options.keys() <= given_options.keys()
        assert {key: given_options[key] for key in found_options} == found_options
        lost = [remark for remark in written.remarks if remark.startswith("the option ")]
        assert len(found_options) == len(given_options) or lost


@given(values)
def test_values_as_source(value: object) -> None:
    source = value_source(value)
    if source is not None:
        assert len(source) <= LONGEST_VALUE
        stubs = read(f"task t(x = {source})\n")
        assert not stubs.findings
        (spec,) = stubs.tasks["t"].parameters or ()
        assert spec.default == source


@given(st.text())
def test_texts_as_source(text: str) -> None:
    stubs = read(f"task t {text_source(text)}\n")
    assert stubs.tasks["t"].description == as_written(text)


def test_words() -> None:
    assert [is_word(text) for text in ("a", "_", "é", "if", "a b", "", "1", "℘", "a·")] == [True, True, True, True, *[False] * 5]
