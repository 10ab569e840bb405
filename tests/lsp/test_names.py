"""What a name means, where it is used, and what a rename makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowc.compiler.lookup.renaming import RefusedError

from .texts import desk

LIB = """\
param size: int = 1
limit = 10
flow clean(rows: list, deep: bool = false):
    kept = rows
    return kept
task far.away(x: int)
"""


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("x = 1\ny = x§", ["main.flow:4:x"]),
        ("§x = 1", ["main.flow:4:x"]),
        ("param n: int\nz = extract(n§)", ["main.flow:4:n"]),
        ("x = extr§act(now)", ["main.flow:1:proj.extract"]),
        ("x = proj.ex§tract(now)", ["main.flow:1:proj.extract"]),
        ("from proj import load as put\nput§(1)", ["main.flow:2:proj.load"]),
        ("from proj import load as pu§t", ["main.flow:2:proj.load"]),
        ("x = extract(day§=now)", ["main.flow:1:day"]),
        ("from nowhere import thing\nthing§(1)", ["main.flow:4:thing"]),
        ("x = unknown§(1)", []),
        ("x = len§([])", []),
        ("flow f(a: int):\n    b = a§\n    return b\nf(1)", ["main.flow:4:a"]),
        ("flow f(a: int):\n    return a\nf(a§=1)", ["main.flow:4:a"]),
        ("when true:\n    x = 1\nelse:\n    x = 2\nextract(x§)", ["main.flow:5:x", "main.flow:7:x"]),
        ("g = [extract(r§) for r in [now]]", ["main.flow:4:r"]),
        ("x = 1\nm = {x: x§}", ["main.flow:4:x"]),
        ('x = 1\nm = f"a {x§} b"', ["main.flow:4:x"]),
        ("y = x§ +\nx = 1", []),
        ("y = 1 +\nx = 1\nz = x§", ["main.flow:5:x"]),
    ],
)
def test_definition(text: str, place: list[str]) -> None:
    assert desk(text).definition() == place


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("lib.clean§([])", ["lib.flow:3:clean"]),
        ("lib.cle§an(rows=[])", ["lib.flow:3:clean"]),
        ("lib.clean(rows§=[])", ["lib.flow:3:rows"]),
        ("lib§.clean([])", ["main.flow:1:lib"]),
        ("lib.limit§", ["lib.flow:2:limit"]),
        ("lib.away§(1)", ["lib.flow:6:far.away"]),
        ("away§(1)", ["lib.flow:6:far.away"]),
        ("lib.nothing§(1)", []),
    ],
)
def test_definition_in_an_include(text: str, place: list[str], tmp_path: Path) -> None:
    assert desk(f'include "lib.flow" as lib\n{text}\n', tmp_path, lib=LIB).definition() == place


def test_an_include_leads_to_its_file(tmp_path: Path) -> None:
    assert desk('include "lib.flow" as li§b', tmp_path, lib=LIB).definition() == ["lib.flow:1:"]
    assert desk('include "missing.flow" as li§b', tmp_path).definition() == []
    assert desk('include "/etc/passwd" as li§b', tmp_path).definition() == []


def test_references_follow_names_not_texts() -> None:
    found = desk('x§ = 1\ny = x + 1\nz = {x: "x", y: y.x}\nw = [x for x in [x]]\nextract(x, x=x)').references()
    assert found == [f"main.flow:{line}:x" for line in (4, 5, 7, 8, 8)]


def test_references_of_a_task_are_its_calls_in_all_files(tmp_path: Path) -> None:
    one = desk(
        "from far import away as gone\ngo§ne(1) -> far.away\n",
        tmp_path,
        lib=LIB,
        other='include "lib.flow" as l\nl.away(1)\n',
    )
    assert sorted(set(one.references())) == [
        "lib.flow:6:far.away",
        "main.flow:1:away",
        "main.flow:1:gone",
        "main.flow:2:far.away",
        "main.flow:2:gone",
        "other.flow:2:away",
    ]


@pytest.mark.parametrize(
    ("text", "renamed"),
    [
        ("§x = 1\ny = x\n", "new = 1\ny = new\n"),
        ("param x: int = 1\ny = [x§, x]\nz = {x: x}\n", "param new: int = 1\ny = [new, new]\nz = {x: new}\n"),
        ("flow x(a: int):\n    return a\nx§(a=1)\n", "flow new(a: int):\n    return a\nnew(a=1)\n"),
        ("flow f(x: int):\n    return x§\nf(x=1)\nx = 2\n", "flow f(new: int):\n    return new\nf(new=1)\nx = 2\n"),
        ("x = 2\nflow f(x: int):\n    return x\nf(x=x§)\n", "new = 2\nflow f(x: int):\n    return x\nf(x=new)\n"),
        ("y = [[x§, z] for x in [1] for z in [x]]\nx = 3\n", "y = [[new, z] for new in [1] for z in [new]]\nx = 3\n"),
        ("when true:\n    x§ = 1\nelse:\n    x = 2\ny = x\n", "when true:\n    new = 1\nelse:\n    new = 2\ny = new\n"),
        ("from proj import load\nlo§ad(1)\n", "from proj import load as new\nnew(1)\n"),
        ("from proj import load as x\nx§(1)\n", "from proj import load as new\nnew(1)\n"),
        ('§x = 1\ny = f"é😀 {x} {len([x])}"\n', 'new = 1\ny = f"é😀 {new} {len([new])}"\n'),
        ("task a.b(q) as x\nx§(1)\n", "task a.b(q) as new\nnew(1)\n"),
        ("§x = 1\nbroken = (\ny = x\n", "new = 1\nbroken = (\ny = new\n"),
    ],
)
def test_rename(text: str, renamed: str) -> None:
    assert desk(text, tasks="").rename("new") == {"main.flow": renamed}


def test_rename_through_includes(tmp_path: Path) -> None:
    main = 'include "lib.flow" as lib\nx = lib.clean(rows=[], deep=true)\ny = lib.limit\n'
    other = 'include "lib.flow" as l\nclean = l.clean([])\n'
    assert desk(main.replace("clean", "cle§an"), tmp_path, lib=LIB, other=other).rename("tidy") == {
        "main.flow": main.replace("clean", "tidy"),
        "lib.flow": LIB.replace("clean", "tidy"),
        "other.flow": other.replace("l.clean", "l.tidy"),
    }
    assert desk(main.replace("rows", "ro§ws"), tmp_path).rename("lines")["lib.flow"] == LIB.replace("rows", "lines")
    assert desk(main.replace("lib.limit", "lib§.limit"), tmp_path).rename("c") == {
        "main.flow": main.replace("lib.", "c.").replace("as lib", "as c").replace('"c.flow', '"lib.flow')
    }


@pytest.mark.parametrize(
    ("text", "new", "why"),
    [
        ("§x = 1", "when", "reserved word"),
        ("§x = 1", "_", "linked result"),
        ("§x = 1", "two words", "no name"),
        ("§x = 1", "1x", "no name"),
        ("§x = 1", "", "no name"),
        ("§x = 1\ny = 2", "y", "`y` is taken: it is a name already, in line 5"),
        ("§x = 1\nparam p: int", "p", "a parameter already"),
        ("§x = 1\nflow f(a: int):\n    return x + a\n", "a", "a parameter already"),
        ("§x = 1\ny = [x + i for i in [1]]", "i", "a loop's name already"),
        ("y = 1\nz = [x§ + y for x in [1]]", "y", "a name already"),
        ("§x = extract(now)", "extract", "it is a task that line 4 uses"),
        ("§x = len([1])", "len", "it is a built-in function"),
        ("§x = 1\nq = (", "q", "mistake of syntax"),
        ("§x = 1\ny = (x +", "new", "line 5 of main.flow has a mistake of syntax, and may use `x`"),
        ("extract§(now)", "new", "the name of a task"),
        ("proj.extract§(now)", "new", "the name of a task"),
        ("extract(day§=now)", "new", "a parameter of the task"),
        ("unknown§(now)", "new", "the name of a task"),
        ("len§([1])", "new", "a built-in function"),
        ("x = 1§2", "new", "no name here"),
    ],
)
def test_a_rename_is_refused(text: str, new: str, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        desk(text).rename(new)
