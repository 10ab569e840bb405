"""Every command on texts that no one would write."""

from __future__ import annotations

from pathlib import Path

import pytest

from .attack import CLEAN, FINDINGS, USAGE, flowc
from .texts import BRACKETS, ENCODINGS, ERRORS, LARGE, VALUES, Made

ALL = {f"{family}: {name}": made for family, texts in (("values", VALUES), ("encodings", ENCODINGS), ("brackets", BRACKETS),
                                                       ("errors", ERRORS), ("large", LARGE)) for name, made in texts.items()}  # fmt: skip
QUICK = [name for name in ALL if not name.startswith("large: ")]

#: Of the large ones, those that once took a minute or a gigabyte.
LARGE_ONES = ["only (", "numbers", "an open long string", "line ends"]

COMMANDS = (
    ["plan"],
    ["plan", "--json"],
    ["graph"],
    ["graph", "--format", "svg"],
    ["fmt", "--diff"],
    ["fmt"],
    ["run"],
    ["check", "--output-format", "json"],
)

#: Seconds of processor time for texts of the greatest size: more than for others, since machines differ.
LONG = 30


def write(folder: Path, made: Made) -> None:
    text = made()
    (folder / "t.flow").write_bytes(text if isinstance(text, bytes) else text.encode())


@pytest.mark.parametrize("name", QUICK)
def test_check(tmp_path: Path, name: str) -> None:
    write(tmp_path, ALL[name])
    ended = flowc(tmp_path, "check", "t.flow").check(CLEAN, FINDINGS)
    assert len(ended.out) < 1_000_000


@pytest.mark.parametrize("name", LARGE_ONES)
def test_check_of_a_large_one(tmp_path: Path, name: str) -> None:
    write(tmp_path, LARGE[name])
    flowc(tmp_path, "check", "t.flow").check(CLEAN, FINDINGS)


@pytest.mark.parametrize("name", [name for family in (ENCODINGS, VALUES) for name in family][::4])
def test_all_commands_on_some(tmp_path: Path, name: str) -> None:
    made = (ENCODINGS | VALUES)[name]
    for command in COMMANDS:
        write(tmp_path, made)
        flowc(tmp_path, *command, "t.flow").check(CLEAN, FINDINGS, USAGE)


@pytest.mark.soak
@pytest.mark.parametrize("command", [["check"], *COMMANDS], ids=" ".join)
@pytest.mark.parametrize("name", ALL)
def test_every_command(tmp_path: Path, name: str, command: list[str]) -> None:
    write(tmp_path, ALL[name])
    flowc(tmp_path, *command, "t.flow", seconds=LONG).check(CLEAN, FINDINGS, USAGE)


@pytest.mark.parametrize("command", [["check"], ["plan"], ["graph"], ["fmt"], ["run"]], ids=" ".join)
def test_standard_input(tmp_path: Path, command: list[str]) -> None:
    for name in ("random bytes", "UTF-16", "NUL", "random ASCII"):
        made = ENCODINGS[name]()
        flowc(tmp_path, *command, "-", stdin=made if isinstance(made, bytes) else made.encode()).check(FINDINGS)


def test_one_bad_file_among_many(tmp_path: Path) -> None:
    """The others are checked all the same."""
    for number, made in enumerate(ENCODINGS.values()):
        text = made()
        (tmp_path / f"t{number}.flow").write_bytes(text if isinstance(text, bytes) else text.encode())
    (tmp_path / "zz.flow").write_text("add(wrong)\n")
    ended = flowc(tmp_path, "check", "--output-format", "concise").check(FINDINGS)
    assert "zz.flow:1:5: error[F0203]" in ended.out


def test_formatting_keeps_what_it_cannot_read(tmp_path: Path) -> None:
    for name in ("random bytes", "invalid UTF-8", "UTF-16", "NUL", "random ASCII", "surrogates in UTF-8"):
        write(tmp_path, ENCODINGS[name])
        before = (tmp_path / "t.flow").read_bytes()
        flowc(tmp_path, "fmt", "t.flow").check(FINDINGS)
        assert (tmp_path / "t.flow").read_bytes() == before
