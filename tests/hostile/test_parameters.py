"""Parameter files and values from anywhere."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ..slices import every
from .attack import CLEAN, FINDINGS, USAGE, flowc

FLOW = """\
param n: int = 1
param x: float = 1.5
param ok: bool = true
param name: str = "n"
param day: date = 2026-01-01
param at: datetime = 2026-01-01T00:00:00Z
param wait: duration = 1s
param any: any = null
param some: list[list[int]] = []
param record: {a: int, b: str?} = {a: 1, b: null}
param data: json = null
work(n, x, ok, name, day, at, wait, any, some, record, data)
"""

ALIASES = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(12)
)

FILES: dict[str, bytes] = {
    "alias bomb.yaml": ALIASES.encode(),
    "alias bomb in any.yaml": ("any:\n" + "".join(f"  {line}\n" for line in ALIASES.splitlines())).encode(),
    "alias cycle.yaml": b"any: &a [*a]\n",
    "alias cycle of maps.yaml": b"any: &a {b: *a}\n",
    "deep.json": b'{"any": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep maps.json": b'{"any":' * 50_000 + b"1" + b"}" * 50_000,
    "deep.yaml": b"any: " + b"[" * 50_000 + b"]" * 50_000,
    "deep blocks.yaml": "".join(" " * n + "a:\n" for n in range(1_300)).encode(),
    "deep lists.yaml": b"any: " + b"- " * 50_000 + b"x",
    "question marks.yaml": b"? " * 50_000,
    "repeated.json": b'{"n": 1, "n": 2}',
    "repeated.yaml": b"n: 1\nn: 2\n",
    "not finite.json": b'{"x": NaN, "n": Infinity}',
    "not finite.yaml": b"x: .nan\nn: .inf\n",
    "huge exponent.json": b'{"x": 1e400, "n": 1e400}',
    "long number.json": b'{"n": ' + b"9" * 5_000 + b"}",
    "longer number.json": b'{"n": ' + b"9" * 1_000_000 + b"}",
    "long number.yaml": b"n: " + b"9" * 1_000_000,
    "sexagesimal.yaml": b"n: 1" + b":59" * 100_000,
    "binary number.yaml": b"n: 0b" + b"1" * 1_000_000,
    "underscores.yaml": b"n: 1" + b"_" * 1_000_000,
    "python object.yaml": b"any: !!python/object/apply:os.system ['touch pwned']\n",
    "python name.yaml": b"any: !!python/name:os.system\n",
    "python tuple.yaml": b"? !!python/tuple [1, 2]\n: 1\n",
    "binary.yaml": b"any: !!binary 'AAAA'\n",
    "bad binary.yaml": b"any: !!binary 'A'\n",
    "set.yaml": b"any: !!set {a, b}\n",
    "ordered map.yaml": b"any: !!omap [a: 1]\n",
    "bad date.yaml": b"day: 0000-00-00\n",
    "bad timestamp.yaml": b"at: 2026-99-99T99:99:99Z\n",
    "timestamp in a list.yaml": b"any: [2026-01-01, 2026-01-01T00:00:00Z]\n",
    "merge.yaml": b"any: {<<: {a: 1}}\n",
    "list key.yaml": b"? [a]\n: 1\n",
    "map key.yaml": b"? {a: 1}\n: 1\n",
    "null key.yaml": b"~: 1\n1: 2\ntrue: 3\n2026-01-01: 4\n",
    "unknown tag.yaml": b"!x y: 1\n",
    "unknown directive.yaml": b"%FOO bar\n---\nn: 1\n",
    "two documents.yaml": b"n: 1\n---\nn: 2\n",
    "many anchors.yaml": b"".join(b"k%d: &a%d x\n" % (n, n) for n in range(30_000)),
    "list.json": b"[1]",
    "number.json": b"1",
    "null.yaml": b"null",
    "empty.yaml": b"",
    "empty.json": b"",
    "cut off.json": b'{"n": ',
    "tab.yaml": b"a:\n\tb: 1\n",
    "no UTF-8.json": b"\xff\xfe{}",
    "no UTF-8.yaml": b"\xff",
    "UTF-16.json": '{"n": 1}'.encode("utf-16"),
    "NUL.json": b'{"name": "\\u0000"}',
    "NUL.yaml": b'name: "\\0"\n',
    "raw NUL.yaml": b"name: \0\n",
    "surrogate.json": b'{"name": "\\ud800"}',
    "surrogate.yaml": b'name: "\\ud800"\n',
    "escape.json": b'{"name": "\\u001b[31m\\u202e", "\\u001b[2J": 1}',
    "escape.yaml": b'name: "\\e[31m"\n"\\e[2J": 1\n',
    "bidi.yaml": 'n: "\u202e\u2066"\n'.encode(),
    "too large.json": b" " * (1 << 20) + b"{}",
    "wide.json": json.dumps({"any": {f"k{n}": n for n in range(50_000)}}).encode(),
    "many unknown.json": json.dumps({f"k{n}": n for n in range(50_000)}).encode(),
    "many unknown.yaml": b"".join(b"k%d: 1\n" % n for n in range(40_000)),
    "long key.json": json.dumps({"k" * 1_000_000: 1}).encode(),
    "strange keys.json": b'{"": 1, " ": 2, "n ": 3, "n.n": 4, "..": 5, "\\n": 6}',
    "wrong types.json": b'{"n": "1", "x": [], "ok": "yes", "name": {}, "day": 5, "at": "x"}',
    "more wrong types.json": b'{"wait": "-1s", "some": [["a"]], "record": {"c": 1}}',
    "ending.toml": b"n = 1",
    "no ending": b"{}",
    ".json": b"{}",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "t.flow").write_text(FLOW)
    return tmp_path


REFUSED = [
    *("alias bomb in any", "alias cycle", "alias cycle of maps", "deep", "deep blocks", "python object", "python name"),
    *("repeated", "long number", "bad date", "merge", "list key", "map key"),
]

#: These are refused, which a test of its own holds them to.
KNOWN_BAD = [name for name in FILES if name.rpartition(".")[0] in REFUSED]


@pytest.mark.parametrize("name", every(1, FILES, never={*KNOWN_BAD, "alias bomb.yaml", "many unknown.json"}))
def test_a_parameter_file(folder: Path, name: str) -> None:
    (folder / name).write_bytes(FILES[name])
    flowc(folder, "plan", "t.flow", "--params", name).check(CLEAN, FINDINGS, USAGE)
    assert not (folder / "pwned").exists()


@pytest.mark.parametrize("name", KNOWN_BAD)
def test_a_parameter_file_that_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes(FILES[name])
    ended = flowc(folder, "plan", "t.flow", "--params", name).check(FINDINGS, USAGE)
    assert not (folder / "pwned").exists()
    assert len(ended.err) < 10_000


def test_what_is_no_parameter_file(folder: Path) -> None:
    os.mkfifo(folder / "fifo.json")
    (folder / "folder.yaml").mkdir()
    (folder / "loop.json").symlink_to("loop.json")
    (folder / "zero.yaml").symlink_to("/dev/zero")
    (folder / "memory.json").symlink_to("/proc/self/mem")
    for name in (
        "fifo.json",
        "folder.yaml",
        "loop.json",
        "zero.yaml",
        "memory.json",
        "missing.json",
        "/dev/zero",
        "/dev/stdin",
        "-",
        "",
        "\x1b[31m.json",
    ):
        flowc(folder, "plan", "t.flow", "--params", name, stdin="/dev/zero").check(USAGE)


VALUES = [
    "any=" + "[" * 30_000,
    "any=" + "[" * 20_000 + "]" * 20_000,
    "any=" + '{"a":' * 10_000 + "1" + "}" * 10_000,
    "some=" + "[" * 20_000 + "]" * 20_000,
    "data=" + "[" * 20_000 + "]" * 20_000,
    "n=" + "9" * 100_000,
    "n=1e400",
    "n=0x10",
    "n=1_000",
    "n=\u0663",
    "n=--1",
    "n=",
    "n= 1 ",
    "x=nan",
    "x=inf",
    "x=1e400",
    "x=" + "9" * 100_000,
    "x=1" + "0" * 100_000 + "e-100000",
    "ok=maybe",
    "ok=1",
    "day=0000-00-00",
    "day=2026-02-30",
    "day=9999-12-32",
    "day=" + "2" * 100_000,
    "at=2026-01-01",
    "at=2026-01-01T00:00:00+99:99",
    "at=2026-01-01T25:00:00Z",
    "at=2026-01-01T00:00:00." + "9" * 100_000 + "Z",
    "at=0001-01-01T00:00:00+23:59",
    "at=9999-12-31T23:59:59-23:59",
    "wait=-1s",
    "wait=1s1h",
    "wait=" + "9" * 100_000 + "w",
    "wait=1" + "0" * 300 + "s",
    "wait=1e300",
    "wait=" + "1h" * 20_000,
    "name=" + "x" * 100_000,
    "name=\x1b[31m\u202e",
    "name=\udcff",
    "any=NaN",
    "any=[1e400]",
    "any={'a': 1}",
    'any={"a": 1, "a": 2}',
    'record={"a": 1, "b": null, "c": 2}',
    'record={"a": true, "b": 1}',
    "record=[]",
    "some=[[true]]",
    "some=[1]",
    "=",
    "=1",
    "n",
    "",
    " =1",
    "\x1b[31m=1",
    "\u202e=1",
    "nope=1",
    "n.n=1",
    "n =1",
    "N=1",
    "--n=1",
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: ascii(value[:24]))
def test_a_value(folder: Path, value: str) -> None:
    ended = flowc(folder, "plan", "t.flow", "-p", value).check(CLEAN, FINDINGS, USAGE)
    assert len(ended.err) < 10_000


def test_many_values(folder: Path) -> None:
    flowc(folder, "plan", "t.flow", *(part for n in range(2_000) for part in ("-p", f"k{n}=1"))).check(FINDINGS)
    flowc(folder, "plan", "t.flow", *(part for n in range(2_000) for part in ("-p", f"n={n}"))).check(CLEAN, USAGE)
