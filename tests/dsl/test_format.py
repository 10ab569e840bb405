"""The canonical layout, form by form: what is written on the left of each pair becomes what is on the right, and that stays."""

from __future__ import annotations

import pytest

from flowc.dsl import format as format_module
from flowc.dsl.diagnostics import Findings
from flowc.dsl.format import ChangedProgram, format_source
from flowc.dsl.format_spacing import double_quoted
from flowc.dsl.source import Source


def formatted(text: str) -> str:
    findings = Findings()
    result = format_source(Source("a.flow", text), findings)
    assert result is not None, [finding.message for finding in findings]
    return result


def check(before: str, after: str) -> None:
    assert formatted(before) == after
    assert formatted(after) == after


L = "a_rather_long_name_of_a_task"

SPACING = [
    ("add( 2,2 )->add(16)!>h", "add(2, 2) -> add(16) !> h\n"),
    ("a=>b~>f*>z()", "a => b ~> f *> z()\n"),
    ("a!>each[h,k]", "a !> each [h, k]\n"),
    ("x   =   a", "x = a\n"),
    ("f( x = 1 , if=2,not = - 1 )", "f(x=1, if=2, not=-1)\n"),
    ("f ( 1 ) { queue='q',expires=2h }", 'f(1) {queue = "q", expires = 2h}\n'),
    ("f{}", "f {}\n"),
    ("x = [ 1,[ ],( 2 ) ]", "x = [1, [], (2)]\n"),
    ('x = { a:1,"b c" : {} }', 'x = {a: 1, "b c": {}}\n'),
    ("x = y . z [ 0 ] . if ( 1 ) [ - 1 ]", "x = y.z[0].if(1)[-1]\n"),
    ("x = 1+2*3-a/5//6%7**8", "x = 1 + 2 * 3 - a / 5 // 6 % 7 ** 8\n"),
    ("x = - - 1+ - 2**- 3", "x = --1 + -2 ** -3\n"),
    ("x = a<b<=c>d>=e==f!=g", "x = a < b <= c > d >= e == f != g\n"),
    ("x = not(a)and   b or not  c", "x = not (a) and b or not c\n"),
    ("x = a  not   in(b)", "x = a not in (b)\n"),
    ("x = a in[1]", "x = a in [1]\n"),
    ("x = (a)if(b)else(c)", "x = (a) if (b) else (c)\n"),
    ("x = a??b", "x = a ?? b\n"),
    ("x = [a(i)for i,j in xs if(i)for k in[1]]", "x = [a(i) for i, j in xs if (i) for k in [1]]\n"),
    ("f(1){backoff=5s .. 2m}", "f(1) {backoff = 5s..2m}\n"),
    ("return(x)", "return (x)\n"),
    ("a -> b( _ . id,_ [0] )", "a -> b(_.id, _[0])\n"),
    ("x = (a!>h){queue='q'}", 'x = (a !> h) {queue = "q"}\n'),
]

DECLARATIONS = [
    ("from proj . tasks import add,mul as  times", "from proj.tasks import add, mul as times\n"),
    ("from task.in import(a)", "from task.in import a\n"),
    ("include  'a.flow'  as  b", 'include "a.flow" as b\n'),
    ("param x", "param x\n"),
    ("param x:list[ str ]?=[ 'a' ]", 'param x: list[str]? = ["a"]\n'),
    ("param x=1", "param x = 1\n"),
    ("param x:'a'|'b'|{ok:bool,n :tuple[int,str]}", 'param x: "a" | "b" | {ok: bool, n: tuple[int, str]}\n'),
    (
        "task p . add(x:int,y:int=0,z=g(k=1),*,in,**more)->int{queue='m'}'Adds.'as plus",
        'task p.add(x: int, y: int = 0, z=g(k=1), *, in, **more) -> int {queue = "m"} "Adds." as plus\n',
    ),
    ("task 'my-app.add'as add", 'task "my-app.add" as add\n'),
    ("task if(x : int)", "task if(x: int)\n"),
    ("task t()\n->\nint", "task t() -> int\n"),
    ("flow f( x:int=1,* rest:int )->int :\n  return x", "flow f(x: int = 1, *rest: int) -> int:\n    return x\n"),
    ("defaults{queue='q'}", 'defaults {queue = "q"}\n'),
]

VALUES = [
    ("f(1_000, 0xFF, 1e-3, 1h30m, 2026-11-22T10:00:00Z, now-2d)", "f(1_000, 0xFF, 1e-3, 1h30m, 2026-11-22T10:00:00Z, now - 2d)\n"),
    ("f('a', 'it\"s', 'it\\'s', '''b''', '')", 'f("a", \'it"s\', \'it\\\'s\', """b""", "")\n'),
    ("f(f'{ x }', f\"{'k'}\")", "f(f'{ x }', f\"{'k'}\")\n"),
    ('f("""a  \r\n  b""", 1)', 'f("""a  \n  b""", 1)\n'),
]

BLOCKS = [
    ("a;b ; c;", "a\nb\nc\n"),
    ("flow f(): a;b", "flow f():\n    a\n    b\n"),
    ("when x: a\nelse: b", "when x:\n    a\nelse:\n    b\n"),
    ("when x:\n\ta\n\twhen y:\n\t\tb\nelse :\n  c", "when x:\n    a\n    when y:\n        b\nelse:\n    c\n"),
    ("flow f():\n  'What.'\n\n\n  a", 'flow f():\n    "What."\n\n    a\n'),
    ("'What it does.'\na", '"What it does."\na\n'),
]

EMPTY_LINES = [
    ("", ""),
    (" \n\n", ""),
    ("\n\na\n\n\n\nb\nc\n\n", "a\n\nb\nc\n"),
    ("flow f():\n\n  a\n\n\nb", "flow f():\n    a\n\nb\n"),
    ("when x:\n  a\n\nelse:\n\n  b\n", "when x:\n    a\nelse:\n    b\n"),
    ("a\n\n  -> b\n", "a\n  -> b\n"),
    ("x = [\n\n  1,\n\n\n  2,\n\n]", "x = [\n    1,\n\n    2,\n]\n"),
    ("a   \t\r\nb\t", "a\nb\n"),
    ("\ufeffa\n", "a\n"),
]

COMMENTS = [
    ("#", "#\n"),
    ("\n\n# one  \n\n\n#two", "# one\n\n#two\n"),
    ("a# b", "a  # b\n"),
    ("a;  # b\nc; d # e", "a  # b\nc\nd  # e\n"),
    ("flow f():#h\n  # first\n\n  a\n # in\n# out\n  # out\nb", "flow f():  #h\n    # first\n\n    a\n# in\n# out\n# out\nb\n"),
    ("flow f():\n  a\n  # in\n", "flow f():\n    a\n    # in\n"),
    ("flow f():\n  a\n# in\n  b\n", "flow f():\n    a\n    # in\n    b\n"),
    ("flow f(): a # b\n  # out", "flow f():\n    a  # b\n# out\n"),
    ("when x:\n  a\n\n  # in\n\n# out\n\nelse:#e\n  b", "when x:\n    a\n\n    # in\n\n# out\nelse:  #e\n    b\n"),
    ("a # 1\n# 2\n\n  # 3\n    -> b # 4\n# 5", "a  # 1\n  # 2\n\n  # 3\n  -> b  # 4\n# 5\n"),
    ("a -> # 1\n  b => # 2\n  # 3\n  c", "a  # 1\n  -> b  # 2\n  # 3\n  => c\n"),
    ("task t() # 1\n -> # 2\n  int", "task t()  # 1\n  # 2\n  -> int\n"),
    ("f(#1\n)", "f(  #1\n)\n"),
    ("f(\n#1\n\n#2\n)", "f(\n    #1\n\n    #2\n)\n"),
    ("f(#1\n#2\na#3\n,#4\nb,#5\n\n#6\n\nc#7\n#8\n)", "f(  #1\n    #2\n    a,  #3\n    #4\n    b,  #5\n\n    #6\n\n    c,  #7\n    #8\n)\n"),
    ("x = (a # 1\n-> b) -> c", "x = (\n    a  # 1\n      -> b\n) -> c\n"),
    ("x = y[0 # 1\n]", "x = y[\n    0  # 1\n]\n"),
    ("x = [a # 1\nfor b in c # 2\nif d # 3\n]", "x = [\n    a  # 1\n    for b in c  # 2\n        if d  # 3\n]\n"),
    ("f(a + # 1\n# 2\nb, c)", "f(\n    a  # 1\n        # 2\n        + b,\n    c,\n)\n"),
    ("f(x=#1\n1)", "f(\n    x=  #1\n    1,\n)\n"),
    ("from a import (b # 1\n)", "from a import (\n    b,  # 1\n)\n"),
    ("f('#', \"# no\") # yes", 'f("#", "# no")  # yes\n'),
]

LONG = [
    (f"x = {L}(1) -> {L}(2) => {L}(3) !> h", f"x = {L}(1)\n  -> {L}(2)\n  => {L}(3)\n  !> h\n"),
    (f"x = {L}({L}, {L}, y={L})", f"x = {L}(\n    {L},\n    {L},\n    y={L},\n)\n"),
    (f"x = {L}(1, [2]) {{queue = {L}, expires = {L}}}", f"x = {L}(1, [2]) {{\n    queue = {L},\n    expires = {L},\n}}\n"),
    (f"x = {L}([{L}, {L}, {L}])", f"x = {L}([\n    {L},\n    {L},\n    {L},\n])\n"),
    (f"x = {{a: {L}, b: {L}, c: {L}}}", f"x = {{\n    a: {L},\n    b: {L},\n    c: {L},\n}}\n"),
    (f"x = [{L}(r) -> {L} for r in {L} if {L}]", f"x = [\n    {L}(r) -> {L}\n    for r in {L} if {L}\n]\n"),
    (
        f"x = [{L}(r) for r in {L} if {L} and {L} if {L}]",
        f"x = [\n    {L}(r)\n    for r in {L}\n        if {L} and {L}\n        if {L}\n]\n",
    ),
    (f"x = ({L} -> {L} => {L} -> {L})", f"x = (\n    {L}\n      -> {L}\n      => {L}\n      -> {L}\n)\n"),
    (f"x = f({L} * 2 + {L} + -{L} * {L}, 1)", f"x = f(\n    {L} * 2\n        + {L}\n        + -{L} * {L},\n    1,\n)\n"),
    (f"x = f({L} if {L} and {L} else {L})", f"x = f(\n    {L}\n        if {L} and {L}\n        else {L},\n)\n"),
    (f"x = first[{L}][{L}][0][{L}]", f"x = first[{L}][{L}][0][\n    {L}\n]\n"),
    (f"x = {L} + {L} + {L} + {L}", f"x = {L} + {L} + {L} + {L}\n"),
    (f"from proj import {L}, {L} as a, {L}", f"from proj import (\n    {L},\n    {L} as a,\n    {L},\n)\n"),
    (
        f"task t(a: list[int]) -> map[{L}] {{queue='q'}} '{L} {L} {L} {L}' as b",
        f'task t(a: list[int]) -> map[{L}] {{queue = "q"}} "{L} {L} {L} {L}" as b\n',
    ),
    (
        f"task t(a: list[{L}], b: {{x:{L}, y: tuple[{L},{L},{L}]}} = null, /, c=...) -> {{z:{L}}} | 'a' | list[{L}]? 'D'",
        f"""task t(
    a: list[{L}],
    b: {{x: {L}, y: tuple[{L}, {L}, {L}]}} = null,
    /,
    c=...,
) -> {{z: {L}}} | "a" | list[{L}]? "D"
""",
    ),
    ("task t(a: list[  # why\n int]) -> int", "task t(\n    a: list[  # why\n        int\n    ],\n) -> int\n"),
    (
        f"flow f(p: {L}, q: {L} | {L} = 1) -> int: a",
        f"flow f(\n    p: {L},\n    q: {L} | {L} = 1,\n) -> int:\n    a\n",
    ),
    (f"param x: tuple[{L}, {L}, {L}]", f"param x: tuple[\n    {L},\n    {L},\n    {L},\n]\n"),
    (f"param x: list[{L}{L}{L}{L}]", f"param x: list[\n    {L}{L}{L}{L}\n]\n"),
    (f'f("{L} {L} {L} {L}")', f'f(\n    "{L} {L} {L} {L}",\n)\n'),
    (f'f("""{L} {L}\n{L}""", 1, 2)', f'f("""{L} {L}\n{L}""", 1, 2)\n'),
    (f"a(1)  # {L} {L} {L} {L}", f"a(1)  # {L} {L} {L} {L}\n"),
]

CHOSEN = [
    ("a -> b\n => c -> d\n !> h", "a -> b\n  => c -> d\n  !> h\n"),
    ("a ->\n  b", "a\n  -> b\n"),
    ("flow f():\n  a\n   -> b", "flow f():\n    a\n      -> b\n"),
    ("x = [a\n-> b, c]", "x = [\n    a\n      -> b,\n    c,\n]\n"),
    ("f(a,)", "f(\n    a,\n)\n"),
    ("f(\n    a,\n    b\n)", "f(a, b)\n"),
    ("f([1,2,], k={a:1,})", "f(\n    [\n        1,\n        2,\n    ],\n    k={\n        a: 1,\n    },\n)\n"),
    ("a -> b(\n  1,\n) -> c", "a -> b(\n    1,\n) -> c\n"),
    ("a\n -> b(\n  1,\n) -> c", "a\n  -> b(\n      1,\n  ) -> c\n"),
    ("from a import (b,c,)", "from a import (\n    b,\n    c,\n)\n"),
    ("from a import (\n  b,\n  c\n)", "from a import b, c\n"),
    ("x = f([\n 1,\n])", "x = f([\n    1,\n])\n"),
    ("x = f([1],)", "x = f(\n    [1],\n)\n"),
    ("f(\n  a\n  + b\n)", "f(a + b)\n"),
]


@pytest.mark.parametrize(
    ("before", "after"),
    [*SPACING, *DECLARATIONS, *VALUES, *BLOCKS, *EMPTY_LINES, *COMMENTS, *LONG, *CHOSEN],
)
def test_layout(before: str, after: str) -> None:
    check(before, after)


SAMPLE = '''\
"""Nightly totals, one shard per region."""
from proj.tasks import extract, clean, total, load, audit, page, show_progress
include "common.flow" as common

param day: date
param regions: list[str] = ["eu", "us", "ap"]
defaults {queue = "etl", expires = 2h, retry_policy = {max_retries: 5, interval_max: 1s}}

raw = [extract(day, r) {queue = f"io.{r}"} for r in regions]
rows = [r -> clean(strict=true) for r in raw]
report = total(rows, day=day) {priority = 9}

report -> load
  => audit("loaded", day)
  !> [page("etl"), common.cleanup]
  ~> show_progress
'''


def test_a_flow_as_it_should_be_stays() -> None:
    check(SAMPLE, SAMPLE)


@pytest.mark.parametrize("room", [98, 99, 100, 101])
def test_a_line_has_a_hundred_columns_whatever_comment_ends_it(room: int) -> None:
    call = f"f({'x' * (room - 3)})"
    kept = formatted(f"{call}  # and a comment\n")
    assert kept == (f"{call}  # and a comment\n" if room <= 100 else f"f(\n    {'x' * (room - 3)},\n)  # and a comment\n")


def test_a_deep_bracket_does_not_blow_the_text_up() -> None:
    text = formatted(f"x = {'[1, ' * 60}2{']' * 60}\n")
    assert max(len(line) for line in text.splitlines()) < 100


@pytest.mark.parametrize(
    "text", ["a(\n", "a b\n", "x = 012\n", "  a\n", "flow f():\na\n", "a\rb\n", 'f("\\q")\n', "each = 1\n", "f(a=1, a=2)\n"]
)
def test_a_text_with_errors_is_left_alone_and_they_are_reported(text: str) -> None:
    findings = Findings()
    assert format_source(Source("a.flow", text), findings) is None
    assert findings.has_errors
    assert format_source(Source("a.flow", text)) is None


@pytest.mark.parametrize("changed", ["a -> c\n", "a -> b\nd\n", "a => b\n", "a(\n", "a -> b  # more\n", "a ->\n"])
def test_a_layout_that_changes_the_program_is_never_given(changed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(format_module, "_text", lambda lines: changed)
    with pytest.raises(ChangedProgram):
        format_source(Source("a.flow", "a->b"))


@pytest.mark.parametrize(
    ("written", "quoted"),
    [("'a'", '"a"'), ('"a"', '"a"'), ("'\"'", "'\"'"), ("'\\n'", "'\\n'"), ("''", '""'), ("''''''", '""""""'), ("'''a'b'''", '"""a\'b"""')],
)
def test_quotes(written: str, quoted: str) -> None:
    assert double_quoted(written) == quoted
