"""What ``flowc check`` of a small file may import: its time goes into imports, so each heavy one is a mistake."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECK = "import sys; from flowc.cli.main import main; code = main(['check', 'a.flow']); print(code, *sorted(sys.modules))"

HEAVY = {
    "lark",
    "networkx",
    "pydantic",
    "kombu",
    "celery",
    "rich",
    "graphviz",
    "pygraphviz",
    "yaml",
    "asyncio",
    "multiprocessing",
    "subprocess",
}


def modules(folder: Path, text: str) -> set[str]:
    """The modules that a clean check of the text imports."""
    (folder / "a.flow").write_text(text)
    done = subprocess.run([sys.executable, "-c", CHECK], cwd=folder, capture_output=True, text=True, check=True)
    code, *names = done.stdout.splitlines()[-1].split()
    assert code == "0", done.stdout
    return set(names)


def test_a_check_imports_nothing_heavy(tmp_path: Path) -> None:
    loaded = modules(tmp_path, "task add(x: int, y: int) -> int\nadd(2, 2) -> add(16)\n")
    assert loaded & (HEAVY | {"pydantic_core", "tomllib", "flowc.runtime.app", "flowc.dsl.render", "flowc.cli.run"}) == set()


def test_options_load_pydantics_core_alone(tmp_path: Path) -> None:
    loaded = modules(tmp_path, 'task add(x: int, y: int) -> int\nadd(2, 2) {queue = "q", countdown = 5s}\n')
    assert loaded & HEAVY == set()
    assert "pydantic_core" in loaded


def test_findings_do_not_load_the_command_lines_of_other_commands(tmp_path: Path) -> None:
    loaded = modules(tmp_path, "add(2, 2)\n")
    assert {name for name in loaded if name.startswith("flowc.cli.")} == {
        f"flowc.cli.{name}"
        for name in (
            "application",
            "check",
            "check_settings",
            "config",
            "exits",
            "flows",
            "gathering",
            "inspecting",
            "main",
            "report",
            "repository",
            "settings",
            "terminal",
        )
    }
    forms = {name.rpartition(".")[2] for name in loaded if name.startswith("flowc.dsl.render.")}
    assert forms == {"json_form", "report", "text"}, "a format is imported when it is asked for"
    assert not loaded & {"hashlib", "tomllib", "urllib.parse", "xml"}
