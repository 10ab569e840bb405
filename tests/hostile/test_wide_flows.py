"""Flows as wide, long and nested as the limits allow, and labels of any kind: planned and drawn in bounded time."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from .attack import CLEAN, FINDINGS, RUN_FAILED, flowc

TALL = 99_000

FLOWS = {
    "a group of 10,000 under 1,000 handlers": "[a(i) for i in range(10000)]" + " !> h" * 1_000,
    "a group of 10,000 under 1,000 listeners": "[a(i) for i in range(10000)]" + " ~> h" * 1_000,
    "a group of 90,000 under 9,000 handlers": "[a(i) for i in range(90000)]" + " !> h" * 9_000,
    "one step under 9,000 handlers": "a" + " !> h" * 9_000,
    "9,000 handlers in one clause": "a !> [" + ", ".join(["h"] * 9_000) + "]",
    "50,000 to 50,000": "[a(i) for i in range(49999)] -> [b(i) for i in range(49999)]",
    "300 to 3,000": "x = [a(i) for i in range(300)]\n" + "b(x)\n" * 3_000,
    "1,000 to 1,000, one by one": "".join(f"x{n} = a()\n" for n in range(1_000))
    + f"f({', '.join(f'x{n}' for n in range(1_000))})\n" * 1_000,
    "1 to 50,000": "x = a()\n" + "b(x)\n" * 50_000,
    "a long chain": " -> ".join(["a"] * TALL),
    "a long chain of order": " => ".join(["a"] * TALL),
    "a ladder of groups": "x0 = [a(i) for i in range(300)]\n"
    + "".join(f"x{n} = x{n - 1} -> [b(i) for i in range(300)]\n" for n in range(1, 300)),
    "a ladder of order": "x0 = [a(i) for i in range(50)]\n"
    + "".join(f"x{n} = x{n - 1} => [b(i) for i in range(50)]\n" for n in range(1, 1_000)),
    "nested groups": "[" * 60 + "a()" + "]" * 60,
    "groups in groups": "[[a(i, j) for i in range(300)] for j in range(300)]",
    "nested scopes": "(" * 60 + "a" + " !> h)" * 60,
    "scopes in flows": "flow f0():\n    return a() !> h\n"
    + "".join(f"flow f{n}():\n    return f{n - 1}() !> h\n" for n in range(1, 30))
    + "[f29() for i in range(2000)]",
    "flows in flows": "flow f0():\n    a()\n    return b()\n"
    + "".join(f"flow f{n}():\n    f{n - 1}()\n    return f{n - 1}()\n" for n in range(1, 15))
    + "f14()",
    "100,000 steps": "".join(f"x{n} = a({n})\n" for n in range(TALL)),
    "100,000 steps in a row of names": "x0 = a()\n" + "".join(f"x{n} = x{n - 1} -> a\n" for n in range(1, 60_000)),
    "100,000 tasks": "".join(f"p.t{n}()\n" for n in range(TALL)),
    "1,000 groups": "".join(f"x{n} = [a(i) for i in range(90)]\n" for n in range(1_000)),
    "names alike": "".join(f'task "{"~" * n}" as t{n}\nt{n}()\n' for n in range(1, 1_500)),
    "pairs": "".join(f"x{n} = a()\n" for n in range(400))
    + "[f(x, y) for x in ["
    + ", ".join(f"x{n}" for n in range(400))
    + "] for y in [1, 2, 3]]",
    "everything to everything": "".join(f"x{n} = f({', '.join(f'x{m}' for m in range(n))})\n" for n in range(600)),
}

#: For `make test`: the same shapes, a tenth as large, since the largest take many seconds of honest work.
QUICK = {
    "a group of 2,000 under 1,000 handlers": "[a(i) for i in range(2000)]" + " !> h" * 1_000,
    "5,000 to 5,000": "[a(i) for i in range(5000)] -> [b(i) for i in range(5000)]",
    "a long chain": " -> ".join(["a"] * (TALL // 20)),
    "everything to everything": "".join(f"x{n} = f({', '.join(f'x{m}' for m in range(n))})\n" for n in range(150)),
    "names alike": FLOWS["names alike"],
    "nested scopes": FLOWS["nested scopes"],
}

SECONDS = 30


@pytest.mark.parametrize("name", QUICK)
def test_plan_and_picture(tmp_path: Path, name: str) -> None:
    (tmp_path / "t.flow").write_text(QUICK[name] + "\n")
    flowc(tmp_path, "plan", "t.flow", seconds=SECONDS).check(CLEAN, FINDINGS)
    ended = flowc(tmp_path, "graph", "t.flow", "--format", "svg", seconds=SECONDS).check(CLEAN, FINDINGS)
    assert ended.code == FINDINGS or ET.fromstring(ended.out).tag.endswith("svg")
    assert len(ended.out) < 5_000_000


@pytest.mark.soak
@pytest.mark.parametrize(
    "command",
    [["check"], ["plan"], ["plan", "--json"], ["graph"], *(["graph", "--format", form] for form in ("svg", "png", "pdf"))],
    ids=" ".join,
)
@pytest.mark.parametrize("name", FLOWS)
def test_every_command(tmp_path: Path, name: str, command: list[str]) -> None:
    (tmp_path / "t.flow").write_text(FLOWS[name] + "\n")
    ended = flowc(tmp_path, *command, "t.flow", seconds=SECONDS, memory=3 << 29)
    assert ended.code in (CLEAN, FINDINGS), str(ended)
    assert "internal error" not in ended.err


TASKS = """
from flowc import App
app = App("tasks")

@app.task(name="a")
def a(*args):
    return 1

@app.task(name="b")
def b(*args):
    return 2

@app.task(name="f")
def f(*args):
    return 3

@app.task(name="h")
def h(*args):
    pass
"""


@pytest.mark.soak
@pytest.mark.parametrize(
    "name",
    [
        "a group of 10,000 under 1,000 handlers",
        "300 to 3,000",
        "1,000 to 1,000, one by one",
        "a ladder of order",
        "everything to everything",
    ],
)
@pytest.mark.parametrize("pool", ["threads", "solo"])
def test_run(tmp_path: Path, name: str, pool: str) -> None:
    (tmp_path / "tasks.py").write_text(TASKS)
    (tmp_path / "t.flow").write_text(FLOWS[name] + "\n")
    ended = flowc(tmp_path, "run", "t.flow", "--app", "tasks", "--pool", pool, seconds=90, memory=3 << 29)
    assert ended.code in (CLEAN, RUN_FAILED), str(ended)


LABELS = {
    "quotes": "a\"b'c`d",
    "HTML": "<b>x</b>&amp;&lt;&#60;<br/>",
    "script": "</script><script>alert(1)</script><!--",
    "CDATA": "]]><x>",
    "backslashes": "\\N\\G\\L\\l\\r\\\\",
    "a backslash": "\\",
    "line breaks": "a\nb\r\nc",
    "DOT": '"]; evil [label="x"]; {a|b} -> c',
    "long": "x" * 10_000,
    "long words": "xxx " * 5_000,
    "wide": "漢字🎉" * 1_000,
    "combining": "a" + "\u0301" * 5_000,
    "nothing": "",
    "link": "javascript:alert(1)",
    "format": "{0}%s%n${x}",
}


@pytest.mark.parametrize(("label", "forms"), [
    *((label, ("svg", ("dot", "png", "pdf")[place % 3])) for place, label in enumerate(LABELS)),
    *(pytest.param(label, ("dot", "svg", "png", "pdf"), marks=pytest.mark.soak) for label in LABELS),
])  # fmt: skip
def test_labels(tmp_path: Path, label: str, forms: tuple[str, ...]) -> None:
    text = LABELS[label].replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    short = text if len(text) < 200 and "\\n" not in text and text else "x"
    (tmp_path / "t.flow").write_text(
        f'"""{text}"""\nfrom p import a, b, h\ntask "{short} " as t\n'
        f'x = t("{text}", {{"{text}": "{text}"}}) {{queue = "q{short}", shadow = "{short}"}} !> h("{text}")\n'
        f'[a(i) for i in ["{text}", "y"]] -> b(x["{text}"]) ~> h("{text}")\n',
        encoding="utf-8",
    )
    for form in forms:
        flowc(tmp_path, "graph", "t.flow", "-o", f"t.{form}").check(CLEAN)
    drawn = ET.parse(tmp_path / "t.svg").getroot()
    assert {element.tag.rpartition("}")[2] for element in drawn.iter()} <= {
        "svg",
        "g",
        "title",
        "text",
        "path",
        "polygon",
        "polyline",
        "ellipse",
        "a",
        "rect",
        "defs",
        "style",
    }
    links = [value for element in drawn.iter() for name, value in element.attrib.items() if name.endswith("href")]
    assert not any(link.lower().startswith("javascript") for link in links)
