"""The line about a state on the way: what workers store of retries and starts is for programs, not for people."""

from __future__ import annotations

import pytest

from flowc.cli.told_state import LONGEST_META, state_line


@pytest.mark.parametrize(
    ("state", "meta", "said"),
    [
        ("PROGRESS", {"done": 5}, "a#1 says PROGRESS: {'done': 5}"),
        ("STARTED", {"pid": 7, "hostname": "w1@host"}, "a#1 started on w1@host"),
        ("STARTED", {"pid": 7}, "a#1 says STARTED: {'pid': 7}"),
        (
            "RETRY",
            {"exc_type": "OSError", "exc_message": ["the disk is busy"], "exc_module": "builtins"},
            "a#1 is tried again: OSError: the disk is busy",
        ),
        ("RETRY", {"exc_type": "OSError", "exc_message": [5, "busy"]}, "a#1 is tried again: OSError: (5, 'busy')"),
        ("RETRY", {"exc_type": "OSError", "exc_message": "busy"}, "a#1 is tried again: OSError: busy"),
        ("RETRY", {"exc_type": "OSError", "exc_message": []}, "a#1 is tried again: OSError"),
        ("RETRY", {"exc_type": "Retry", "exc_message": [None, None, 0.1], "exc_module": "flowc.runtime"}, "a#1 is tried again"),
        ("RETRY", {"exc_type": "NoneType", "exc_message": ["None"], "exc_module": "builtins"}, "a#1 is tried again"),
        ("RETRY", "soon", "a#1 says RETRY: soon"),
        (None, None, "a#1 says None: None"),
    ],
)
def test_what_a_state_brings_along_is_put_in_words(state: str | None, meta: object, said: str) -> None:
    assert state_line("a#1", state, meta) == said


def test_a_long_or_hostile_message_is_one_short_line() -> None:
    said = state_line("a#1", "RETRY", {"exc_type": "OSError", "exc_message": ["no\n\x1b[2J" + "x" * 500]})
    assert said.isprintable()
    assert len(said) < LONGEST_META + 60
