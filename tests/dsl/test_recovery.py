"""Syntax errors: one finding for each mistake, in the user's words, and parsing that goes on."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from flowc.dsl import tree
from flowc.dsl.codes import CODES
from flowc.dsl.expected import words
from flowc.dsl.language import LANGUAGE
from flowc.dsl.recover import MOST_ERRORS

from ..slices import every
from .messy_flows import Flows
from .parsing import kept, mistakes, parsed, told

MANY = """\
from p import
x = f(1 2)
y = g(1, [2, 3]
a() !> h -> b()
when x = 3:
    c()
    d() e()
flow f(a:
    i() {queue: "etl"}
z = "text
def g():
    j()
if = 1
k() && l()
"""


def test_each_of_many_mistakes_is_one_finding() -> None:
    assert mistakes(MANY) == [
        "1:14 F0101",
        "2:9 F0101 2",
        "3:6 F0102 (",
        "4:10 F0115 ->",
        "5:8 F0101 =",
        "7:9 F0101 e",
        "8:7 F0102 (",
        "9:15 F0101 :",
        '10:5 F0103 "',
        "11:1 F0120 def",
        "13:1 F0105 if",
        "14:5 F0104 &",
    ]


def test_statements_around_mistakes_stay() -> None:
    assert kept("a()\nb() c()\nd()\n\n) e\nf(\n  1 2,\n  3)\ng()") == ["a()", "d()", "g()"]
    assert kept("a(); b() c()\nd()") == ["a()", "d()"]
    assert kept("when a:\n    b c\n    d\nelse:\n    e\nf") == ["when a:\n    b c\n    d\nelse:\n    e", "f"]
    assert kept("when a:\n    b\nelse c:\n    d\ne") == ["when a:\n    b", "e"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("x = f(1 2)\ny = x", {"x"}),
        ("x = = 1; y = 2 3", {"x", "y"}),
        ("param day date", {"day"}),
        ("flow f(x y):\n    z = 1\nf(1)", {"f", "z"}),
        ("from p import a, b as c d", {"a", "b", "c", "d"}),
        ('include "x.flow" as y z', {"y"}),
        ("task p.add(x y) as plus", {"p", "add", "plus"}),
        ("def f():\n    x = 1\n    when y:\n        z = 2", {"x", "z"}),
        ("x == f(y=1 2)", set()),
    ],
)
def test_names_of_broken_statements_are_listed(text: str, names: set[str]) -> None:
    assert parsed(text)[0].broken == names


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x = a(1, [2, 3]\ny = b(x)", ["1:6 F0102 ("]),
        ("x = [\n    a(1),\n    b(2\ny = 1", ["3:6 F0102 ("]),
        ("f(a,\n  b\ng(1)\nh(2)", ["1:2 F0102 ("]),
        ("f(a,\nparam x: int", ["1:2 F0102 ("]),
        ("f([1, 2)\ng", ["1:8 F0101 )"]),
        ("f(a\nb, c)\nd e", ["2:1 F0101 b", "3:3 F0101 e"]),
        ("f(", ["1:2 F0102 ("]),
        ("flow f():\n    x = g(1,\n    y = 3\nz = 4 5", ["2:10 F0102 (", "4:7 F0101 5"]),
        ("x = f(\na(1),\nb(2) c,\n)\ny z", ["3:6 F0101 c", "5:3 F0101 z"]),
        ("x = {a: 1, b\ny = 2", ["1:5 F0102 {"]),
    ],
)
def test_brackets(text: str, found: list[str]) -> None:
    assert mistakes(text) == found


def test_an_unclosed_bracket_is_shown_with_what_it_swallowed() -> None:
    text = "x = a(1, 2\ny = 3\n"
    _, (finding,) = parsed(text)
    assert finding.message == "`(` is never closed"
    assert [(text[label.span.start :].split()[0], label.text) for label in finding.labels] == [
        ("y", "another statement seems to begin here")
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("flow f():\na\nb c", ["1:9 F0108 :", "3:3 F0101 c"]),
        ("when a:\n    b\nelse:\nc", ["3:5 F0108 :"]),
        ("flow f():", ["1:9 F0108 :"]),
        ("flow f(): # why\n\n", ["1:9 F0108 :"]),
        ("a\n    b\n    c\nd", ["2:1 F0112"]),
        ("  a\n  b\nc", ["1:1 F0112"]),
        ("# why\n  a", ["2:1 F0112"]),
        ("flow f():\n        a\n    b\n    c\nd", ["3:1 F0113"]),
        ("flow f():\n    a\n\tb\n\tc\n", ["3:1 F0111"]),
        ("flow f():\n \ta\n", ["2:1 F0111"]),
        ("flow f():\n    a\nflow g():\n\tb\n", []),
        ("flow f():\n    a\n-> b\nc d", ["3:1 F0114 ->", "4:3 F0101 d"]),
        ("flow f():\n    when a:\n        b\n    => c\n", ["4:5 F0114 =>"]),
        ("flow f()\n    a b\n    c\nd", ["1:9 F0101", "2:7 F0101 b"]),
        ("a b\n    c\nd e", ["1:3 F0101 b", "3:3 F0101 e"]),
        ("x = a ->\ny = b\n", ["1:9 F0101"]),
    ],
)
def test_lines_and_blocks(text: str, found: list[str]) -> None:
    assert mistakes(text) == found


def test_a_flow_without_a_block_is_still_a_flow() -> None:
    module, _ = parsed("flow f(a):\nf(1)\n")
    assert isinstance(module.statements[0], tree.FlowDecl)
    assert module.statements[0].body == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("f(1 2)", "found `2`, expected `,`, `)` or an operator"),
        ("[a b]", "found `b`, expected `,`, `]`, `for`, an operator or an arrow"),
        ("f(", "`(` is never closed"),
        ("x =", "found the end of the line, expected a value"),
        ("a ->", "found the end of the line, expected a value"),
        (")", "found `)`, expected a statement"),
        ("a b", "found `b`, expected an operator, an arrow or the end of the line"),
        ("a !> h b", "found `b`, expected a handler or the end of the line"),
        ("param", "found the end of the line, expected a name"),
        ("param x:", "found the end of the line, expected a type"),
        ("param x: list[", "`[` is never closed"),
        ("from p", "found the end of the line, expected `.` or `import`"),
        ("include x as y", "found `x`, expected a string"),
        ("f {1}", "found `1`, expected a name or `}`"),
        ("x = {1: 2}", "found `1`, expected a key or `}`"),
        ("flow f:", "found `:`, expected `(`"),
        ("flow f(): ; a", "found `;`, expected"),
        ("a -> b if c", "found the end of the line, expected `else` or an operator"),
        ("x = f(a: 3)", "an argument is given a name by `name=value`"),
        ("f {queue: 3}", "an option is written `name = value`"),
        ("x = {a = 3}", "an item of a map is written `name: value`"),
        ("when x = 3: a", "two values are compared by `==`"),
        ("x.y = 3", "a plain name can be bound"),
        ("x: int = 3", "a parameter's type is given by `param name: type`"),
        ("a || b", "write `or`"),
        ("a && b", "write `and`"),
        ("!a", "write `not`"),
        ("x = “a”", "straight quotes"),
        ("x = a ? b : c", "a choice is written"),
        ("x = .5", "0.5"),
        ("x = (a, b)", "a list stands in square brackets"),
        ("a !> h -> b", "put the scope in parentheses: (a !> h) -> …"),
        ("[a, (b !> h -> c)]", "(b !> h) -> …"),
        ("[a !> h, b]", "stands in parentheses: (a !> b)"),
        ("f(a -> b)", "stands in parentheses: (a -> b)"),
        ('f(r"a")', "a string has no prefix but f"),
        ("add(2,, 2)", "there is a comma too many"),
        ("a() >> b()", "one step after another is written `a -> b`"),
        ("a() --> b()", "one step after another is written `a -> b`"),
        ("a() → b()", "an arrow is written `->`"),
        ("add(1, lambda r: r)", "give the work to a task"),
        ('add(**{"x": 1})', "arguments are written out one by one"),
        ("a() except b", "written behind the step: `task() !> handler`"),
        ("x += 1", "a name is bound once"),
        ("from web import *", "every task is named"),
        ("include tasks.flow as n", 'included as `include "file.flow" as name`'),
        ('include "tasks.flow"', 'included as `include "file.flow" as name`'),
        ("a() {countdown = 10 s}", "a duration is one word without blanks"),
        ("f('it's')", "between quotes of the other kind"),
        ("/* a */", "a comment begins with #"),
        ("a\u00a0b", "no-break space (U+00A0)"),
        ("a \\\n b", "a line goes on inside brackets"),
        ("import x", "from package.module import task"),
        ("import x.y", "from package.module import task"),
        ("while a: b", "a flow has no loops"),
        ('from "x" import y', "the path of `from` has no quotes"),
        ("x = f(*a)", "arguments are written out"),
        ('x = f"{a["k"]}"', "use the other kind of quotes"),
        ("x = f(a=1, a=2)", "`a` is given twice"),
        ("x = 007", "a number does not begin with 0"),
        ("x = 5-3", "put blanks round the minus: 5 - 3"),
        ("x = 1hour", "a duration is one word of descending units"),
    ],
)
def test_messages_say_what_to_do(text: str, says: str) -> None:
    assert says in told(text + "\n")


def test_messages_never_name_terminals() -> None:
    for terminal in {name for state in range(len(LANGUAGE.automaton)) for name in LANGUAGE.automaton[state] if not name.islower()}:
        said = words({terminal})
        assert said == "something else" or terminal.strip("_$") not in said.replace("`", " ").split()


@pytest.mark.parametrize("bracket", ["[]", "()", "{}"])
def test_brackets_nest_to_a_limit(bracket: str) -> None:
    opening = "{a: " if bracket == "{}" else bracket[0]

    def nested(depth: int) -> str:
        return f"x = {opening * depth}1{bracket[1] * depth}\ny z"

    assert mistakes(nested(64)) == ["2:3 F0101 z"]
    assert [found.split()[1] for found in mistakes(nested(65))] == ["F0123", "F0101"]


def test_blocks_nest_to_a_limit() -> None:
    def nested(depth: int) -> str:
        return "".join("  " * level + "when a:\n" for level in range(depth)) + "  " * depth + "b\n"

    assert mistakes(nested(63)) == []
    assert {found.split()[1] for found in mistakes(nested(70))} == {"F0123"}
    assert len(mistakes(nested(70))) == 1


def test_errors_in_one_file_have_a_limit() -> None:
    assert len(mistakes("a b\n" * (MOST_ERRORS + 100))) == MOST_ERRORS


SIGNS = [
    *"()[]{},;:.=+-*/%<>|?!&~@$^`\\\"'#", "**", "//", "==", "!=", "->", "=>", "!>", "*>", "~>", "??", "..", '"""', "f'", "\n", "\n  ",
    "\n\t", "\r", "\r\n", "\0", "\ufeff", "\u2028", "\x0c", "\ud800", "é", "²", "1", "5x", "1h", "2026-1-5", "a", "_",
    *LANGUAGE.keywords,
]  # fmt: skip


@pytest.mark.parametrize("seed", every(4, range(300)))
def test_nothing_is_too_bad_to_parse(seed: int) -> None:
    random = Random(seed)
    text = Flows(seed).file() if seed % 3 else ""
    for _ in range(random.randrange(1, 20)):
        at = random.randrange(len(text) + 1)
        blank = random.choice(("", " "))
        text = text[:at] + blank + random.choice(SIGNS) + blank + text[at + random.choice((0, 0, 1, 5)) :]
    module, findings = parsed(text)
    assert module.span == (0, len(text))
    for finding in findings:
        assert finding.code in CODES
        assert 0 <= finding.span.start <= finding.span.end <= len(text)


#: Texts; of those that take long, so many times as much.
HOSTILE: dict[str, Callable[[int], str]] = {
    "brackets": lambda _: "[" * 50_000,
    "calls": lambda _: "f(" * 50_000,
    "chain": lambda times: "a" + " -> b" * 20_000 * times,
    "signs": lambda times: "x = " + "-" * 50_000 * times + "1",
    "powers": lambda times: "x = 1" + "**-2" * 10_000 * times,
    "attributes": lambda times: "x" + ".a" * 20_000 * times,
    "blanks": lambda _: " " * 1_000_000,
    "quotes": lambda _: '"' * 300_001,
    "triple quotes": lambda _: '"""a ' * 50_000,
    "fstring": lambda times: 'f"' + "{a}{" * 10_000 * times + '"',
    "backslashes": lambda _: '"' + "\\" * 200_001,
    "digits": lambda _: "x = " + "1" * 1_000_000,
    "dates": lambda _: "x = " + "1-" * 100_000,
    "unclosed": lambda times: "f(1, 2\n" * 4_000 * times,
    "unclosed blocks": lambda _: "flow f(\n" * 20_000,
    "arguments": lambda times: "f(" + "a=1," * 5_000 * times + ")",
    "parameters": lambda _: "task f(" + "**k," * 20_000 + ")",
    "headers": lambda _: "".join(" " * depth + "when a:\n" for depth in range(500)),
    "mixed": lambda _: "".join("\t " * (line % 7) + "a\n" for line in range(10_000)),
    "types": lambda _: "param x: " + "list[" * 20_000,
}


@pytest.mark.parametrize("times", [1, pytest.param(5, marks=pytest.mark.soak)])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_parsed_in_bounded_time(name: str, times: int) -> None:
    text = HOSTILE[name](times)
    module, _ = parsed(text)
    assert module.span == (0, len(text))
