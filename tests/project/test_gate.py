"""The checkers bite: a planted mistake in a copy of the sources is found."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package, laid out plainly as ``flowc``, with the project's settings."""
    package = tmp_path / "flowc"
    package.mkdir()
    for part in PARTS:
        path = ROOT / part
        if path.is_dir():
            shutil.copytree(path, package / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, package / part)
    settings = (ROOT / "pyproject.toml").read_text().replace('files = [".editable/flowc", "tests"]', 'files = ["flowc"]')
    (tmp_path / "pyproject.toml").write_text(settings.replace('mypy_path = ".editable"', 'mypy_path = "."'))
    return tmp_path


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    code = f"""
import sys
sys.path.insert(0, {str(folder)!r})
from importlinter.cli import lint_imports
sys.exit(lint_imports(no_cache=True))
"""
    return subprocess.run([sys.executable, "-P", "-c", code], cwd=folder, capture_output=True, text=True, check=False)


def test_imports_go_downwards_only(copy: Path) -> None:
    done = lint_imports(copy)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


PLANTED = [
    ("dsl/source.py", "from ..compiler import plan", "The stages import downwards only"),
    ("runtime/app.py", "from ..compiler import include", "The runtime knows nothing of the compiler but the plan"),
    ("runtime/app.py", "from ..dsl import source", "The runtime knows nothing of the compiler but the plan"),
    ("compiler/plan.py", "import lark", "Only the dsl knows Lark"),
    ("compiler/plan.py", "import networkx", "Only the graph and its pictures know networkx"),
    ("cli/graph.py", "import pygraphviz", "Only the pictures know Graphviz"),
    ("runtime/app.py", "import kombu", "Only brokers, results, the worker and the codec know kombu"),
    ("runtime/broker/private.py", "import celery", "Nothing imports Celery"),
    ("runtime/app.py", "import redis", "Only brokers and results know Redis"),
]


def plant(copy: Path, file: str, line: str) -> None:
    with (copy / "flowc" / file).open("a") as planted:
        planted.write(f"\n\ndef planted_{line.split()[-1]}() -> None:\n    {line}\n")


def broken(copy: Path) -> list[str]:
    done = lint_imports(copy)
    assert done.returncode == 1, done.stdout
    return re.findall(r"^(.+) BROKEN", done.stdout, re.MULTILINE)


def test_planted_imports_are_found(copy: Path) -> None:
    for file, line, _ in PLANTED:
        plant(copy, file, line)
    assert {contract for *_, contract in PLANTED} <= set(broken(copy))


@pytest.mark.soak
@pytest.mark.parametrize(("file", "line", "contract"), PLANTED)
def test_a_planted_import_is_found(copy: Path, file: str, line: str, contract: str) -> None:
    plant(copy, file, line)
    assert broken(copy) == [contract]


def test_a_planted_type_error_is_found(tmp_path: Path) -> None:
    """With the project's own settings, on the smallest package, since mypy takes its time."""
    package = tmp_path / "flowc"
    (package / "dsl").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "dsl" / "__init__.py").touch()
    shutil.copy(ROOT / "dsl" / "source.py", package / "dsl" / "source.py")
    settings = (ROOT / "pyproject.toml").read_text().replace('files = [".editable/flowc", "tests"]', 'files = ["flowc"]')
    (tmp_path / "pyproject.toml").write_text(settings.replace('mypy_path = ".editable"', 'mypy_path = "."'))
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path / "cache")]
    clean = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert clean.returncode == 0, clean.stdout
    with (package / "dsl" / "source.py").open("a") as planted:
        planted.write("\n\ndef planted(line: int) -> str:\n    return line\n\n\ndef untyped(x):\n    pass\n")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "[return-value]" in done.stdout
    assert "[no-untyped-def]" in done.stdout
