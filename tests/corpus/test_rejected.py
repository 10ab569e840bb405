"""Each rejected program gets the findings that are written on its lines, and no others; every code of the registry is reached."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flowc.dsl.codes import CODES

from .accepted import programs as accepted_programs
from .accepted import settings_of, text_of
from .rejected import Program, findings_of, programs

TESTS = Path(__file__).parents[1]

#: Codes that no text of a flow alone can get, and the tests that reach them.
ELSEWHERE = {
    "F0110": "language/test_limits.py::test_characters_that_no_file_should_hold",
    "F0367": "language/test_limits.py::test_sub_flows_that_nest_deeply",
    "F0702": "language/test_includes.py::test_a_folder_is_no_flow",
    "F0703": "language/test_includes.py::test_a_large_file_is_refused",
    "F0704": "language/test_includes.py::test_a_file_that_is_not_utf8_is_refused",
    "F0705": "language/test_includes.py::test_a_device_is_no_flow",
    "F0708": "language/test_includes.py::test_a_text_without_a_file_includes_nothing",
    "F0718": "compiler/test_stubs.py::test_only_declarations_stand_in_a_file_of_stubs",
    "F0711": "language/test_limits.py::test_too_many_includes",
    "F0991": "cli/test_check_ignores.py::test_a_comment_that_ignores_nothing_is_told",
    "F0992": "cli/test_check_ignores.py::test_unknown_codes_are_told",
    "F0993": "cli/test_check_ignores.py::test_syntax_cannot_be_ignored",
    "F0994": "cli/test_check_ignores.py::test_a_comment_without_codes_ignores_nothing",
}

CARRIED = [code for code in CODES if code.startswith("F10")]
PLACES_OF_CARRIED = ["compiler/test_canvas.py", "fleet/submit/test_stock_rabbitmq.py", "fleet/submit/test_failing.py"]


@pytest.mark.parametrize("program", programs(), ids=lambda program: str(program.name))
def test_the_expected_findings_are_reported(program: Program) -> None:
    missing = list(program.expected)
    unexpected = []
    for d in findings_of(program):
        line = d.source.position(d.span.start).line
        hit = next((e for e in missing if (e.file, e.line, e.code) == (d.source.name, line, d.code) and e.message in d.message), None)
        if hit is not None:
            missing.remove(hit)
        elif d.code not in program.ignored:
            unexpected.append(f"{d.source.name}:{line} {d.code} {d.message}")
    assert (missing, unexpected) == ([], []), "\n" + program.files[0][1]


@pytest.mark.parametrize("program", programs(), ids=lambda program: str(program.name))
def test_each_program_expects_something(program: Program) -> None:
    assert program.expected


def test_every_code_is_reached() -> None:
    reached = {e.code for p in programs() for e in p.expected}
    reached |= {code for path in accepted_programs() for code in settings_of(text_of(path)).get("warnings", [])}
    assert sorted(set(CODES) - reached - set(ELSEWHERE) - set(CARRIED)) == []
    assert sorted(reached - set(CODES)) == []


def test_what_stands_in_the_way_of_messages_is_tested_where_it_is_found() -> None:
    """F10xx are no findings of a text alone: they are told of a flow that messages are to carry."""
    asked = "".join((TESTS / place).read_text(encoding="utf-8") for place in PLACES_OF_CARRIED)
    assert [code for code in CARRIED if f'"{code}"' not in asked] == []


def test_codes_reached_elsewhere_have_their_tests() -> None:
    for code, place in ELSEWHERE.items():
        assert code in CODES
        file, _, name = place.partition("::")
        source = (TESTS / file).read_text(encoding="utf-8")
        body = re.search(rf"^def {name}\(.*?(?=^def |\Z)", source, re.MULTILINE | re.DOTALL)
        assert body is not None, place
        assert f'"{code}"' in body[0], f"{place} does not ask for {code}"
