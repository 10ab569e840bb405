"""Exceptions from documents: never by importing what a document names."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowc import App
from flowc.runtime import errors
from flowc.runtime.result import reading

from .stores import application, failure


class Own(Exception):
    """An exception of the module that registers a task."""


class Picky(Exception):
    def __init__(self, first: int, second: int) -> None:
        super().__init__(first, second)


class NoException:
    made: list[Any] = []  # noqa: RUF012

    def __init__(self, *args: Any) -> None:
        self.made.append(args)


@pytest.fixture(scope="module")
def app() -> Iterator[App]:
    with application("cache+memory://") as made:
        made.task(name="t")(_task)
        yield made


def _task() -> None: ...


def rebuilt(app: App, found: Any) -> BaseException:
    return reading.exception(app, found)


def test_builtins_and_flowcs_own_come_back_as_they_were(app: App) -> None:
    for kind in (ValueError, KeyError, OSError, ZeroDivisionError, StopIteration):
        exc = rebuilt(app, failure(kind.__name__, "x", 1))
        assert type(exc) is kind
        assert exc.args == ("x", 1)
    assert type(rebuilt(app, failure("WorkerLostError", "x", module="flowc.runtime.errors"))) is errors.WorkerLostError


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("celery.exceptions", "TaskRevokedError"),
        ("celery.exceptions", "NotRegistered"),
        ("billiard.exceptions", "WorkerLostError"),
        ("billiard.exceptions", "TimeLimitExceeded"),
        ("celery.exceptions", "ChordError"),
    ],
)
def test_those_of_stock_workers_become_ours_of_the_same_name(app: App, module: str, name: str) -> None:
    assert type(rebuilt(app, failure(name, "x", module=module))) is getattr(errors, name)


def test_exceptions_of_modules_with_tasks_are_known(app: App) -> None:
    exc = rebuilt(app, failure("Own", "x", module=__name__))
    assert type(exc) is Own
    assert exc.args == ("x",)


def test_what_is_no_exception_is_never_called(app: App) -> None:
    exc = rebuilt(app, failure("NoException", "rm -rf", module=__name__))
    assert isinstance(exc, Exception)
    assert type(exc).__name__ == "NoException"
    assert NoException.made == []
    for name in ("eval", "exec", "print", "open"):
        exc = rebuilt(app, failure(name, "1/0"))
        assert isinstance(exc, Exception)
        assert exc.args == ("1/0",)


def test_a_module_is_never_imported(app: App) -> None:
    assert "antigravity" not in sys.modules
    exc = rebuilt(app, failure("Boom", "x", module="antigravity"))
    assert "antigravity" not in sys.modules
    assert (type(exc).__name__, type(exc).__module__, exc.args) == ("Boom", "antigravity", ("x",))


def test_a_loaded_module_that_registered_nothing_is_not_looked_into(app: App) -> None:
    import zipfile

    exc = rebuilt(app, failure("BadZipFile", "x", module="zipfile"))
    assert type(exc) is not zipfile.BadZipFile
    assert type(exc).__name__ == "BadZipFile"


def test_a_class_that_takes_other_arguments_is_stood_in_for(app: App) -> None:
    exc = rebuilt(app, failure("Picky", "only one", module=__name__))
    assert (type(exc).__name__, exc.args) == ("Picky", ("only one",))


@pytest.mark.parametrize("name", ["SystemExit", "KeyboardInterrupt", "GeneratorExit", "BaseException"])
def test_what_would_end_the_process_is_stood_in_for(app: App, name: str) -> None:
    exc = rebuilt(app, failure(name, 3))
    assert isinstance(exc, Exception)
    assert type(exc).__name__ == name
    assert exc.args == (3,)


@pytest.mark.parametrize(
    "found",
    [
        None, "text", 5, [], {}, {"exc_type": None}, {"exc_type": 5, "exc_module": []}, {"exc_type": ""}, {"exc_type": "a\0b"},
        {"exc_type": "\ud800", "exc_module": "\ud800"}, {"exc_type": "x" * 100_000}, {"exc_type": "E", "exc_message": {"a": 1}},
        {"exc_type": "Outer.Inner", "exc_message": ["x"], "exc_module": "m"}, {"exc_type": "E", "exc_message": "text"},
        {"exc_type": "__class__", "exc_module": "builtins"}, {"exc_type": ".", "exc_module": "builtins"},
    ],
)  # fmt: skip
def test_any_document_gives_an_exception(app: App, found: Any) -> None:
    assert isinstance(rebuilt(app, found), Exception)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5
)


@given(found=st.fixed_dictionaries({}, optional={"exc_type": anything, "exc_message": anything, "exc_module": anything}) | anything)
def test_whatever_a_document_says_an_exception_comes_of_it(app: App, found: Any) -> None:
    exc = rebuilt(app, found)
    assert isinstance(exc, Exception)
    with pytest.raises(type(exc)):
        raise exc
