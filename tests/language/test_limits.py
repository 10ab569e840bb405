"""Hostile and huge texts: each ends in findings (or compiles) in bounded time and memory, and never raises."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from flowc.compiler import pipeline
from flowc.compiler.budget import OPERATIONS, PLACED_BYTES, Budget
from flowc.compiler.lower.state import MOST_WORK
from flowc.compiler.pipeline import Compiled

from .compiling import codes, compiled, plan


def refused(text: str, *, allowed: str = "") -> list[str]:
    """The codes of a text that must be refused."""
    made = compiled(text)
    assert made.plan is None
    found = sorted({d.code for d in made.findings} - {"F0901"})
    assert found != []
    if allowed:
        assert set(found) <= set(allowed.split()), found
    return found


@pytest.fixture(params=["tight", pytest.param("full", marks=pytest.mark.soak)])
def limits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """To reach the limits of work takes seconds. A fifth of them stops the same texts."""
    if request.param == "tight":
        monkeypatch.setattr(pipeline, "MOST_WORK", MOST_WORK // 5)
        monkeypatch.setattr(pipeline, "Budget", partial(Budget, operations=OPERATIONS // 5))


@pytest.mark.parametrize("deep", [10_000, pytest.param(50_000, marks=pytest.mark.soak)])
@pytest.mark.parametrize(
    "made",
    [
        lambda deep: "x = " + "[" * deep + "]" * deep,
        lambda deep: "x = " + "[" * deep,
        lambda deep: "x = " + "(" * deep + "1" + ")" * deep,
        lambda deep: "x = " + "f(" * deep + ")" * deep,
        lambda deep: "x = " + "{a: " * deep + "1" + "}" * deep,
        lambda deep: "f(" + "x[" * deep + "0" + "]" * deep + ")",
        lambda deep: "x = " + "([{" * deep,
        lambda deep: "]" * deep,
        lambda deep: ")(" * deep,
        lambda deep: "f() " + "{a = " * deep,
        lambda deep: "param x: " + "list[" * deep + "int" + "]" * deep,
        lambda deep: "param x: " + "{a: " * deep + "int" + "}" * deep,
        lambda deep: 'x = f"' + "{" * deep,
        lambda deep: 'x = f"' + "{[" * deep + "]}" * deep + '"',
        lambda deep: "x = " + "[1 for a in " * deep + "[]" + "]" * deep,
        lambda deep: "x = " + "(a -> " * deep + "b" + ")" * deep,
        lambda deep: "x = " + "(a !> " * deep + "b" + ")" * deep,
    ],
    ids=lambda made: made(10)[4:10] + "…",
)
def test_brackets_that_nest_without_end(made: Callable[[int], str], deep: int) -> None:
    refused(made(deep) + "\n")


@pytest.mark.parametrize("depth", [2, 20, 60])
def test_brackets_that_nest_a_little(depth: int) -> None:
    assert codes("x = " + "[" * depth + "]" * depth + "\nf(x)\n") == []


def test_blocks_that_nest_without_end() -> None:
    refused("".join(" " * n + "when true:\n" for n in range(2_000)) + " " * 2_000 + "a()\n")
    refused("flow a():\n" + "".join(" " * (n + 1) + "when true:\n" for n in range(2_000)) + " " * 2_001 + "a()\n")


@pytest.mark.parametrize("word", ["not ", "-", "+", "- + "])
def test_rows_of_unary_operators(word: str) -> None:
    made = compiled("work(" + word * 50_000 + "1)\n")
    assert made.plan is not None or made.findings


@pytest.mark.parametrize("share", [5, pytest.param(1, marks=pytest.mark.soak)])
@pytest.mark.parametrize(
    "write",
    [
        lambda share: "work(" + " + ".join(["1"] * (10_000 // share)) + ")",
        lambda share: "work(" + " and ".join(["1"] * (10_000 // share)) + ")",
        lambda share: "work(" + " == ".join(["1"] * (10_000 // share)) + ")",
        lambda share: "work(" + " - ".join(["1"] * (10_000 // share)) + ")",
        lambda share: "work(" + "1 if 1 else " * (10_000 // share) + "2)",
        lambda share: "work(" + "1 if 0 else " * (10_000 // share) + "2)",
        lambda _: "x = a()\nwork(x" + ".a" * 100 + ")",
        lambda _: "work({a: 1}" + ".a" * 1 + ")",
        lambda share: "work('" + "x" * (900_000 // share) + "')",
        lambda share: "work(" + ", ".join(["1"] * (50_000 // share)) + ")",
        lambda share: "work(" + ", ".join(f"k{i}=1" for i in range(20_000 // share)) + ")",
        lambda share: "work({" + ", ".join(f"k{i}: 1" for i in range(20_000 // share)) + "})",
        lambda share: "work([" + ", ".join(["1"] * (50_000 // share)) + "])",
        lambda share: "[" + ", ".join(["a"] * (20_000 // share)) + "]",
        lambda share: " -> ".join(["a"] * (10_000 // share)),
        lambda share: " => ".join(["a"] * (10_000 // share)),
        lambda share: "\n-> ".join(["a"] * (10_000 // share)),
        lambda share: "; ".join(["a(1)"] * (10_000 // share)),
        lambda share: "a" + " !> h" * (5_000 // share),
        lambda share: "a !> [" + ", ".join(["h"] * (10_000 // share)) + "]",
        lambda share: "# " + "x" * (1_000_000 // share),
        lambda share: "\n" * (900_000 // share),
        lambda share: 'f"' + "{1}" * (10_000 // share) + '"',
        lambda share: "a" + "b" * (100_000 // share) + "()",
        lambda share: "p" + ".q" * (20_000 // share) + "()",
    ],
    ids=lambda made: made(1_000)[:14].replace("\n", " ") + "…",
)
def test_long_texts_compile(write: Callable[[int], str], share: int) -> None:
    """What is long, but neither deep nor multiplied, is no mistake."""
    made = compiled(write(share) + "\n")
    assert [d.code for d in made.findings if d.severity.value == "error"] == []
    assert made.plan is not None


@pytest.mark.parametrize("share", [5, pytest.param(1, marks=pytest.mark.soak)])
@pytest.mark.parametrize(
    "write",
    [
        lambda share: "work(" + " ** ".join(["1"] * (10_000 // share)) + ")",
        lambda share: "work(" + "[1]" + "[0]" * (10_000 // share) + ")",
        lambda share: "[1 " + "for a in [1] " * (10_000 // share) + "]",
        lambda share: "work([f(a) " + "for a in [1, 2] if a " * (10_000 // share) + "])",
        lambda share: "a" + " !> h" * (10_000 // share),
        lambda share: "when 1:\n    a()\nelse:\n    b()\n" * (1_000 // share),
        lambda share: "x = a() {queue = 'q'" + ", queue = 'q'" * (10_000 // share) + "}",
        lambda share: "from p import " + ", ".join(f"a{i}" for i in range(10_000 // share)),
        lambda share: "task p.f(" + ", ".join(f"a{i}" for i in range(10_000 // share)) + ")\np.f()",
        lambda share: "flow go(" + ", ".join(f"a{i}" for i in range(5_000 // share)) + "):\n    return 1\ngo()",
    ],
    ids=lambda made: made(1_000)[:14].replace("\n", " ") + "…",
)
def test_long_texts_end(write: Callable[[int], str], share: int) -> None:
    """Either a plan or findings, and soon."""
    made = compiled(write(share) + "\n")
    assert made.plan is not None or made.findings


def test_ten_thousand_clauses() -> None:
    made = compiled("x = [f(1) " + "".join(f"for a{i} in [1] " for i in range(10_000)) + "]\n")
    assert made.plan is not None or made.findings


# ── values ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        'work("x" * 10 ** 9)',
        "work([0] * 10 ** 9)",
        "work(range(10 ** 12))",
        "work(10 ** 10 ** 10)",
        "work(2 ** 100000)",
        "work((2 ** 3999) * (2 ** 3999))",
        'a = "x"\n' + "a{0} = a{1} + a{1}\n".format("1", "") + "".join(f"a{n} = a{n - 1} + a{n - 1}\n" for n in range(2, 60)) + "work(a59)",
        "a0 = [1]\n" + "".join(f"a{n} = a{n - 1} + a{n - 1}\n" for n in range(1, 60)) + "work(a59)",
        "a0 = [1]\n" + "".join(f"a{n} = [a{n - 1}, a{n - 1}]\n" for n in range(1, 60)) + "work(a59)",
        "a0 = {k: 1}\n" + "".join(f"a{n} = {{k: a{n - 1}, l: a{n - 1}}}\n" for n in range(1, 60)) + "work(a59)",
        "a0 = f'{now}'\n" + "".join(f"a{n} = f'{{a{n - 1}}}{{a{n - 1}}}'\n" for n in range(1, 60)) + "work(a59)",
        "a0 = now\n" + "".join(f"a{n} = [a{n - 1}, a{n - 1}]\n" for n in range(1, 60)) + "work(a59)",
        "work(1" + "0" * 5_000 + ")",
        "work(" + "9" * 4_000 + " ** 9)",
        "work(1e999)",
        "work(9999999999999w)",
        "work(9999-12-31 + 1d)",
        "work(len([1 for a in range(100000) for b in range(100000)]))",
        "work(sorted(range(1000000)) + sorted(range(1000000)))",
        'big = "x" * 1000000\nwork([big for i in range(1000)])',
        'big = "x" * 1000000\n[work(big) for i in range(1000)]',
        "big = range(100000)\n[work(big, i) for i in range(1000)]",
        'big = "x" * 1000000\nwork(big + big)',
        'big = "ab" * 400000\nwork(len([1 for i in range(10000) if "c" in big]))',
        "big = range(500000)\nwork(len([1 for i in range(10000) if -1 in big]))",
        "work(min([sum(range(1000000)) for i in range(1000)]))",
    ],
    ids=lambda text: text[:24].replace("\n", " ") + "…",
)
@pytest.mark.usefixtures("limits")
def test_values_without_end(text: str) -> None:
    assert all(code[:3] in ("F03", "F01") for code in refused(text + "\n"))


def test_doubling_groups() -> None:
    refused("a0 = [f(1)]\n" + "".join(f"a{n} = [a{n - 1}, a{n - 1}]\n" for n in range(1, 12)) + "x = [g(r) for r in a11]\n" * 2)
    text = "a0 = [f(1), f(2)]\n" + "".join(f"a{n} = [h(x, y) for x in a{n - 1} for y in a{n - 1}]\n" for n in range(1, 8))
    assert codes(text, max_steps=3_000)[-1:] in (["F0362"], ["F0363"])


def test_big_constants_for_many_steps_are_fine_while_they_are_few() -> None:
    made = plan('big = "x" * 100000\n[work(big, i) for i in range(500)]\n')
    assert len(made.calls) == 500


# ── steps ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_more_steps_than_allowed() -> None:
    assert codes("[work(i, j) for i in range(1000) for j in range(1000)]\n", max_steps=5_000) == ["F0362"]
    assert codes("[work(i) for i in range(11)]\n", max_steps=10) == ["F0362"]
    assert codes("[work(i) for i in range(10)]\n", max_steps=10) == []
    assert codes("a\n" * 11, max_steps=10) == ["F0362"]


def test_the_limit_says_where_and_what_to_do() -> None:
    (found,) = [d for d in compiled("a()\n[work(i) for i in range(11)]\n", max_steps=10).findings if d.code == "F0362"]
    assert found.source.position(found.span.start).line == 2
    assert "--max-steps" in found.help[0]


def test_a_group_of_many_linked_to_a_group_of_many() -> None:
    """The edges stay as few as the text says: groups are not multiplied out."""
    made = plan("[a(i) for i in range(5000)] -> [b(i) for i in range(5000)] -> c\n")
    assert len(made.calls) == 10_001
    assert sum(len(c.trigger.needs) for c in made.calls) <= 10_001


@pytest.mark.parametrize("many", [10_000, pytest.param(50_000, marks=pytest.mark.soak)])
def test_thousands_to_thousands(many: int) -> None:
    made = compiled(f"[a(i) for i in range({many - 1})] -> [b(i) for i in range({many})]\n")
    assert made.plan is not None
    assert len(made.plan.calls) == 2 * many - 1


def doubling_flows(levels: int, body: str) -> str:
    text = "flow f0():\n    return work()\n"
    for n in range(1, levels + 1):
        text += f"flow f{n}():\n    {body.format(n - 1)}\n"
    return text + f"f{levels}()\n"


@pytest.mark.parametrize("body", ["f{0}()\n    return f{0}()", "return [f{0}(), f{0}()]", "x = f{0}()\n    return f{0}() => a(x)"])
def test_sub_flows_that_double(body: str) -> None:
    assert codes(doubling_flows(40, body), max_steps=2_000) == ["F0362"]


def test_sub_flows_that_double_without_steps() -> None:
    text = (
        "flow f0():\n    return 1\n" + "".join(f"flow f{n}():\n    f{n - 1}()\n    return f{n - 1}()\n" for n in range(1, 41)) + "f40()\n"
    )
    assert refused(text) == ["F0363"]


def test_sub_flows_that_nest_deeply() -> None:
    text = "flow f0():\n    return work()\n" + "".join(f"flow f{n}():\n    return f{n - 1}()\n" for n in range(1, 5_000)) + "f4999()\n"
    made = compiled(text)
    assert "F0367" in [d.code for d in made.findings]


def test_sub_flows_that_nest_a_little() -> None:
    text = "flow f0():\n    return work()\n" + "".join(f"flow f{n}():\n    return f{n - 1}()\n" for n in range(1, 30)) + "f29()\n"
    assert len(plan(text).calls) == 1


def test_parameters_whose_defaults_form_a_long_chain() -> None:
    text = "param p0: int = 0\n" + "".join(f"param p{n}: int = p{n - 1} + 1\n" for n in range(1, 5_000)) + "work(p4999)\n"
    made = compiled(text)
    assert made.plan is not None or made.findings
    made = compiled("\n".join(reversed(text.splitlines()[:-1])) + "\nwork(p4999)\n")
    assert made.plan is not None or made.findings


# ── characters and findings ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", ["a(\0)", "a('\0')", "# \0", "a(\ud800)", "a('\udfff')", "a\rb"])
def test_characters_that_no_file_should_hold(text: str) -> None:
    assert "F0110" in [d.code for d in compiled(text + "\n").findings]


@pytest.mark.parametrize(
    "text",
    ["", "\n", " ", "\t", "\ufeff", "\ufeff\ufeff", "#", ";", ";;", '"', "'''", 'f"', "\\", "->", "=", "\u2028a()", "\x0ca()", "a()\x1b"],
)
def test_nearly_nothing(text: str) -> None:
    assert isinstance(compiled(text), Compiled)
    assert isinstance(compiled(text + "\n"), Compiled)


def test_findings_are_kept_in_bounds() -> None:
    made = compiled("f(wrong)\n" * 3_000)
    assert len(made.findings) <= 1_001
    assert made.dropped > 0


def test_a_finding_in_a_loop_is_reported_once() -> None:
    assert codes("[f(wrong, i) for i in range(1000)]\n") == ["F0203"]


# ── includes ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_too_many_includes() -> None:
    doubling = {f"f{n}.flow": f'include "f{n + 1}.flow" as a\ninclude "f{n + 1}.flow" as b\n' for n in range(40)}
    made = compiled('include "f0.flow" as f\nw.x()\n', {**doubling, "f40.flow": "n = 1\n"})
    assert "F0711" in [d.code for d in made.findings]


def test_includes_in_a_long_row() -> None:
    row = {f"f{n}.flow": f'include "f{n + 1}.flow" as a\n' for n in range(500)}
    made = compiled('include "f0.flow" as f\nw.x()\n', {**row, "f500.flow": "n = 1\n"})
    assert "F0711" in [d.code for d in made.findings]


def test_a_large_included_file_is_parsed_once(tmp_path: Path) -> None:
    big = "\n".join(f"n{i} = {i}" for i in range(2_000)) + "\n"
    text = "".join(f'include "big.flow" as b{i}\n' for i in range(20)) + "f(" + ", ".join(f"b{i}.n7" for i in range(20)) + ")\n"
    assert plan(text, {"big.flow": big}).calls[0].args == (7,) * 20


# ── work that multiplies ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[(a(i) !> [" + ", ".join(["h"] * 1_000) + "]) for i in range(5000)]\n", "F0363"),
        ("[a(i) {headers = {" + "x" * 100_000 + ": i}} for i in range(20000)]\n", "F0363"),
        ("task p.f(" + ", ".join(f"a{i} = 1" for i in range(2_000)) + ")\n[p.f(b=i) for i in range(20000)]\n", "F0363"),
        ("task p.f(x: int)\nxs = [[i] for i in range(100000)]\n[starmap(p.f, xs) for i in range(1000)]\n", "F0363"),
        ("m = {" + ", ".join(f"key{i}: {i}" for i in range(5_000)) + "}\nwork([m.kez1 for i in range(20000)])\n", "F0309"),
        ("".join(f"x{i} = {i}\n" for i in range(3_000)) + "work([1 for i in range(1000000) if wrng < i])\n", "F0363"),
    ],
    ids=["handlers", "headers", "parameters", "starmap", "keys", "names"],
)
@pytest.mark.usefixtures("limits")
def test_work_that_multiplies_has_an_end(text: str, code: str) -> None:
    assert code in [d.code for d in compiled(text).findings]


@pytest.mark.parametrize("share", [8, pytest.param(1, marks=pytest.mark.soak)])
def test_late_values_that_multiply_have_an_end(share: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "Budget", partial(Budget, placed=PLACED_BYTES // share))
    found = compiled("xs = [[i, now] for i in range(20000)]\n[f(xs) for i in range(1000)]\n").findings
    assert "F0309" in [d.code for d in found]


@pytest.mark.usefixtures("limits")
def test_declarations_that_multiply_have_an_end() -> None:
    declared = "".join(f"task p.t{i}(x: int, y: int = 0) -> int\n" for i in range(3_000))
    text = "".join(f'include "big.flow" as b{i}\n' for i in range(200)) + "p.t1(1)\n"
    assert "F0363" in [d.code for d in compiled(text, {"big.flow": declared}).findings]
    assert codes('include "big.flow" as b\np.t1(1)\n', {"big.flow": declared}) == []


def test_misspelt_names_without_end() -> None:
    """Only the findings that are kept look for the nearest name."""
    made = compiled("".join(f"x{i} = {i}\n" for i in range(5_000)) + "".join(f"f(y{i})\n" for i in range(2_000)))
    assert {d.code for d in made.findings} - {"F0904"} == {"F0203", "F0901"}
    assert any("did you mean" in line for d in made.findings for line in d.help)


def test_a_large_type_of_a_result_is_cut_in_the_plan() -> None:
    made = plan("task p.f() -> {" + ", ".join(f"a{i}: int" for i in range(2_000)) + "}\n[p.f() for i in range(1000)]\n")
    assert all(len(c.returns) < 1_000 for c in made.calls)
