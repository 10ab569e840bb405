"""The command as a whole: help, version, wrong usage, and every way to end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from flowc import __version__
from flowc.cli.exits import Exit, Stop
from flowc.cli.main import COMMANDS, group

from .conftest import Flowc


def test_version(flowc: Flowc) -> None:
    ran = flowc("--version")
    assert (ran.code, ran.out) == (0, f"flowc {__version__}\n")


def test_help_lists_every_command_and_the_exit_codes(flowc: Flowc) -> None:
    ran = flowc("--help")
    assert ran.code == 0
    for name, line in COMMANDS.items():
        assert name in ran.out
        assert line in ran.out
    assert "4 the run failed" in " ".join(ran.out.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(flowc: Flowc, name: str) -> None:
    ran = flowc(name, "--help")
    assert ran.code == 0
    assert ran.out.startswith(f"Usage: flowc {name} ")


def test_no_arguments_shows_help_and_is_wrong_usage(flowc: Flowc) -> None:
    ran = flowc()
    assert ran.code == 2
    assert "Commands:" in ran.err


def test_a_wrong_command_gets_the_nearest(flowc: Flowc) -> None:
    ran = flowc("chek", "a.flow")
    assert ran.code == 2
    assert "Did you mean 'check'?" in ran.err


def test_a_file_instead_of_a_command_is_understood(flowc: Flowc) -> None:
    ran = flowc("etl.flow")
    assert ran.code == 2
    assert "flowc check etl.flow" in ran.err


def test_a_wrong_option_is_wrong_usage(flowc: Flowc) -> None:
    ran = flowc("check", "--strcit")
    assert ran.code == 2
    assert "--strict" in ran.err


@pytest.fixture
def boom(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """A command ``boom`` that raises what is put into this list."""
    raises: list[BaseException] = []

    def command() -> None:
        raise raises[0]

    monkeypatch.setitem(COMMANDS, "boom", "Fails.")
    made = click.command("boom")(command)
    find = group.get_command
    monkeypatch.setattr(group, "get_command", lambda ctx, name: made if name == "boom" else find(ctx, name))
    return raises


def test_a_bug_is_an_internal_error_without_traceback(flowc: Flowc, boom: list[BaseException]) -> None:
    boom.append(ZeroDivisionError("division\nby zero"))
    ran = flowc("boom")
    assert ran.code == 3
    assert "internal error: ZeroDivisionError: division by zero (test_main.py:" in ran.err
    assert "Please report it to the maintainers" in ran.err
    assert "Traceback" not in ran.err


def test_a_bug_shows_its_traceback_when_asked(flowc: Flowc, boom: list[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    boom.append(ZeroDivisionError())
    monkeypatch.setenv("FLOWC_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        flowc("boom")


def test_ctrl_c(flowc: Flowc, boom: list[BaseException]) -> None:
    boom.append(KeyboardInterrupt())
    ran = flowc("boom")
    assert ran.code == 130
    assert ran.err == "\nflowc: interrupted\n"


def test_a_stop_says_its_message_and_code(flowc: Flowc, boom: list[BaseException]) -> None:
    boom.append(Stop("no broker", Exit.BROKER, hint="start one"))
    ran = flowc("boom")
    assert (ran.code, ran.err) == (5, "flowc: no broker\n  start one\n")


def test_a_reader_that_goes_away_is_no_error(here: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "flowc", "--help"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == Exit.BROKEN_PIPE


def test_output_that_the_terminal_cannot_encode_is_escaped(here: Path) -> None:
    (here / "é.flow").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "flowc", "check", "é.flow"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii:strict", "PYTHONUTF8": "1"},
        check=False,
    )
    assert done.returncode == 2
    assert b"there is no .flow file below \\xe9.flow" in done.stderr


def test_commands_are_imported_only_when_called() -> None:
    code = "import sys; from flowc.cli.main import main; main(['--help']); print([m for m in sys.modules if m.startswith('flowc')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == str(["flowc", "flowc.cli", "flowc.cli.exits", "flowc.cli.terminal", "flowc.cli.main"])
