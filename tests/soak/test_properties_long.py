"""Each property of which `make test` takes few examples, with many."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

FILES = sorted(path.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py") if "max_examples=some(" in path.read_text())


@pytest.mark.soak
@pytest.mark.parametrize("file", [file for file in FILES if not file.startswith("soak/")])
def test_many_examples(file: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "hypothesis and not soak", "--timeout=1800", file]
    done = subprocess.run(command, cwd=TESTS, env={**os.environ, "TIMES_AS_MANY": "10"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
