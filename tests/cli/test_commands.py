"""``flowc plan``, ``explain`` and ``fmt`` end to end; how plans read is tested in test_listing.py."""

from __future__ import annotations

import io
import os
import stat
import sys
from pathlib import Path

import pytest

from flowc.compiler.plan import Plan
from flowc.dsl.codes import CODES

from .conftest import Flowc


def test_plan_shows_the_calls(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text("add(2, 2) -> add(16) !> error_handler\n")
    ran = flowc("plan", "a.flow")
    assert ran.code == 0
    assert "add_1 = add.apply_async((2, 2), link_error=[error_handler_1])\n" in ran.out
    assert "add_2 = add.apply_async((add_1.result, 16), link_error=[error_handler_1])\n" in ran.out


def test_plan_as_json_is_what_the_runtime_reads_and_always_the_same(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text('param n: int\n[add(i, n) for i in range(3)] -> total {queue = "q"}\n')
    first = flowc("plan", "a.flow", "--json", "-p", "n=1").out
    assert first == flowc("plan", "a.flow", "--json", "-p", "n=1").out
    plan = Plan.from_json(first)
    assert [call.id for call in plan.calls][-1] == "total#1"
    assert plan.calls[-1].options.get("queue") == "q"


def test_plan_of_a_wrong_flow(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text("add(nothing)\n")
    ran = flowc("plan", "a.flow")
    assert (ran.code, ran.out) == (1, "")
    assert "a.flow:1:5: error[" in ran.err
    assert "Found 1 error" in ran.err


def test_plan_needs_every_parameter(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text("param n: int\nadd(n)\n")
    assert flowc("plan", "a.flow").code == 1
    assert "add.apply_async((3,))" in flowc("plan", "a.flow", "-p", "n=3").out


def test_a_secret_never_shows_in_a_plan(flowc: Flowc, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "hunter2")
    (here / "a.flow").write_text('add(secret("KEY"))\n')
    for args in (["plan", "a.flow"], ["plan", "a.flow", "--json"]):
        ran = flowc(*args)
        assert ran.code == 0
        assert "KEY" in ran.out
        assert "hunter2" not in ran.out


def test_explain_gives_title_and_examples(flowc: Flowc) -> None:
    for entry in CODES.values():
        ran = flowc("explain", entry.code)
        assert ran.code == 0
        assert ran.out.startswith(f"{entry.severity.value}[{entry.code}]: {entry.title}\n\n")
        for line in (entry.bad + "\n" + entry.good).split("\n"):
            assert line.strip() in ran.out


@pytest.mark.parametrize("written", ["f0701", "0701", " F0701 "])
def test_explain_is_lenient_about_spelling(flowc: Flowc, written: str) -> None:
    assert flowc("explain", written).out.startswith("error[F0701]")


def test_explain_without_a_code_lists_them_all(flowc: Flowc) -> None:
    ran = flowc("explain")
    assert ran.code == 0
    assert [line.split()[0] for line in ran.out.splitlines()] == list(CODES)


def test_explain_of_an_unknown_code(flowc: Flowc) -> None:
    ran = flowc("explain", "F0798")
    assert ran.code == 2
    assert "there is no code 'F0798'" in ran.err
    assert "Did you mean F07" in ran.err


UGLY = "add( 2,2 )->add(16)   # why\n"


def test_fmt_rewrites_and_then_finds_nothing_to_do(flowc: Flowc, here: Path) -> None:
    path = here / "a.flow"
    path.write_text(UGLY)
    path.chmod(0o640)
    ran = flowc("fmt", "a.flow")
    assert (ran.code, ran.out, ran.err) == (0, "", "1 file reformatted.\n")
    assert path.read_text() == "add(2, 2) -> add(16)  # why\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(here) == ["a.flow"]
    assert flowc("fmt", "a.flow").err == "1 file already formatted.\n"


def test_fmt_check_and_diff_write_nothing(flowc: Flowc, here: Path) -> None:
    path = here / "a.flow"
    path.write_text(UGLY)
    ran = flowc("fmt", "--check", "a.flow")
    assert ran.code == 1
    assert "Would reformat: a.flow\n1 file would be reformatted.\n" in ran.err
    ran = flowc("fmt", "--diff", "a.flow")
    assert ran.code == 1
    assert "-add( 2,2 )->add(16)   # why\n+add(2, 2) -> add(16)  # why\n" in ran.out
    assert path.read_text() == UGLY
    flowc("fmt", "a.flow")
    assert flowc("fmt", "--check", "a.flow").code == 0
    assert flowc("fmt", "--diff", "a.flow").code == 0


def test_fmt_of_standard_input(flowc: Flowc, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(UGLY.encode())))
    ran = flowc("fmt", "-")
    assert (ran.code, ran.out, ran.err) == (0, "add(2, 2) -> add(16)  # why\n", "")


def test_fmt_leaves_a_flow_with_syntax_errors_alone(flowc: Flowc, here: Path) -> None:
    (here / "bad.flow").write_text("add( 2,2 ->\n)(\n")
    (here / "good.flow").write_text(UGLY)
    ran = flowc("fmt", ".")
    assert ran.code == 1
    assert "bad.flow:" in ran.err
    assert (here / "bad.flow").read_text() == "add( 2,2 ->\n)(\n"
    assert (here / "good.flow").read_text() == "add(2, 2) -> add(16)  # why\n"


def test_fmt_writes_through_a_link(flowc: Flowc, here: Path) -> None:
    (here / "real.flow").write_text(UGLY)
    (here / "link.flow").symlink_to("real.flow")
    assert flowc("fmt", "link.flow").code == 0
    assert (here / "link.flow").is_symlink()
    assert (here / "real.flow").read_text() == "add(2, 2) -> add(16)  # why\n"


def test_fmt_normalises_line_ends_and_byte_order_marks(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_bytes(b"\xef\xbb\xbfadd(1)\r\n")
    assert flowc("fmt", "--check", "a.flow").code == 1
    assert flowc("fmt", "a.flow").code == 0
    assert (here / "a.flow").read_bytes() == b"add(1)\n"
