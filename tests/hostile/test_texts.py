"""Every command on texts that no one would write."""

from __future__ import annotations

from pathlib import Path

import pytest

from .attack import CLEAN, FINDINGS, USAGE, flowc
from .texts import BRACKETS, ENCODINGS, ERRORS, FULL, LARGE, VALUES, Made

ALL = {f"{family}: {name}": made for family, texts in (("values", VALUES), ("encodings", ENCODINGS), ("brackets", BRACKETS),
                                                       ("errors", ERRORS), ("large", LARGE)) for name, made in texts.items()}  # fmt: skip

#: What is left to `make soak`: it takes seconds until a limit of the compiler is reached, whatever its size; or another is much like it.
LATE = {
    *("values: sorting", "values: a list of two", "values: big headers of many", "brackets: random", "encodings: carriage returns"),
    *("brackets: mixed, balanced", "brackets: mixed", "brackets: blocks", "brackets: calls", "errors: nothing but errors"),
    *(f"brackets: {one}" for one in ("[] balanced", "{} balanced", "[ opened", "{ opened", "] closed", "} closed", "strings in brackets")),
}
QUICK = [name for name in ALL if not name.startswith("large: ") and name not in LATE]

#: Sizes for `make test` of texts whose greatest size takes seconds of honest work: still far more than anyone would write.
SIZES = {
    "values: chunks": 5_000,
    "brackets: indexes": 20_000,
    "errors: open brackets": 1_000,
    "errors: unknown names": 4_000,
    "errors: different unknown names": 4_000,
    "errors: repeated names": 2_000,
    "errors: indentation": 5_000,
    "errors: open strings": 500,
    "errors: options": 10_000,
    "errors: arguments": 10_000,
}

#: Options with which the compiler's limit is reached sooner.
SOONER = {"values: a billion steps in groups": ["--max-steps", "5000"]}

#: Of the large ones, those that once took a minute or a gigabyte; and how much of them.
LARGE_ONES = {"only (": FULL, "numbers": FULL // 4, "an open long string": FULL // 4, "line ends": FULL // 8}

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


def write(folder: Path, made: Made, *size: int) -> None:
    text = made(*size)
    (folder / "t.flow").write_bytes(text if isinstance(text, bytes) else text.encode())


def write_quick(folder: Path, name: str) -> None:
    """Write one of the texts, no larger than seconds allow."""
    write(folder, ALL[name], *([SIZES[name]] if name in SIZES else []))


@pytest.mark.parametrize("name", QUICK)
def test_check(tmp_path: Path, name: str) -> None:
    write_quick(tmp_path, name)
    ended = flowc(tmp_path, "check", *SOONER.get(name, []), "t.flow").check(CLEAN, FINDINGS)
    assert len(ended.out) < 1_000_000


@pytest.mark.parametrize("name", LARGE_ONES)
def test_check_of_a_large_one(tmp_path: Path, name: str) -> None:
    text = LARGE[name]()
    assert isinstance(text, str)
    (tmp_path / "t.flow").write_text(text[: LARGE_ONES[name]])
    flowc(tmp_path, "check", "t.flow").check(CLEAN, FINDINGS)


SOME = [name for name in QUICK if name.startswith(("encodings", "values")) and name not in {*SOONER, "values: a billion conditions"}][3::4]


@pytest.mark.parametrize("place", range(len(SOME)), ids=SOME)
def test_commands_on_some(tmp_path: Path, place: int) -> None:
    """Two commands in turn on each of some texts."""
    for command in (COMMANDS[place % 4], COMMANDS[place % 4 + 4]):
        name = SOME[place]
        write_quick(tmp_path, name)
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
