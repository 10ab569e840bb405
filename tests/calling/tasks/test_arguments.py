"""Arguments are held against the function before anything is sent, as Python itself would judge them."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flowc import App
from flowc.runtime.calling.arity import arity_of

from .recording import Recorder

Kind = inspect.Parameter


@st.composite
def signatures(draw: st.DrawFn) -> inspect.Signature:
    """Any order of parameters that Python allows."""
    names = iter("abcdefgh")
    parameters = []
    defaults = False
    for kind in [Kind.POSITIONAL_ONLY] * draw(st.integers(0, 2)) + [Kind.POSITIONAL_OR_KEYWORD] * draw(st.integers(0, 3)):
        defaults = defaults or draw(st.booleans())
        parameters.append(Kind(next(names), kind, default=1 if defaults else Kind.empty))
    if draw(st.booleans()):
        parameters.append(Kind("args", Kind.VAR_POSITIONAL))
    for _ in range(draw(st.integers(0, 2))):
        parameters.append(Kind(next(names), Kind.KEYWORD_ONLY, default=1 if draw(st.booleans()) else Kind.empty))
    if draw(st.booleans()):
        parameters.append(Kind("kwargs", Kind.VAR_KEYWORD))
    return inspect.Signature(parameters)


@settings(deadline=None)
@example(inspect.Signature([Kind("a", Kind.POSITIONAL_ONLY), Kind("kwargs", Kind.VAR_KEYWORD)]), 0, {"a"})
@given(signatures(), st.integers(0, 6), st.sets(st.sampled_from([*"abcdefghz", "args", "kwargs"]), max_size=4))
def test_the_quick_check_agrees_with_python(signature: inspect.Signature, given: int, named: set[str]) -> None:
    function = eval(f"lambda {str(signature)[1:-1]}: None")
    args, kwargs = list(range(given)), dict.fromkeys(named, 0)
    arity = arity_of(function, bound=False)
    assert arity is not None
    try:
        function(*args, **kwargs)
    except TypeError:
        with pytest.raises(TypeError, match=r"^t\("):
            arity.check("t", args, kwargs)
    else:
        arity.check("t", args, kwargs)


@pytest.fixture
def app() -> App:
    return App("proj")


def test_what_does_not_fit_is_refused_before_it_is_sent(app: App) -> None:
    sent = Recorder(app)

    @app.task(name="proj.add")
    def add(x: int, y: int = 1, *, scale: int = 1) -> int:
        return x + y

    wrong: list[tuple[Any, Any, str]] = [
        ((), {}, r"proj\.add\(x: 'int', y: 'int' = 1, \*, scale: 'int' = 1\).*: missing a required argument: 'x'"),
        ((1, 2, 3), {}, "too many positional arguments"),
        ((1,), {"z": 1}, "got an unexpected keyword argument 'z'"),
        ((1,), {"x": 1}, "multiple values for argument 'x'"),
    ]
    for args, kwargs, message in wrong:
        with pytest.raises(TypeError, match=message):
            add.delay(*args, **kwargs)
        with pytest.raises(TypeError, match=message):
            app.send_task("proj.add", args, kwargs)
    assert sent.sent == []
    add.delay(1, scale=2)
    add.apply_async([1, 2])
    assert [(one.name, tuple(one.args), dict(one.kwargs)) for one in sent.sent] == [
        ("proj.add", (1,), {"scale": 2}),
        ("proj.add", (1, 2), {}),
    ]


def test_signatures_are_checked_when_they_are_complete(app: App) -> None:
    sent = Recorder(app)
    add = app.task(name="proj.add")(lambda x, y: x + y)
    partial = add.s(2)
    with pytest.raises(TypeError, match="missing a required argument: 'y'"):
        partial.delay()
    partial.delay(4)
    assert sent.last.args == (4, 2)
    with pytest.raises(TypeError, match="too many positional arguments"):
        (add.s(2, 2) | add.s(4)).delay(1)  # only the first step's arguments can be known
    assert len(sent.sent) == 1


def test_a_bound_task_is_not_asked_for_itself(app: App) -> None:
    sent = Recorder(app)

    @app.task(bind=True)
    def me(self: Any, x: int) -> None: ...

    me.delay(1)
    with pytest.raises(TypeError, match="missing a required argument: 'x'"):
        me.delay()
    assert len(sent.sent) == 1


def test_typing_false_leaves_it_to_the_worker(app: App) -> None:
    sent = Recorder(app)
    app.task(name="t", typing=False)(lambda x: x).delay()
    app.send_task("not.here", (1, 2, 3), {"any": "thing"})
    assert len(sent.sent) == 2


@pytest.mark.parametrize(("args", "kwargs"), [("ab", None), (5, None), ({"a": 1}, None), (None, [1]), (None, "x"), (iter([1]), None)])
def test_arguments_come_in_a_list_and_a_mapping(app: App, args: Any, kwargs: Any) -> None:
    Recorder(app)
    with pytest.raises(TypeError, match=r"is a list or tuple of the positional|is a mapping of the named"):
        app.task(name="t")(lambda *a, **k: None).apply_async(args, kwargs)


def test_what_python_cannot_describe_is_not_checked() -> None:
    assert arity_of(type, bound=False) is None
    app = App()
    sent = Recorder(app)
    app.task(name="t")(type).delay(1, 2, 3, 4)
    assert len(sent.sent) == 1
