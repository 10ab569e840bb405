"""Texts that no one would write, by name: what they are about, and the text, made when it is asked for."""

from __future__ import annotations

import random
from collections.abc import Callable

MEGABYTE = 1 << 20
#: Just under the largest file.
FULL = 16 * MEGABYTE - 100
MANY = 50_000

OPEN, CLOSE = "([{", ")]}"


def noise(seed: int, length: int, alphabet: str) -> str:
    """Random characters, the same each time."""
    draw = random.Random(seed)
    return "".join(draw.choices(alphabet, k=length))


def doubling(first: str, form: str, times: int = 60) -> str:
    """A value made of two of the one before, many times over, and used."""
    return f"a0 = {first}\n" + "".join(f"a{n} = {form.format(f'a{n - 1}')}\n" for n in range(1, times)) + f"work(a{times - 1})\n"


#: Makes a text. One whose greatest size takes seconds takes another as its only argument.
Made = Callable[..., str | bytes]

ENCODINGS: dict[str, Made] = {
    "random bytes": lambda: random.Random(1).randbytes(200_000),
    "random ASCII": lambda: noise(2, 40_000, "abc x=()[]{}->!>=~,.:;\"'f#\n\t 0123-+*_\\"),
    "random signs": lambda: noise(3, 40_000, "->=!~*[]{}()"),
    "random unicode": lambda: noise(4, 40_000, "".join(map(chr, [*range(1, 0xD800), *range(0xE000, 0x1100)]))),
    "NUL": lambda: b"a(1)\0b",
    "many NULs": lambda: b"\0" * MEGABYTE,
    "BOM": lambda: b"\xef\xbb\xbfadd(1)\n",
    "two BOMs": lambda: b"\xef\xbb\xbf\xef\xbb\xbfadd(1)\n",
    "BOM inside": lambda: "add(1)\n\ufeffadd(2)\n",
    "invalid UTF-8": lambda: b"add('\xff\xfe')\n",
    "cut off UTF-8": lambda: "add('ä".encode()[:-1],
    "overlong UTF-8": lambda: b"add('\xc0\x80\xe0\x80\x80')\n",
    "surrogates in UTF-8": lambda: b"add('\xed\xa0\x80')\n",
    "UTF-16": lambda: "add(1)\n".encode("utf-16"),
    "UTF-32": lambda: "add(1)\n".encode("utf-32"),
    "carriage returns": lambda: b"add(1)\r" * 20_000,
    "all line ends": lambda: "a()\r\nb()\rc()\n\x0b\x0cd()\x85e()\u2028f()\u2029".encode(),
    "form feeds": lambda: b"\x0c" * 100_000,
    "nothing": lambda: b"",
    "only a BOM": lambda: b"\xef\xbb\xbf",
    "a backslash at the end": lambda: b"a() \\",
    "Windows-1252": lambda: "add('ä€')".encode("cp1252"),
}

BRACKETS: dict[str, Made] = {
    **{f"{sign} opened": lambda sign=sign: f"x = {sign * MANY}\n" for sign in OPEN},
    **{f"{sign} closed": lambda sign=sign: f"x = {sign * MANY}\n" for sign in CLOSE},
    **{f"{a}{b} balanced": lambda a=a, b=b: f"x = {a * MANY}{b * MANY}\n" for a, b in zip(OPEN, CLOSE, strict=True)},
    "mixed": lambda: f"x = {'([{' * MANY}\n",
    "mixed, balanced": lambda: f"x = {'([{' * MANY}{'}])' * MANY}\n",
    "mixed, unbalanced": lambda: f"x = {'([{' * MANY}{')]}' * MANY}\n",
    "one a line": lambda: "x = (\n" * MANY,
    "back to back": lambda: ")(" * MANY,
    "random": lambda: noise(5, 2 * MANY, "()[]{}\n "),
    "calls": lambda: "f(" * MANY + ")" * MANY,
    "options": lambda: "f() " + "{a = " * MANY,
    "types": lambda: "param x: " + "list[" * MANY + "int" + "]" * MANY,
    "indexes": lambda many=100_000: "x = a()\nf(x" + "[0]" * many + ")",
    "f-strings": lambda: 'x = f"' + "{" * MANY + '"',
    "f-strings in f-strings": lambda: "f(" + "f'{" * MANY + "1" + "}'" * MANY + ")",
    "brackets in f-strings": lambda: 'x = f"' + "{(" * MANY + "1" + ")}" * MANY + '"',
    "blocks": lambda: "".join(" " * n + "when true:\n" for n in range(3_000)),
    "strings in brackets": lambda: "f(['" * MANY,
}

VALUES: dict[str, Made] = {
    "a comprehension of a gigabyte": lambda: "x = [f'{i}' * 1000 for i in range(1000000)]\nwork(x)\n",
    "a comprehension over a billion": lambda: "[work(i) for i in range(10**9)]\n",
    "a value over a billion": lambda: "x = [i for i in range(10**9)]\nwork(x)\n",
    "a billion conditions": lambda: "work([1 for i in range(10**5) for j in range(10**5) if i < 0])\n",
    "a billion steps in groups": lambda: "".join(
        f"a{n} = [work(x, y) for x in a{n - 1} for y in a{n - 1}]\n" if n else "a0 = [work(1), work(2)]\n" for n in range(8)
    ),
    "a doubling string": lambda: doubling("'xxxx'", "{0} + {0}"),
    "a doubling f-string": lambda: doubling("'xxxx'", "f'{{{0}}}{{{0}}}'"),
    "a doubling list": lambda: doubling("[1]", "{0} + {0}"),
    "a list of two": lambda: doubling("[1]", "[{0}, {0}]"),
    "a map of two": lambda: doubling("1", "{{k: {0}, l: {0}}}"),
    "a late value of two": lambda: doubling("now", "[{0}, {0}]"),
    "a result of two": lambda: doubling("step()", "[{0}, {0}]"),
    "a doubling number": lambda: doubling("9", "{0} * {0}"),
    "powers": lambda: "work(10 ** 10 ** 10)\nwork(2 ** 3000 ** 2)\nwork(0.1 ** -400)\nwork(9 ** 9 ** 9 ** 9)\n",
    "a long string": lambda: "work('x' * 10**9)\n",
    "a long list": lambda: "work([1] * 10**9)\n",
    "5,000 digits": lambda: f"work({'9' * 5_000})\n",
    "a million digits": lambda: f"work({'9' * MEGABYTE})\n",
    "a million decimals": lambda: f"work(1.{'9' * MEGABYTE})\n",
    "a million digits of a duration": lambda: f"work({'9' * MEGABYTE}w)\n",
    "hexadecimal": lambda: f"work(0x{'f' * MEGABYTE})\n",
    "exponents": lambda: "work(1e400)\nwork(-1e400)\nwork(1e-400)\nwork(1e99999999999)\nwork(1e308 * 10)\n",
    "no dates": lambda: (
        "work(0000-00-00)\nwork(9999-99-99)\nwork(2026-02-30)\nwork(0000-00-00T00:00:00Z)\nwork(2026-01-01T25:61:61Z)\nwork(2026-01-01T00:00:00+99:99)\n"
    ),
    "ends of time": lambda: "work(9999-12-31 + 1d)\nwork(0001-01-01 - 1d)\nwork(9999-12-31T23:59:59Z + 1s)\nwork(999999999d + 1d)\n",
    "long durations": lambda: "work(9999999999999999999w)\nwork(1e9w)\nwork(10000000000w * 10000000)\n",
    "ranges": lambda: (
        "work(sum(range(10**12)))\nwork(5 in range(10**12))\nwork(range(10**12)[5])\nwork(len(zip(range(10**9), range(10**9))))\n"
    ),
    "searches": lambda: "x = 'a' * 900000\nwork(len([1 for i in range(100000) if 'b' in x]))\n",
    "sorting": lambda: "x = range(300000)\nwork(len([sorted(x) for i in range(100000)]))\n",
    "format specifications": lambda: "work(f'{1:>99999999999}', f'{1!r}', f'{}', f'{1:{2}}', f'{x=}')\n",
    "unknown variables": lambda: "work(secret('NOPE'), env('NOPE'), secret(''), env(5), env(), secret('\\n'))\n",
    "chunks": lambda many=90_000: (
        f"chunks(f, range({many}), 1)\nchunks(f, range(9), 0)\nchunks(f, range(9), -1)\nchunks(f, range(9), 10**30)\n"
    ),
    "big arguments of many": lambda: "big = range(100000)\n[work(big, i) for i in range(1000)]\n",
    "big headers of many": lambda: (
        "defaults {headers = {" + ", ".join(f"k{n}: {n}" for n in range(2_000)) + "}}\n" + "a() {headers = {x: 1}}\n" * 5_000
    ),
}

LARGE: dict[str, Made] = {
    "comments": lambda: "# comment comment comment\n" * (FULL // 27),
    "one comment": lambda: "#" + "x" * FULL,
    "one line of blanks": lambda: " " * FULL,
    "line ends": lambda: "\n" * FULL,
    "tabs": lambda: "\t" * FULL + "x",
    "one string": lambda: f"work('{'x' * (FULL - 10)}')",
    "an open string": lambda: f"work('{'x' * FULL}",
    "an open long string": lambda: '"""' + "x\n" * (FULL // 2),
    "escapes": lambda: f"work('{chr(92)}u0041" + r"\n" * (FULL // 4) + "')",
    "f-string": lambda: "x = 1\nwork(f'" + "{x}" * (FULL // 4) + "')",
    **{f"only {sign}": lambda sign=sign: sign * FULL for sign in "()[{'\"\\.;,-#@:"},
    "arrows": lambda: "-> " * (FULL // 3),
    "backslashes at line ends": lambda: "\\\n" * (FULL // 2),
    "a name": lambda: "a" * MEGABYTE + "()",
    "a name of 16 MB": lambda: "x = " + "a" * FULL,
    "a dotted name": lambda: "a" + ".a" * MEGABYTE,
    "combining marks": lambda: "a" + "\u0301" * MEGABYTE + "()",
    "numbers": lambda: "[work(x) for x in [" + "1," * (FULL // 3) + "]]",
    "comprehensions": lambda: "x = [" + ",".join(["[f(i) for i in range(10)]"] * 300_000) + "]",
    "statements": lambda: "a()\n" * 1_000_000,
    "names": lambda: "".join(f"x{n} = 1\n" for n in range(1_000_000)),
    "steps": lambda: "".join(f"x{n} = a()\n" for n in range(99_999)),
    "tasks": lambda: "".join(f"task p.f{n}(x: int)\n" for n in range(100_000)),
    "flows": lambda: "".join(f"flow f{n}():\n    return a()\n" for n in range(50_000)),
    "parameters": lambda: "".join(f"param p{n}: int = 1\n" for n in range(100_000)),
    "imports": lambda: "from p import " + ", ".join(f"a{n}" for n in range(200_000)),
    "branches": lambda: "when true:\n    a()\nelse:\n    b()\n" * 50_000,
    "too large": lambda: "#" * (16 * MEGABYTE + 1),
}

ERRORS: dict[str, Made] = {
    "open brackets": lambda many=20_000: "f(wrong\n" * many,
    "unknown names": lambda many=200_000: "f(wrong)\n" * many,
    "different unknown names": lambda many=100_000: "".join(f"f(wrong{n})\n" for n in range(many)),
    "signs": lambda: "= ) x\n" * 200_000,
    "repeated names": lambda many=40_000: "".join(f"x{n} = a()\nx{n} = a()\n" for n in range(many)),
    "indentation": lambda many=100_000: "".join(("\t" if n % 2 else "  ") + "a()\n" for n in range(many)),
    "open strings": lambda many=100_000: "f('\n" * many,
    "options": lambda many=100_000: "a() {" + "queue = 'x', " * many + "}",
    "arguments": lambda many=100_000: "f(" + ", ".join(["a=1"] * many) + ")",
    "nothing but errors": lambda: noise(6, MEGABYTE, "=)]}.,:\n"),
}
