"""``flowc config``: what is in force, and where it comes from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flowc.cli.check_table import KEYS
from flowc.runtime.configuration.names import NAMES

from .conftest import Flowc

PROJECT = """\
[tool.flowc]
app = "proj:app"
broker_url = "redis://user:hunter2@host/0"

[tool.flowc.check]
ignore = ["F0901"]
per_file_ignores = {"odd\\u001b.flow" = ["F09"]}
"""


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("FLOWC_")]:
        monkeypatch.delenv(name)


def shown(flowc: Flowc, *args: str) -> dict[str, tuple[object, str]]:
    ran = flowc("config", "--json", *args)
    assert (ran.code, ran.err) == (0, "")
    return {entry["name"]: (entry["value"], entry["from"]) for entry in json.loads(ran.out)["settings"]}


def test_without_settings_all_is_default(flowc: Flowc) -> None:
    found = shown(flowc)
    assert {origin for _, origin in found.values()} == {"default"}
    assert set(found) >= {"app", "env", "stubs", *(f"check.{key}" for key in KEYS)}
    assert found["check.output_format"] == ("full", "default")
    assert found["check.select"] == (["F"], "default")


def test_each_setting_says_where_it_is_from(flowc: Flowc, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "pyproject.toml").write_text(PROJECT)
    monkeypatch.setenv("FLOWC_RESULT_BACKEND", "redis://:hunter2@host/1")
    (here / "sub").mkdir()
    monkeypatch.chdir(here / "sub")
    found = shown(flowc)
    path = here / "pyproject.toml"
    assert found["app"] == ("proj:app", f"[tool.flowc] of {path}")
    assert found["check.ignore"] == (["F0901"], f"[tool.flowc.check] of {path}")
    assert found["broker_url"] == ("redis://user:***@host/0", f"[tool.flowc] of {path}")
    assert found["result_backend"] == ("redis://:***@host/1", "FLOWC_RESULT_BACKEND")
    assert "task_serializer" not in found
    assert set(shown(flowc, "--all")) >= set(NAMES)


def test_the_table(flowc: Flowc, here: Path) -> None:
    (here / "pyproject.toml").write_text(PROJECT)
    ran = flowc("config")
    assert "hunter2" not in ran.out
    assert all(character.isprintable() or character == "\n" for character in ran.out)
    lines = [line.split() for line in ran.out.splitlines()]
    assert ["check.strict", "=", "false", "#", "default"] in lines
    assert ["app", "=", '"proj:app"', "#", "[tool.flowc]", "of", str(here / "pyproject.toml")] in lines


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.flowc]\nap = 1\n", "has no key 'ap'"),
        ("[tool.flowc.check]\nignor = 1\n", "Did you mean 'ignore'?"),
        ("[tool.flowc]\ntask_time_limit = -5\n", "task_time_limit must be"),
    ],
)
def test_what_is_wrong_is_told(flowc: Flowc, here: Path, text: str, message: str) -> None:
    (here / "pyproject.toml").write_text(text)
    ran = flowc("config")
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
