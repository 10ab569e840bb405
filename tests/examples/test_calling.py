"""The example that calls tasks from Python: on one process, and on two."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .conftest import EXAMPLES

SAID = """\
ada@example.org
Hello -> alan@example.org (try 2)
3 letters
archived 1 of 2
archived 2 of 2
letters.address('eve',) failed: KeyError('eve')
KeyError('eve') FAILURE
"""


def test_the_program(here: Path) -> None:
    done = subprocess.run(
        [sys.executable, EXAMPLES / "calling/calling.py"], capture_output=True, text=True, encoding="utf-8", check=True, cwd=here
    )
    assert done.stdout == SAID


def test_a_worker_and_a_caller_share_a_file(here: Path) -> None:
    """As the program's description says: two commands, one folder, no server."""
    environment = {**os.environ, "FLOWC_BROKER_URL": "sqlite:///letters.db", "FLOWC_RESULT_BACKEND": "sqlite:///letters.db"}
    flowc = [sys.executable, "-m", "flowc"]
    with subprocess.Popen([*flowc, "worker", "--app", "examples.calling.tasks"], cwd=here, env=environment) as worker:
        try:
            call = [*flowc, "call", "letters.address", "ada", "--wait", "--timeout", "60"]
            done = subprocess.run(call, capture_output=True, text=True, cwd=here, env=environment, timeout=90)
            assert (done.returncode, done.stdout) == (0, '"ada@example.org"\n'), done.stderr
        finally:
            worker.terminate()
            assert worker.wait(60) == 0
