"""What is shown of a setting has no password in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowc.runtime.configuration.secrets import masked, shown


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("redis://localhost:6379/0", "redis://localhost:6379/0"),
        ("redis://:pw@localhost/0", "redis://:***@localhost/0"),
        ("amqp://me:p/w@h//", "amqp://me:***@h//"),
        ("amqp://me:p@w@h//", "amqp://me:***@h//"),
        ("amqp://me:a;b,c'd\"e f@h//", "amqp://me:***@h//"),
        ("amqp://me@h//", "amqp://me@h//"),
        ("redis://:a@h;redis://:b@i", "redis://:***@h;redis://:***@i"),
        ("sentinel://h/0?password=pw&db=1", "sentinel://h/0?password=***&db=1"),
        (("redis://:a@h", 1), ("redis://:***@h", 1)),
        ({"password": "x", "master_name": "m"}, {"password": "***", "master_name": "m"}),
        ({"a": [{"aws_secret_access_key": "x"}]}, {"a": [{"aws_secret_access_key": "***"}]}),
        ({"password": None, "use_token": True}, {"password": None, "use_token": True}),
    ],
)
def test_masked(value: object, kept: object) -> None:
    assert masked(value) == kept


@given(
    st.text(min_size=3, alphabet=st.characters(exclude_characters="*")).filter(lambda text: text not in "amqp://someone:***@host//"),
    st.booleans(),
)
def test_no_password_in_a_url_shows(password: str, twice: bool) -> None:
    if "://" in password:
        return  # it reads as another URL
    url = f"amqp://someone:{password}@host//"
    text = masked(f"{url};{url}" if twice else url)
    assert text == ("amqp://someone:***@host//;amqp://someone:***@host//" if twice else "amqp://someone:***@host//")


def test_long_values_and_strange_objects() -> None:
    class Strange:
        def __repr__(self) -> str:
            raise RuntimeError

    assert len(shown("x" * 10_000)) == 200
    assert shown(Strange()) == "Strange (its repr failed: RuntimeError)"
    assert shown(10**5000).startswith("int (its repr failed")
    assert shown("pw", "redis_password") == "'***'"
