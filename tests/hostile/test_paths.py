"""Every kind of thing that a path on the command line or in an include can lead to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ..slices import every
from .attack import CLEAN, FINDINGS, USAGE, Ended, flowc

COMMANDS = (["check"], ["plan"], ["graph"], ["fmt"], ["run"])

needs_rights = pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read and write everything")


def make(folder: Path, kind: str) -> str:
    """Something in the folder that is no flow; its name."""
    path = folder / f"{kind}.flow"
    match kind:
        case "folder":
            path.mkdir()
        case "fifo":
            os.mkfifo(path)
        case "dangling":
            path.symlink_to("nowhere.flow")
        case "loop":
            path.symlink_to("loop.flow")
        case "zero":
            path.symlink_to("/dev/zero")
        case "unreadable":
            path.write_text("add(1)\n")
            path.chmod(0)
        case "missing":
            pass
        case "long":
            return "x" * 5_000 + ".flow"
        case "below":
            (folder / "file").write_text("")
            return "file/x.flow"
        case _:
            return kind
    return path.name


KINDS = [
    *("folder", "fifo", "dangling", "loop", "zero", "missing", "long", "below", ".", ".."),
    *("/dev/zero", "/dev/full", "/dev/tty", "/proc/self/mem", "/proc/1/mem", "/dev/fd/77", "/dev/stdin"),
]


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """A folder with nothing beside it: tests may look at what is above them."""
    folder = tmp_path / "alone"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_check_of_what_is_no_flow(alone: Path, kind: str) -> None:
    flowc(alone, "check", make(alone, kind), stdin="/dev/zero").check(FINDINGS, USAGE)


@pytest.mark.soak
@pytest.mark.parametrize("command", COMMANDS[1:], ids=" ".join)
@pytest.mark.parametrize("kind", KINDS)
def test_every_command_on_what_is_no_flow(alone: Path, kind: str, command: list[str]) -> None:
    flowc(alone, *command, make(alone, kind), stdin="/dev/zero").check(FINDINGS, USAGE)


@needs_rights
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_an_unreadable_file(tmp_path: Path, command: list[str]) -> None:
    ended = flowc(tmp_path, *command, make(tmp_path, "unreadable")).check(FINDINGS)
    assert "permission denied" in ended.out + ended.err


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_standard_input_without_end(tmp_path: Path, command: list[str]) -> None:
    flowc(tmp_path, *command, "-", stdin="/dev/zero").check(FINDINGS)


def test_nothing_at_all(tmp_path: Path) -> None:
    assert flowc(tmp_path, "check", "/dev/null").check(FINDINGS).out != ""
    flowc(tmp_path, "check", "-").check(CLEAN)
    flowc(tmp_path, "check", "").check(FINDINGS, USAGE)
    flowc(tmp_path).check(USAGE)


NAMES = {
    "unicode": "größe 漢字 🎉.flow",
    "line break": "a\nb.flow",
    "escape": "\x1b[31mred\x1b[2J.flow",
    "turned": "\u202egpj.flow",
    "no UTF-8": os.fsdecode(b"\xff\xfe\x9b31m.flow"),
    "quotes": "a'b\"c`$(id).flow",
    "blanks": " .flow",
    "braces": "{0}{x!r}%s.flow",
}


@pytest.mark.parametrize("name", every(2, NAMES.values()), ids=NAMES)
def test_strange_names_of_files(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("add(x)\n")
    for form in ("full", "concise", "json"):
        flowc(tmp_path, "check", "--output-format", form, name).check(FINDINGS)
    flowc(tmp_path, "check").check(FINDINGS)
    flowc(tmp_path, "plan", f"{name}x").check(FINDINGS)


@pytest.mark.parametrize("name", every(3, NAMES.values(), first=1), ids=NAMES)
def test_strange_names_of_files_in_products(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("add( 1)\n")
    for command in (["plan"], ["plan", "--json"], ["graph"], ["graph", "--format", "svg"]):
        flowc(tmp_path, *command, name).check(CLEAN)
    flowc(tmp_path, "fmt", "--check", name).check(FINDINGS)
    flowc(tmp_path, "fmt", "--diff", name).check(FINDINGS)
    flowc(tmp_path, "graph", name, "-o", f"{name}.svg").check(CLEAN)
    flowc(tmp_path, "fmt", name).check(CLEAN)
    flowc(tmp_path, "run", name).check(USAGE)


def test_names_that_begin_like_options(tmp_path: Path) -> None:
    (tmp_path / "-x.flow").write_text("add(1)\n")
    flowc(tmp_path, "check", "-x.flow").check(USAGE)
    flowc(tmp_path, "check", "--", "-x.flow").check(CLEAN)
    flowc(tmp_path, "check", ".").check(CLEAN)
    flowc(tmp_path, "graph", "./-x.flow", "-o", "-x.svg").check(CLEAN)
    assert (tmp_path / "-x.svg").exists()


# ── includes ─────────────────────────────────────────────────────────────────────────────────────────────────

SECRET = "root:x:0:0:the-secret-of-another-file"


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    """A folder of flows, beside which there is something to be stolen."""
    folder = tmp_path / "flows"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "outside.flow").write_text(f"{SECRET}\n")
    (tmp_path / "secret.txt").write_text(f"{SECRET}\n")
    (folder / "notes.txt").write_text(f"{SECRET}\n")
    (folder / "out.flow").symlink_to(tmp_path / "outside.flow")
    (folder / "text.flow").symlink_to(tmp_path / "secret.txt")
    (folder / "up").symlink_to(tmp_path)
    (folder / "loop.flow").symlink_to("loop.flow")
    (folder / "zero.flow").symlink_to("/dev/zero")
    (folder / "passwd.flow").symlink_to("/etc/passwd")
    (folder / "folder.flow").mkdir()
    os.mkfifo(folder / "fifo.flow")
    (folder / "bad.flow").write_bytes(b"\xff\xfe\x00")
    (folder / "huge.flow").write_bytes(b"#")
    os.truncate(folder / "huge.flow", 16 * 1024 * 1024 + 1)
    (folder / "ok.flow").write_text("flow go():\n    return work()\n")
    return folder


def including(folder: Path, path: str, *args: str) -> Ended:
    (folder / "main.flow").write_text(f'include "{path}" as x\nx.go()\n')
    return flowc(folder, "check", "main.flow", *args)


REFUSED = [
    *("main.flow", "missing.flow", "notes.txt", "folder.flow", "fifo.flow", "loop.flow", "bad.flow", "huge.flow", "sub", ".", "..", "/"),
    *(
        "/dev/zero",
        "zero.flow",
        "/etc/passwd",
        "//etc/passwd",
        "passwd.flow",
        "~/x.flow",
        "$HOME/x.flow",
        "../../../../../../../etc/passwd",
    ),
    *("../outside.flow", "../secret.txt", "out.flow", "text.flow", "up/outside.flow", "sub/../../outside.flow", "../flows/../outside.flow"),
    *("ok.flow\\u0000", "\\u0000", "\\u001b[31m.flow", "\\u202e.flow", "ok.flow\\n", "ok.flow/", "ok.flow/.", "", " "),
    *("file:///etc/passwd", "http://localhost/x.flow", "C:\\\\x.flow", "\\\\\\\\host\\\\x.flow"),
    *("x" * 300 + ".flow", "x/" * 5_000 + "x.flow"),
]


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path[:24])
def test_an_include_that_is_refused(inside: Path, path: str) -> None:
    ended = including(inside, path).check(FINDINGS)
    assert SECRET not in ended.out + ended.err


@pytest.mark.parametrize("path", ["ok.flow", "./ok.flow", "sub/../ok.flow", "../flows/ok.flow"])
def test_an_include_that_is_fine(inside: Path, path: str) -> None:
    including(inside, path).check(CLEAN)


def test_include_roots(inside: Path) -> None:
    assert SECRET[:8] in including(inside, "../outside.flow", "--include-root", "..").check(FINDINGS).out, "the user has allowed it"
    for root in ("nowhere", "ok.flow", "", "loop.flow", "/dev/null", "x" * 5_000, "fifo.flow"):
        assert SECRET not in including(inside, "../outside.flow", "--include-root", root).check(FINDINGS, USAGE).out


def test_includes_of_standard_input(inside: Path) -> None:
    for name in ("/dev/zero", "../x", "nowhere/x.flow", "\x1b[31m", "", "main.flow/x"):
        ended = flowc(inside, "check", "-", "--stdin-filename", name, stdin=b'include "../outside.flow" as x\nx.go()\n')
        assert SECRET not in ended.check(FINDINGS, USAGE).out


@pytest.mark.soak  # seconds of honest work: too near its limit of time on a busy machine
def test_many_large_includes(tmp_path: Path) -> None:
    """Each is small enough, all together are not."""
    for n in range(40):
        (tmp_path / f"f{n}.flow").write_text("#" * 2_000_000 + "\n" + "n = [1, 2, 3]\n" * 20_000)
    (tmp_path / "main.flow").write_text("".join(f'include "f{n}.flow" as f{n}\n' for n in range(40)))
    flowc(tmp_path, "check", "main.flow").check(FINDINGS)
