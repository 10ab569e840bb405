"""``# flow: ignore[F0901] reason``: what such a comment covers, what is wrong with it, and that the formatter leaves its meaning."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flowc.compiler.pipeline import Settings, compile_source
from flowc.dsl.diagnostics import Diagnostic, Findings
from flowc.dsl.format import format_source
from flowc.dsl.ignores import sift
from flowc.dsl.source import Source

from .conftest import Flowc


def sifted(text: str) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """The codes that are kept and those that are ignored, with their lines."""
    source = Source("a.flow", text)
    made = sift(compile_source(source, Settings(require_params=False)).findings, [source])

    def places(findings: tuple[Diagnostic, ...]) -> list[tuple[str, int]]:
        return [(d.code, d.source.position(d.span.start).line) for d in findings]

    return places(made.kept), places(made.ignored)


def code_in(text: str) -> str:
    return "F0201" if "F0201" in text else "F0901"


@pytest.mark.parametrize(
    "text",
    [
        "a(1)  # flow: ignore[F0901]\n",
        "a(1) #flow:ignore[F0901] a reason\n",
        "a(1)  # a remark  # flow: ignore[ F0901 ]: a reason\n",
        "a(1)  # flow: ignore[F0901]",
        "# flow: ignore[F0901]\na(1)\n",
        "# flow: ignore[F0901]\n\n# a remark\n\na(1)\n",
        "\ufeff# flow: ignore[F0901]\r\na(1)\r\n",
        "a(  # flow: ignore[F0901]\n    1,\n)\n",
        "a(\n    1,  # flow: ignore[F0901]\n)\n",
        "a(\n    # flow: ignore[F0901]\n    1,\n)\n",
        "a(\n    1,\n)  # flow: ignore[F0901]\n",
        'task b(x)\nb("é")\n-> a  # flow: ignore[F0201]\n',
        "task b(x)\nb(1) ->  # flow: ignore[F0201]\n    a\n",
        "task b(x)\nb(1)\n# flow: ignore[F0201]\n-> a\n",
        "task b(x)\nb(1); a(1)  # flow: ignore[F0201]\n",
        "flow f():\n    # flow: ignore[F0901]\n    return a(1)\n\nf()\n",
        "flow f():\n    return a(1)  # flow: ignore[F0901]\n\nf()\n",
        "flow f(): return a(1)  # flow: ignore[F0901]\nf()\n",
    ],
)
def test_what_a_comment_covers(text: str) -> None:
    kept, ignored = sifted(text)
    assert (kept, [code for code, _ in ignored]) == ([], [code_in(text)])


@pytest.mark.parametrize(
    "text",
    [
        "a(1)\n# flow: ignore[F0901]\n",
        "# flow: ignore[F0901]\nx = 1\na(x)\n",
        "a(1)\nx = 1  # flow: ignore[F0901]\nprint(x)\n",
        "# flow: ignore[F0901]\nflow f():\n    return a(1)\n\nf()\n",
        "flow f():\n    return a(1)\n\n# flow: ignore[F0901]\nf()\n",
    ],
)
def test_what_a_comment_does_not_cover(text: str) -> None:
    kept, ignored = sifted(text)
    assert {"F0901", "F0991"} <= {code for code, _ in kept}
    assert ignored == []


@pytest.mark.parametrize(
    "text", ['a("# flow: ignore[F0901]")\n', "a(1)  # flow: ignored[F0901]\n", "a(1)  # flow: ignore-this[F0901]\n", "a(1)  # F0901\n"]
)
def test_what_is_no_such_comment(text: str) -> None:
    assert sifted(text) == ([("F0901", 1)], [])


def test_several_codes_and_several_findings() -> None:
    text = "from m import x, y  # flow: ignore[F0902,F0901] both\nz = a(1)  # flow: ignore[F0901] # flow: ignore[F0904]\nb(1)\n"
    kept, ignored = sifted(text)
    assert ignored == [("F0902", 1), ("F0902", 1), ("F0904", 2), ("F0901", 2)]
    assert kept == [("F0991", 1), ("F0901", 3)]


def test_a_comment_that_ignores_nothing_is_told() -> None:
    assert sifted("task a(x)\na(1)  # flow: ignore[F0901]\n") == ([("F0991", 2)], [])


def test_unknown_codes_are_told() -> None:
    assert sifted("a(1)  # flow: ignore[F9999, f0901, F09]\n")[0] == [("F0901", 1), *[("F0992", 1)] * 3]


def test_syntax_cannot_be_ignored() -> None:
    kept, ignored = sifted("a(1) $ b(2)  # flow: ignore[F0104]\n")
    assert ("F0104", 1) in kept
    assert ("F0993", 1) in kept
    assert ignored == []


@pytest.mark.parametrize("comment", ["# flow: ignore", "# flow: ignore[]", "# flow: ignore[ , ] because", "# flow: ignore F0901"])
def test_a_comment_without_codes_ignores_nothing(comment: str) -> None:
    assert sifted(f"a(1)  {comment}\n") == ([("F0901", 1), ("F0994", 1)], [])


def test_behind_a_mistake_of_syntax_nothing_is_called_unused() -> None:
    kept, _ = sifted("x = (\na(1)  # flow: ignore[F0904]\n")
    assert "F0991" not in {code for code, _ in kept}


@pytest.mark.parametrize(
    "text",
    [
        f"a({', '.join(f'argument_{n}={n}' for n in range(20))})  # flow: ignore[F0901] x\n",
        "a( # flow: ignore[F0901]\n1,2)\n",
        "   # flow: ignore[F0901]\na(1)\n",
        "task b(x)\nb(1)   ->   # flow: ignore[F0201]\n  a\n",
        "task b(x)\nb(1)\n     # flow: ignore[F0201]\n  ->   a\n",
        "task b(x)\nb(1); a(1)     # flow: ignore[F0201]\n",
        "flow f():\n  return [a(1),\n     2]     # flow: ignore[F0901]\nf()\n",
        "flow f(): return a(1)  # flow: ignore[F0901]\nf()\n",
    ],
)
def test_the_formatter_keeps_comments_and_what_they_ignore(text: str) -> None:
    written = format_source(Source("a.flow", text), Findings())
    assert written is not None
    assert f"# flow: ignore[{code_in(text)}]" in written
    for version in (text, written):
        kept, ignored = sifted(version)
        assert (kept, [code for code, _ in ignored]) == ([], [code_in(text)]), version


def test_check_tells_how_many_are_ignored(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text("add(nothing)  # flow: ignore[F0203, F0901] made by the deploy\n")
    ran = flowc("check")
    assert (ran.code, ran.out) == (0, "No findings in 1 file; 1 error and 1 warning ignored.\n")
    assert json.loads(flowc("check", "--output-format", "json").out)["ignored"] == {"errors": 1, "warnings": 1}
    assert flowc("plan", "a.flow").code == 1  # what is ignored is wrong all the same


def test_comments_of_included_files_count(flowc: Flowc, here: Path) -> None:
    (here / "lib").mkdir()
    (here / "lib" / "c.flow").write_text("flow one():\n    # flow: ignore[F0901] of another team\n    return far(1)\n")
    (here / "a.flow").write_text('include "lib/c.flow" as c\nc.one()\n')
    ran = flowc("check", "a.flow")
    assert (ran.code, ran.out) == (0, "No findings in 1 file; 1 warning ignored.\n")
    assert flowc("check", ".").out == "No findings in 2 files; 1 warning ignored.\n"


def test_other_commands_do_not_count_what_check_ignores(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text("mul(2)  # flow: ignore[F0901]\n")
    assert flowc("plan", "a.flow").err == ""
