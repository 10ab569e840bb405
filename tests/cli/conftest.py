"""Running the command: in this process, where its output can be looked at cheaply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from flowc.cli.main import main


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


Flowc = Callable[..., Ran]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "FLOWC_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def flowc(here: Path, capsys: pytest.CaptureFixture[str]) -> Flowc:
    """Run ``flowc`` with arguments, in the folder ``here``."""

    def run(*args: str) -> Ran:
        capsys.readouterr()
        code = main(args)
        said = capsys.readouterr()
        return Ran(int(code), said.out, said.err)

    return run
