"""The folder of the VS Code extension: its files fit together, its grammar reads flows, and its page keeps pictures in."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowc.dsl.words import RESERVED

FOLDER = Path(__file__).parents[2] / "editors" / "vscode"
PACKAGE = json.loads((FOLDER / "package.json").read_text())
GRAMMAR = json.loads((FOLDER / "syntaxes" / "flowc.tmLanguage.json").read_text())


def rules(node: Any) -> Iterator[dict[str, Any]]:
    """Every rule of a grammar."""
    if isinstance(node, dict):
        yield node
        for inner in node.values():
            yield from rules(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from rules(inner)


def test_what_it_names_is_there() -> None:
    contributes = PACKAGE["contributes"]
    paths = [PACKAGE["main"], contributes["languages"][0]["configuration"], *(grammar["path"] for grammar in contributes["grammars"])]
    for path in paths:
        assert (FOLDER / path).is_file(), path
    source = (FOLDER / PACKAGE["main"]).read_text()
    for command in contributes["commands"]:
        assert f'registerCommand("{command["command"]}"' in source
    for name in contributes["configuration"]["properties"]:
        assert f'"{name.removeprefix("flowc.")}"' in source


def test_the_grammar_is_whole() -> None:
    included = {rule["include"] for rule in rules(GRAMMAR) if "include" in rule}
    assert included == {f"#{name}" for name in GRAMMAR["repository"]}
    patterns = [rule[key] for rule in rules(GRAMMAR) for key in ("match", "begin") if isinstance(rule.get(key), str)]
    assert patterns
    for pattern in patterns:
        re.compile(pattern)
    words = {word for pattern in patterns for word in re.findall(r"[a-z]+", pattern)}
    assert words >= RESERVED


def test_the_language_configuration_indents_blocks() -> None:
    configuration = json.loads((FOLDER / "language-configuration.json").read_text())
    deeper = re.compile(configuration["indentationRules"]["increaseIndentPattern"])
    assert deeper.match("flow f(a: int) -> int:  # why")
    assert deeper.match("    when size > 1:")
    assert not deeper.match("param day: date")


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_page_keeps_what_it_shows_in() -> None:
    code = """
const { page } = require(process.argv[1]);
const hostile = page("svg", "<svg><script>x</script></svg>", "</pre><script>y</script>");
console.log(JSON.stringify([hostile, page("html", "<p>", ""), page("svg")]));
"""
    done = subprocess.run(["node", "-e", code, str(FOLDER / "src" / "page.js")], capture_output=True, text=True, check=True)
    shown, html, empty = json.loads(done.stdout)
    assert "<script>" not in shown
    assert "&#60;script&#62;y" in shown
    assert "default-src 'none'" in shown
    assert html == "<p>"
    assert "<img" not in empty
