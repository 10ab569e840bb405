"""Whatever a setting is given, it is taken or refused with a message: nothing else happens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from flowc.runtime.configuration import Configuration
from flowc.runtime.configuration.environment import decoded, environment_settings
from flowc.runtime.configuration.names import NAMES
from flowc.runtime.errors import ImproperlyConfigured

PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.timedeltas(),
    st.sampled_from(["json", "redis://h", "direct", "persistent", "UTC", len, timedelta(1), 10**400, -(10**400), "\ud800"]),
)
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner, max_size=3), max_leaves=6
)


def refusal(change: Callable[[], object]) -> str | None:
    """The message of a refusal, if it is one."""
    try:
        change()
    except ImproperlyConfigured as refused:
        return str(refused)
    return None


def given_or_refused(key: str, value: Any) -> None:
    conf = Configuration.model_validate({})
    before = conf[key]
    message = refusal(lambda: conf.update({key: value}))
    if message is not None:
        assert message.startswith(f"{key} must be ")
        assert len(message) < 600
        assert conf[key] is before
        return
    kept = conf[key]
    repr(conf)
    conf[key] = kept
    assert conf[key] == kept, "what is kept is taken again, and stays as it is"


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(NAMES), VALUES)
def test_any_value(key: str, value: Any) -> None:
    given_or_refused(key, value)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(NAMES), st.text())
def test_any_text_of_a_variable(key: str, text: str) -> None:
    given_or_refused(key, decoded(text, Configuration.KINDS[key]))


@settings(max_examples=100, deadline=None)
@given(st.text(min_size=1))
def test_any_name_of_a_variable(name: str) -> None:
    message = refusal(lambda: environment_settings(Configuration.KINDS, {f"FLOWC_{name}": "1"}))
    assert message is None or message.startswith(f"environment variable FLOWC_{name}: ")
