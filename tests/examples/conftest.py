"""Running the examples as their readers do: from a folder that has them, but is not the repository."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flowc.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        """The JSON on standard output."""
        return json.loads(self.out)


Flowc = Callable[..., Ran]


def forget_examples() -> None:
    """Forget the modules of the examples, so that each run imports its own."""
    for name in [name for name in sys.modules if name.split(".", 1)[0] in ("examples", "tasks")]:
        del sys.modules[name]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder: empty but for the examples. What they write stays in it."""
    (tmp_path / "examples").symlink_to(EXAMPLES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("NO_COLOR", "FORCE_COLOR", "FLOWC_DEBUG", "CITY", "API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    forget_examples()
    yield tmp_path
    forget_examples()


@pytest.fixture
def flowc(here: Path, capfd: pytest.CaptureFixture[str]) -> Flowc:
    """The command, in the folder ``here``."""

    def run(*args: str) -> Ran:
        capfd.readouterr()
        code = main(args)
        said = capfd.readouterr()
        return Ran(int(code), said.out, said.err)

    return run


@pytest.fixture
def example(flowc: Flowc) -> Flowc:
    """Runs an example with its own tasks: ``example("joins/diamond", "-p", …)``."""

    def run(name: str, *args: str) -> Ran:
        return flowc("run", f"examples/{name}.flow", "--app", f"examples.{name.split('/')[0]}.tasks", *args)

    return run
