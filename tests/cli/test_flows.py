"""Which files a command line means."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flowc.cli.exits import Stop
from flowc.cli.flows import find_flows


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    inside = tmp_path / "here"
    inside.mkdir()
    monkeypatch.chdir(inside)
    return inside


def test_a_folder_means_its_flows_sorted(here: Path) -> None:
    make(here, "b.flow", "a/z.flow", "a/b/c.flow", "a.flow", "a/x.py", "flow", "a-b/c.flow")
    assert find_flows(["."]) == ["a/b/c.flow", "a/z.flow", "a-b/c.flow", "a.flow", "b.flow"]


def test_hidden_folders_and_environments_are_left_out(here: Path) -> None:
    make(here, "a.flow", ".git/b.flow", ".venv/c.flow", "env/pyvenv.cfg", "env/lib/d.flow", "node_modules/e.flow", "__pycache__/f.flow")
    assert find_flows(["."]) == ["a.flow"]


def test_a_folder_that_is_named_is_looked_into_whatever_it_is_called(here: Path) -> None:
    make(here, ".hidden/a.flow")
    assert find_flows([".hidden"]) == [".hidden/a.flow"]


def test_links_that_lead_out_are_not_followed(here: Path) -> None:
    make(here, "in/a.flow")
    make(here.parent, "outside/b.flow")
    (here / "in" / "linked").symlink_to(here.parent / "outside")
    (here / "in" / "out.flow").symlink_to(here.parent / "outside" / "b.flow")
    (here / "in" / "again.flow").symlink_to("a.flow")
    (here / "in" / "loop").symlink_to(".")
    assert find_flows(["in"]) == ["in/a.flow", "in/again.flow"]


def test_files_are_taken_as_given_each_once(here: Path) -> None:
    make(here, "a.flow", "b.txt")
    assert find_flows(["b.txt", "-", "a.flow", "missing.flow", ".", "-"]) == ["b.txt", "-", "a.flow", "missing.flow"]


def test_a_folder_without_flows_is_wrong_usage(here: Path) -> None:
    make(here, "x/a.txt")
    with pytest.raises(Stop, match=r"no \.flow file below x"):
        find_flows(["x"])


def test_a_folder_may_be_called_like_a_flow(here: Path) -> None:
    make(here, "a.flow/b.flow")
    assert find_flows(["a.flow"]) == [os.path.join("a.flow", "b.flow")]
