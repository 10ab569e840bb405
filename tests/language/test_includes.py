"""Includes: members, parameters, defaults, paths, cycles, and what may not be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flowc.compiler.include import LARGEST_FILE, read_source
from flowc.compiler.pipeline import Compiled, Settings, compile_source
from flowc.dsl.diagnostics import Findings
from flowc.dsl.render import render_full
from flowc.dsl.source import Source

from .compiling import MAIN, codes, compiled, findings, one, plan, shown, steps, value_text, write

LIB = {"lib.flow": "param n: int = 3\nlimit = n * 2\ntask q.work(x: int)\nflow go(x: int):\n    return q.work(x)\n"}


def in_folder(folder: Path, text: str, root: Path | None = None) -> Compiled:
    """Compile a text as the main file of a folder."""
    main = write(folder, {MAIN: text})
    return compile_source(Source(MAIN, text, str(main)), Settings(include_root=None if root is None else str(root)))


def found_in(folder: Path, text: str) -> list[str]:
    return [d.code for d in in_folder(folder, text).findings if d.code != "F0901"]


def test_tasks_flows_parameters_and_constants_come_under_a_name() -> None:
    made = steps('include "lib.flow" as lib\nlib.go(1)\nlib.work(2)\nlib.work(lib.n)\nlib.work(lib.limit)\n', LIB)
    assert made == ["lib/go#1/work#1 = q.work(1)", "work#1 = q.work(2)", "work#2 = q.work(3)", "work#3 = q.work(6)"]


def test_a_named_call_of_an_included_flow_has_its_name() -> None:
    assert steps('include "lib.flow" as lib\nx = lib.go(1)\n', LIB) == ["x/work#1 = q.work(1)"]


def test_an_unknown_member_is_an_error_with_a_suggestion() -> None:
    (found,) = findings('include "lib.flow" as lib\nlib.limt(1)\n', LIB)
    assert (found.code, found.help) == ("F0207", ("did you mean `limit`?",))


def test_parameters_of_an_include_are_set_by_their_long_names() -> None:
    text = 'include "lib.flow" as lib\nlib.work(lib.limit)\n'
    assert steps(text, LIB, param_texts={"lib.n": "5"}) == ["work#1 = q.work(10)"]
    assert steps(text, LIB, params={"lib.n": 6}) == ["work#1 = q.work(12)"]


def test_a_file_included_twice_has_its_parameters_twice() -> None:
    text = 'include "lib.flow" as a\ninclude "lib.flow" as b\na.work(a.n)\nb.work(b.n)\n'
    assert steps(text, LIB, param_texts={"b.n": "7"}) == ["work#1 = q.work(3)", "work#2 = q.work(7)"]


@pytest.mark.parametrize("line", ["work()", "x = work()", "5", "[work()]", "a -> b", '"x" -> f'])
def test_an_included_file_runs_nothing(line: str) -> None:
    assert codes('include "lib.flow" as lib\n', {"lib.flow": line + "\n"})[0] == "F0710"


def test_paths_are_relative_to_the_including_file() -> None:
    files = {
        "sub/a.flow": 'include "b.flow" as b\ninclude "../c.flow" as c\nx = [b.n, c.n]\n',
        "sub/b.flow": "n = 1\n",
        "c.flow": "n = 2\n",
    }
    assert steps('include "sub/a.flow" as a\nf(a.x)\n', files) == ["f#1 = f([1, 2])"]


def test_members_of_an_includes_include_can_be_named() -> None:
    files = {"a.flow": 'include "b.flow" as b\n', "b.flow": "n = 1\nflow go():\n    return f(n)\n"}
    assert steps('include "a.flow" as a\nx = a.b.go()\n', files) == ["x/f#1 = f(1)"]


def test_a_cycle_of_includes_shows_its_path() -> None:
    files = {"a.flow": 'include "b.flow" as b\nn = 1\n', "b.flow": 'include "a.flow" as a\n'}
    assert one('include "a.flow" as a\nf(a.n)\n', files).endswith("a.flow -> b.flow -> a.flow")


def test_findings_keep_the_name_and_line_of_their_file() -> None:
    (found,) = findings('include "sub/lib.flow" as lib\nlib.go()\n', {"sub/lib.flow": "flow go():\n\n    return wrong + 1\n"})
    assert (found.code, found.source.name, found.source.position(found.span.start).line) == ("F0203", "sub/lib.flow", 3)


def test_syntax_errors_of_an_include_are_reported_under_its_name() -> None:
    (found,) = findings('include "lib.flow" as lib\nlib.go()\n', {"lib.flow": "flow go():\n    return work(1 2)\n"})
    assert (found.code, found.source.name) == ("F0101", "lib.flow")


def test_the_plan_says_where_included_steps_stand() -> None:
    assert str(plan('include "lib.flow" as lib\nlib.go(1)\n', LIB).calls[0].where) == "lib.flow:5:12"


@pytest.mark.parametrize("path", ["../up.flow", "/etc/hosts.flow", "sub/../../up.flow", "/dev/zero.flow", "a\\u0000b.flow", "a\\nb.flow"])
def test_a_path_out_of_the_folder_is_refused(path: str, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (tmp_path / "up.flow").write_text("n = 1\n")
    assert found_in(folder, f'include "{path}" as up\nf(up.n)\n') == ["F0706"]


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "up.flow").write_text("n = 1\n")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "link.flow").symlink_to(tmp_path / "up.flow")
    (folder / "zero.flow").symlink_to("/dev/zero")
    (folder / "dir").symlink_to(tmp_path)
    assert found_in(folder, 'include "link.flow" as up\nf(up.n)\n') == ["F0706"]
    assert found_in(folder, 'include "zero.flow" as up\nf(up.n)\n') == ["F0706"]
    assert found_in(folder, 'include "dir/up.flow" as up\nf(up.n)\n') == ["F0706"]


def test_a_link_inside_the_folder_is_fine(tmp_path: Path) -> None:
    (tmp_path / "real.flow").write_text("n = 1\n")
    (tmp_path / "link.flow").symlink_to(tmp_path / "real.flow")
    assert found_in(tmp_path, 'include "link.flow" as up\nf(up.n)\n') == []


def test_another_root_can_be_given(tmp_path: Path) -> None:
    (tmp_path / "up.flow").write_text("n = 1\n")
    made = in_folder(tmp_path / "in", 'include "../up.flow" as up\nf(up.n)\n', tmp_path)
    assert made.plan is not None


def test_a_text_without_a_file_includes_nothing() -> None:
    found = compiled('include "lib.flow" as lib\nlib.go()\n').findings
    assert [d.code for d in found if d.code != "F0901"] == ["F0708"]


def test_a_folder_is_no_flow(tmp_path: Path) -> None:
    (tmp_path / "d.flow").mkdir()
    assert found_in(tmp_path, 'include "d.flow" as d\nd.go()\n') == ["F0702"]
    found = Findings()
    assert read_source(str(tmp_path / "d.flow"), found) is None
    assert [d.code for d in found] == ["F0702"]


def test_a_device_is_no_flow(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.flow")
    assert found_in(tmp_path, 'include "pipe.flow" as d\nd.go()\n') == ["F0705"]
    found = Findings()
    assert read_source("/dev/zero", found) is None
    assert read_source("/dev/null", found, "null") is None
    assert [d.code for d in found] == ["F0705", "F0705"]


def test_a_large_file_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "big.flow").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    assert found_in(tmp_path, 'include "big.flow" as d\nd.go()\n') == ["F0703"]
    found = Findings()
    assert read_source(str(tmp_path / "big.flow"), found) is None
    assert [d.code for d in found] == ["F0703"]


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.flow").write_bytes("n = 1\n# größe\n".encode("latin-1"))
    (d,) = [d for d in in_folder(tmp_path, 'include "latin.flow" as d\nd.go()\n').findings if d.code != "F0901"]
    assert d.code == "F0704"
    assert "line 2" in d.message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert found_in(tmp_path, 'include "nope.flow" as d\nd.go()\n') == ["F0701"]
    found = Findings()
    assert read_source(str(tmp_path / "nope.flow"), found) is None
    assert read_source("a\0b", found) is None
    assert [d.code for d in found] == ["F0701", "F0701"]


def test_nothing_of_a_file_that_is_no_flow_is_shown(tmp_path: Path) -> None:
    (tmp_path / "passwords.txt").write_text("hunter2\n")
    (tmp_path / "latin.flow").write_bytes(b"hunter2 \xff\n")
    for name, code in (("passwords.txt", "F0707"), ("latin.flow", "F0704")):
        found = in_folder(tmp_path, f'include "{name}" as d\nd.go()\n').findings
        assert code in [d.code for d in found]
        assert "hunter2" not in render_full(found)


def test_a_mark_at_the_start_of_a_file_is_fine(tmp_path: Path) -> None:
    (tmp_path / "bom.flow").write_bytes(b"\xef\xbb\xbfn = 1\r\n")
    assert found_in(tmp_path, 'include "bom.flow" as d\nf(d.n)\n') == []
    (tmp_path / "main2.flow").write_bytes(b"\xef\xbb\xbff(1)\n")
    source = read_source(str(tmp_path / "main2.flow"), Findings())
    assert source is not None
    assert source.text == "f(1)\n"


def test_a_stub_file_is_in_use(tmp_path: Path) -> None:
    """A file of declarations alone is included for its checks."""
    stub = {"tasks.flow": "task p.add(x: int) -> int\n"}
    assert steps('include "tasks.flow" as tasks\nadd(1)\n', stub) == ["add#1 = p.add(1)"]
    assert codes('include "tasks.flow" as tasks\nadd("x")\n', stub) == ["F0405"]
    assert [shown(d)[:5] for d in findings('include "lib.flow" as lib\nz.f()\n', LIB)] == ["F0902"]


def test_a_repeated_declaration_is_an_error() -> None:
    files = {"a.flow": "task p.x(a: int)\n", "b.flow": "task p.x(b: int)\n"}
    assert codes('include "a.flow" as a\ninclude "b.flow" as b\np.x(1)\n', files) == ["F0412"]
    assert codes('include "a.flow" as a\ninclude "a.flow" as b\np.x(1)\n', files) == []


def test_included_values_reach_in() -> None:
    files = {"a.flow": "table = {rows: [1, {k: 2}]}\n"}
    assert value_text(plan('include "a.flow" as a\nf(a.table.rows[1].k)\n', files).calls[0].args) == "[2]"
