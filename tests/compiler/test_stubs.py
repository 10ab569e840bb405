"""Reading files of stubs: their tasks count like those that an application registers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from flowc.compiler.declarations import Declaration, declare
from flowc.compiler.pipeline import Compiled, Settings, compile_source
from flowc.compiler.stubs import read_stubs
from flowc.dsl.source import Source

TASKS = 'task p.add(x: int, y: int = 0) -> int {queue = "math", priority = 3}\ntask p.note(text: str)\ntask "my-app.do it"() as do_it\n'


def written(folder: Path, text: str = TASKS, name: str = "tasks.flow") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def compiled(text: str, *stubs: str, tasks: Mapping[str, Declaration] | None = None) -> Compiled:
    return compile_source(Source("a.flow", text), Settings(stubs=read_stubs(stubs), tasks=tasks))


def codes(made: Compiled) -> list[str]:
    return sorted(f"{d.source.name.rpartition('/')[2]}:{d.source.position(d.span.start).line} {d.code}" for d in made.findings)


def test_tasks_are_known_by_all_their_names(tmp_path: Path) -> None:
    made = compiled('p.add(1) -> add(2)\ndo_it()\nnote("x")\n', written(tmp_path))
    assert codes(made) == []
    assert made.plan is not None
    assert [call.task for call in made.plan.calls] == ["p.add", "p.add", "my-app.do it", "p.note"]


def test_arguments_and_results_are_checked(tmp_path: Path) -> None:
    assert codes(compiled('add("1") -> note()\nadd()\n', written(tmp_path))) == ["a.flow:1 F0405", "a.flow:1 F0406", "a.flow:2 F0401"]


def test_options_of_a_task_are_in_the_plan(tmp_path: Path) -> None:
    made = compiled('defaults {queue = "x", serializer = "json"}\nadd(1) {priority = 1}\nnote("")\n', written(tmp_path))
    assert made.plan is not None
    add, note = made.plan.calls
    assert dict(add.options.items) == {"queue": "math", "serializer": "json", "priority": 1}
    assert dict(note.options.items) == {"queue": "x", "serializer": "json"}


def test_what_they_do_not_declare_is_unknown(tmp_path: Path) -> None:
    made = compiled("p.ad(1)\nelsewhere.work()\n", written(tmp_path))
    assert codes(made) == ["a.flow:1 F0201", "a.flow:2 F0201"]
    assert made.findings[0].help == ("did you mean `p.add`?", "if the application has it, write the stubs anew: `flowc stubs`")


def test_an_application_wins(tmp_path: Path) -> None:
    def add(x: str) -> str:
        return x

    made = compiled('add("1") -> note()\n', written(tmp_path), tasks={"p.add": declare("p.add", add)})
    assert codes(made) == []
    assert made.plan is not None
    assert made.plan.calls[0].options.items == ()


def test_a_flow_may_declare_a_task_for_itself(tmp_path: Path) -> None:
    made = compiled("task p.add(words: list[str])\nadd([])\n", written(tmp_path))
    assert codes(made) == []
    assert made.plan is not None
    assert made.plan.calls[0].options.items == ()


def test_a_flow_may_include_the_same_file(tmp_path: Path) -> None:
    path = written(tmp_path)
    text = 'include "tasks.flow" as t\nt.add(1) -> add(1)\nt.do_it()\n'
    made = compile_source(Source("a.flow", text, str(tmp_path / "a.flow")), Settings(stubs=read_stubs([path])))
    assert made.findings == ()


def test_a_name_that_a_flow_binds_is_no_matter_of_the_stubs(tmp_path: Path) -> None:
    assert codes(compiled('add = p.add(1)\np.note(text="a") {priority = add}\n', written(tmp_path))) == ["a.flow:2 F0607"]


# -------------------------------------------------------------------------------------------------------------- several files
def test_several_files(tmp_path: Path) -> None:
    more = written(tmp_path, "task q.add(x: str)\ntask q.other()\n", "more.flow")
    assert codes(compiled('other()\np.add(1)\nq.add("")\n', written(tmp_path), more)) == []
    assert codes(compiled("add(1)\n", written(tmp_path), more)) == ["a.flow:1 F0202"]


def test_files_that_agree_and_files_that_do_not(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert codes(compiled("add(1)\n", path, written(tmp_path, TASKS, "same.flow"), path)) == []
    other = written(tmp_path, 'task p.note(text: int)\ntask p.add(x: int, y: int = 0) -> int {queue = "other"}\n', "other.flow")
    made = compiled("add(1)\n", path, other)
    assert codes(made) == ["other.flow:1 F0412", "other.flow:2 F0412"]
    assert [label.source.name for label in made.findings[0].labels] == [path]


def test_a_file_may_include_others(tmp_path: Path) -> None:
    written(tmp_path)
    assert codes(compiled("add(1)\ndo_more()\n", written(tmp_path, 'include "tasks.flow" as t\ntask p.do_more()\n', "all.flow"))) == []


# ------------------------------------------------------------------------------------------------------------------- mistakes
def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    made = compiled("add(1)\n", str(tmp_path / "none.flow"))
    assert codes(made) == ["a.flow:1 F0901", "none.flow:1 F0701"]
    assert made.plan is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("task p.add(x: int\n", ["s.flow:1 F0102"]),
        ("task p.add(x: itn)\n", ["s.flow:1 F0450"]),
        ("task p.add(x: int)\ntask p.add(x: int)\n", ["s.flow:2 F0412"]),
        ("task p.add() {queue = 3, prio = 1}\n", ["s.flow:1 F0501", "s.flow:1 F0502"]),
        ('task p.add(x: int = "a")\n', ["s.flow:1 F0715"]),
        ('include "none.flow" as n\ntask p.add()\n', ["s.flow:1 F0701"]),
    ],
)
def test_mistakes_are_told_where_they_are(tmp_path: Path, text: str, expected: list[str]) -> None:
    made = compiled("p.add(1)\n", written(tmp_path, text, "s.flow"))
    assert [code for code in codes(made) if code.startswith("s.flow")] == expected
    assert made.plan is None


@pytest.mark.parametrize(
    "statement",
    [
        "from p import add", "param x: int = 1", "flow f():\n    return p.add(1)", 'defaults {queue = "x"}', "return 1",
        "when true:\n    p.add(1)", "x = 1", "p.add(1)", "...",
    ],
)  # fmt: skip
def test_only_declarations_stand_in_a_file_of_stubs(tmp_path: Path, statement: str) -> None:
    found = read_stubs([written(tmp_path, f"{TASKS}{statement}\n")]).findings
    assert [finding.code for finding in found] == (["F0718"] if statement != "..." else ["F0101"])


def test_a_description_of_the_file_is_fine(tmp_path: Path) -> None:
    assert read_stubs([written(tmp_path, f'"""Our tasks."""\n{TASKS}')]).findings == ()


def test_any_bytes_are_findings(tmp_path: Path) -> None:
    for number, data in enumerate((b"\xff\xfe\x00", b"task " * 9_999, b"task a(" + b"[" * 9_999, b"\x00", b'task "\\u0000"\n')):
        path = tmp_path / f"{number}.flow"
        path.write_bytes(data)
        assert read_stubs([str(path)]).findings
    assert read_stubs([str(tmp_path)]).findings
    assert read_stubs(["/dev/zero", "a\x00b", ""]).findings
