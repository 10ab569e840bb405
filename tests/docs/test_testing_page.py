"""The page on testing does what it says: its tests pass, as written, on its flow; what it shows of a failed run is what is shown."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import flowc
from flowc.testing import run

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
FLOW = next(text for kind, text in BLOCKS if kind == "flow")


def pytest_says(folder: Path, *args: str) -> str:
    words = [sys.executable, "-m", "pytest", "-p", "flowc", "-p", "no:cacheprovider", *args]
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # other plugins take their time
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_its_tests_pass(tmp_path: Path) -> None:
    (tmp_path / "orders.flow").write_text(FLOW, encoding="utf-8")
    (tmp_path / "test_orders.py").write_text("".join(text for kind, text in BLOCKS if kind == "python"), encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(
        next(text for kind, text in BLOCKS if kind == "toml").replace("= true", "= false"), encoding="utf-8"
    )
    shown = next(text for kind, text in BLOCKS if kind == "console").splitlines()
    said = pytest_says(tmp_path, "-W", "ignore", "--flowc").splitlines()
    assert [line for line in said if line in shown[1:]] == shown[1:]


def test_a_failed_run_is_shown_so() -> None:
    shown = next(text for kind, text in BLOCKS if kind == "text").splitlines()
    failed = run(
        flowc.loads(FLOW, name="orders.flow"), stubs={"extract": [1], "report": 1, "alert": None}, fail={"load": OSError("disk full")}
    )
    assert shown[1:] == failed.text.splitlines()[: len(shown) - 1]


def test_links_lead_somewhere() -> None:
    headings = {re.sub(r"[^\w -]", "", line.lstrip("# ")).lower().replace(" ", "-") for line in TEXT.splitlines() if line.startswith("#")}
    for page, anchor in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", TEXT):
        assert (ROOT / "docs" / page).exists()
        assert page or anchor in headings


def test_the_example_is_tried(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples" / "testing", tmp_path / "testing", ignore=shutil.ignore_patterns("__pycache__"))
    assert re.search(r"^=+ 8 passed in", pytest_says(tmp_path / "testing", "--flowc"), re.MULTILINE)
