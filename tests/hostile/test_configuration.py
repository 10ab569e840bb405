"""Settings, applications and options of the command line that are wrong in every way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .attack import CLEAN, FINDINGS, INTERRUPTED, RUN_FAILED, USAGE, flowc

SETTINGS: dict[str, bytes] = {
    "bad TOML": b"[tool.flowc\n",
    "no TOML": b"flowc \x00\xff\xfe",
    "UTF-16": "[tool.flowc]\n".encode("utf-16"),
    "repeated key": b'[tool.flowc]\napp = "a"\napp = "b"\n',
    "repeated table": b"[tool.flowc]\n[tool.flowc]\n",
    "unknown key": b"[tool.flowc]\nfoo = 1\n",
    "hostile key": b'[tool.flowc]\n"\\u001b[31m\\u202e" = 1\n',
    "long key": b"[tool.flowc]\n" + b"k" * 900_000 + b" = 1\n",
    "long value": b'[tool.flowc]\napp = ["' + b"k" * 900_000 + b'"]\n',
    "many keys": b"[tool.flowc]\n" + b"".join(b"k%d = 1\n" % n for n in range(50_000)),
    "app a number": b"[tool.flowc]\napp = 5\n",
    "app empty": b'[tool.flowc]\napp = ""\n',
    "env a text": b'[tool.flowc]\nenv = "HOME"\n',
    "env of numbers": b"[tool.flowc]\nenv = [1]\n",
    "env of lists": b"[tool.flowc]\nenv = [[]]\n",
    "env of an empty text": b'[tool.flowc]\nenv = [""]\n',
    "a text": b'[tool]\nflowc = "x"\n',
    "a list": b"[[tool.flowc]]\n",
    "tool a number": b"tool = 1 # flowc\n",
    "deep": b"[tool.flowc]\napp = " + b"[" * 100_000 + b"]" * 100_000,
    "deep tables": b"tool.flowc" + b".a" * 100_000 + b" = 1\n",
    "deep inline tables": b"[tool.flowc]\napp = " + b"{a=" * 50_000 + b"1" + b"}" * 50_000,
    "long number": b"[tool.flowc]\napp = " + b"9" * 5_000 + b"\n",
    "long hexadecimal number": b"[tool.flowc]\napp = 0x" + b"f" * 500_000 + b"\n",
    "bad date": b"[tool.flowc]\napp = 0000-00-00\n",
    "bad time": b"[tool.flowc]\napp = 25:00:00\n",
    "too large": b"#" * 1_000_001 + b"\n[tool.flowc]\n",
    "too large for a look": b"[tool.flowc]\nfoo = 1\n" + b"#" * 1_000_001,
    "escape in a text": b'[tool.flowc]\napp = "\\u001b[31m:\\u202e"\n',
    "flow in the name": b'[project]\nname = "flowc"\n[tool.other]\nx = 1\n',
    "nothing": b"",
}


@pytest.mark.parametrize(("name", "commands"), [
    *((name, (("check", "plan", "graph", "run")[place % 4],)) for place, name in enumerate(SETTINGS)),
    *(pytest.param(name, ("check", "plan", "graph", "run"), marks=pytest.mark.soak) for name in SETTINGS),
])  # fmt: skip
def test_settings(tmp_path: Path, name: str, commands: tuple[str, ...]) -> None:
    (tmp_path / "pyproject.toml").write_bytes(SETTINGS[name])
    (tmp_path / "t.flow").write_text("1\n")
    for command in commands:
        ended = flowc(tmp_path, command, "t.flow").check(CLEAN, USAGE)
        assert len(ended.err) < 5_000


def test_settings_that_are_no_file(tmp_path: Path) -> None:
    (tmp_path / "t.flow").write_text("1\n")
    path = tmp_path / "pyproject.toml"
    path.mkdir()
    flowc(tmp_path, "check", "t.flow").check(CLEAN, USAGE)
    path.rmdir()
    os.mkfifo(path)
    flowc(tmp_path, "check", "t.flow").check(CLEAN, USAGE)
    for target in (str(path), "/dev/zero", "/proc/self/mem", "nowhere"):
        path.unlink()
        path.symlink_to(target)
        flowc(tmp_path, "check", "t.flow").check(CLEAN, USAGE)


def test_settings_of_a_flow_from_elsewhere_run_nothing(tmp_path: Path) -> None:
    """A pull request's own settings and modules are not imported by a check."""
    (tmp_path / "pyproject.toml").write_text('[tool.flowc]\napp = "evil"\n')
    (tmp_path / "t.flow").write_text("from evil import x\nx()\n")
    for name in ("evil", "yaml", "lark", "click", "flowc", "re", "json", "rich", "pydantic", "sitecustomize", "kombu"):
        (tmp_path / f"{name}.py").write_text("open('pwned', 'w')\n")
    for command in (["check"], ["plan"], ["graph"], ["fmt"], ["graph", "-o", "t.svg"]):
        flowc(tmp_path, *command, "t.flow").check(CLEAN)
    assert not (tmp_path / "pwned").exists()


# ── applications ─────────────────────────────────────────────────────────────────────────────────────────────

MODULES = {
    "raises": "raise ValueError('no')",
    "raises_quietly": "raise ValueError",
    "exits": "import sys\nsys.exit(0)",
    "exits_with_text": "import sys\nsys.exit('\\x1b[31m')",
    "interrupts": "raise KeyboardInterrupt",
    "recurses": "def f(): f()\nf()",
    "base": "class Strange(BaseException): pass\nraise Strange",
    "generator": "raise GeneratorExit",
    "unshown": "class E(Exception):\n    def __str__(self): raise SystemExit(0)\n    __repr__ = __str__\nraise E",
    "broken_args": "class E(Exception):\n    args = property(lambda self: 1 / 0)\nraise E",
    "syntax": "def f(:\n",
    "null": "x = '\0'",
    "latin": "# \udcff",
    "imports_missing": "import nowhere_at_all",
    "imports_itself": "from imports_itself import app",
    "memory": "raise MemoryError",
    "escape": "raise ValueError('\\x1b[31m\\u202e\\r')",
    "long": "raise ValueError('x' * 10_000_000)",
    "no_app": "x = 1",
    "no_app_but_a_name": "app = 1",
    "two": "from flowc import App\na = App('a')\nb = App('b')",
    "closes": "import sys\nsys.stdout.close()\nraise ValueError('x')",
    "closes_all": "import os\nos.closerange(0, 3)\nraise ValueError('x')",
    "no_path": "import sys\nsys.path = None\nfrom flowc import App\napp = App('a')",
    "odd_module": "import sys\nclass M:\n    def __getattr__(self, n): raise ValueError(n)\nsys.modules[__name__] = M()",
    "none": "import sys\nsys.modules[__name__] = None",
    "lazy": "def __getattr__(name): raise ValueError(name)",
    "bad_name": "from flowc import App\napp = App('')\n@app.task(name='')\ndef f(): pass",
    "bad_names": "from flowc import App\napp = App('a')\n@app.task(name='\\x1b[31m')\ndef f(): pass",
    "bad_default": "from flowc import App\napp = App('a')\nclass X:\n    def __repr__(self): exit()\n@app.task\ndef f(x=X()): pass",
    "bad_annotation": "from flowc import App\napp = App('a')\n@app.task\ndef f(x: nowhere) -> 'also nowhere[': pass",
    "prints": "print('\\x1b[31mred')\nimport sys\nsys.stderr.write('\\x1b[2J')\nx = 1",
}

#: What a module itself prints is its own business.
_OWN_OUTPUT = {"prints"}


@pytest.mark.parametrize(("name", "commands"), [
    *((name, (("check", "run")[place % 2],)) for place, name in enumerate(MODULES)),
    *(pytest.param(name, ("check", "run"), marks=pytest.mark.soak) for name in MODULES),
])  # fmt: skip
def test_an_application(tmp_path: Path, name: str, commands: tuple[str, ...]) -> None:
    (tmp_path / f"{name}.py").write_text(MODULES[name], errors="surrogateescape")
    (tmp_path / "t.flow").write_text("1\n")
    for command in commands:
        ended = flowc(tmp_path, command, "t.flow", "--app", name)
        assert ended.code in (CLEAN, USAGE, INTERRUPTED), str(ended)
        assert "internal error" not in ended.err, str(ended)
        assert 'File "' not in ended.err or name in ended.err, str(ended)
        if name not in _OWN_OUTPUT:
            ended.check_terminal()
        assert len(ended.err) < 120_000


SPECS = [
    *("", " ", ":", "-", "--", "1", "nowhere", "nowhere.at.all", "os", "os:path", "flowc", "flowc:App", "builtins", "__main__", "sys"),
    *("ok:", "ok:nowhere", "ok:app.x", "ok:__name__", "ok:app:app", ":app", "ok:1", "ok: app", "ok:\u202e", "ok:\x1b"),
    *("ok.py", "./ok.py", "../ok", "/etc/passwd", "ok;app", "ok\n", "\x1b[31m", "\u202e"),
    *("a" * 5_000, "a." * 5_000 + "a", "ok:" + "a." * 5_000 + "a"),
]


def test_names_of_applications(tmp_path: Path) -> None:
    (tmp_path / "ok.py").write_text("from flowc import App\napp = App('ok')\n")
    (tmp_path / "t.flow").write_text("1\n")
    for spec in SPECS:
        flowc(tmp_path, "check", "t.flow", f"--app={spec}").check(CLEAN, USAGE)


# ── options ──────────────────────────────────────────────────────────────────────────────────────────────────

LINES: list[list[str]] = [
    ["check", "--output-format", "xml", "t.flow"],
    ["check", "--output-format", "\x1b[31m", "t.flow"],
    ["check", "--max-steps", "0", "t.flow"],
    ["check", "--max-steps", "-1", "t.flow"],
    ["check", "--max-steps", "x", "t.flow"],
    ["check", "--max-steps", "9" * 5_000, "t.flow"],
    ["check", "--max-steps", "9" * 30, "t.flow"],
    ["check", "--max-steps", "1.5", "t.flow"],
    ["check", "--max-steps", "", "t.flow"],
    ["check", "--nope\x1b[31m", "t.flow"],
    ["check", "--strict=1", "t.flow"],
    ["check", "--", "--strict"],
    ["check", "--app"],
    ["check", *["t.flow"] * 1_000],
    ["check", "-", "-"],
    ["plan", "t.flow", "t.flow"],
    ["plan"],
    ["plan", "."],
    ["graph", "t.flow", "--format", "exe"],
    ["graph", "t.flow", "--format", "\x1b[31m"],
    ["graph", "t.flow", "--format", ""],
    ["graph", "t.flow", "--direction", "UP"],
    ["graph", "t.flow", "-o", ""],
    ["graph", "t.flow", "-o", "x"],
    ["graph", "t.flow", "-o", "x.exe"],
    ["graph", "t.flow", "-o", "x." + "y" * 5_000],
    ["graph", "t.flow", "-o", "nowhere/x.svg"],
    ["graph", "t.flow", "-o", "folder.svg"],
    ["graph", "t.flow", "-o", "t.flow/x.svg"],
    ["graph", "t.flow", "-o", "loop.svg"],
    ["graph", "t.flow", "-o", "/dev/full", "--format", "dot"],
    ["graph", "t.flow", "-o", "/dev/full", "--format", "png"],
    ["graph", "t.flow", "-o", "/proc/x.svg"],
    ["graph", "t.flow", "-o", "\x1b[31m/x.svg"],
    ["fmt"],
    ["fmt", "--check", "--diff", "t.flow"],
    ["fmt", "nowhere.flow", "t.flow"],
    ["run", "t.flow", "-c", "0"],
    ["run", "t.flow", "-c", "-1"],
    ["run", "t.flow", "-c", "x"],
    ["run", "t.flow", "-c", "9" * 30],
    ["run", "t.flow", "--pool", "magic"],
    ["run", "t.flow", "--json", "--json", "--pool", "solo", "-c", "1"],
    ["explain", "F9999"],
    ["explain", "F0101", "\x1b[31m", "x" * 10_000],
    ["explain", ""],
    ["explain", "f101"],
    ["explain", "--x"],
    ["chekc"],
    ["\x1b[31m"],
    ["\udcff"],
    ["x" * 100_000],
    ["--version", "x"],
    ["--nope"],
    [""],
]


@pytest.mark.parametrize("line", LINES, ids=lambda line: ascii(" ".join(line)[:40]))
def test_a_command_line(tmp_path: Path, line: list[str]) -> None:
    (tmp_path / "t.flow").write_text("add(1)\n")
    (tmp_path / "folder.svg").mkdir()
    (tmp_path / "loop.svg").symlink_to("loop.svg")
    ended = flowc(tmp_path, *line).check(CLEAN, FINDINGS, USAGE, RUN_FAILED)
    assert len(ended.err) < 10_000
