"""docs/editors.md says what is so: its settings parse, and name what there is."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from flowc.cli.config import read_config

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "editors.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_settings_of_flowc_are_known(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(blocks("toml")[0])
    assert read_config(str(tmp_path)).env == ("CITY",)


def test_settings_of_editors_parse() -> None:
    helix = tomllib.loads(blocks("toml")[1])
    assert helix["language-server"]["flowc"] == {"command": "flowc", "args": ["lsp"]}
    vscode, zed = map(json.loads, blocks("json"))
    known = json.loads((ROOT / "editors" / "vscode" / "package.json").read_text())["contributes"]["configuration"]["properties"]
    assert {name for name in vscode if name.startswith("flowc.")} <= set(known)
    assert [task["command"] for task in zed] == ["flowc", "flowc"]
