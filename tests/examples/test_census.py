"""The census counts real files: it is held to counts made in another way, and to files made to be difficult."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from .conftest import ROOT, Flowc

LIBRARY = Path(sysconfig.get_path("stdlib"))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def reading(here: Path) -> ModuleType:
    """The module that reads packages."""
    sys.path.insert(0, str(here))
    from examples.census import reading as module  # type: ignore[import-not-found, unused-ignore]

    return module


def test_it_counts_what_is_there(example: Flowc, here: Path) -> None:
    ran = example("census/census", "--pool", "processes", "-c", "2", "-p", "packages=json,email,no_such_package,re", "-p", "out=made")
    assert ran.code == 0, ran.err
    table = {row["package"]: row for row in rows(here / "made/packages.csv")}
    assert set(table) == {"json", "email", "re"}
    for package, row in table.items():
        files = sorted((LIBRARY / package).rglob("*.py"))
        texts = [file.read_text(encoding="utf-8") for file in files]
        assert int(row["files"]) == len(files)
        assert int(row["lines"]) == sum(len(text.splitlines()) for text in texts)
        assert int(row["lines"]) == sum(int(row[kind]) for kind in ("code", "docstring", "comment", "blank"))
        assert int(row["classes"]) == sum(
            line.lstrip().startswith("class ") and line.rstrip()[-1] in ":(," for t in texts for line in t.splitlines()
        )
    assert ran.value["totals"]["lines"] == sum(int(row["lines"]) for row in table.values())
    assert ran.value["files"] == [
        f"made/{name}" for name in ("report.md", "lines.svg", "docstrings.svg", "packages.csv", "functions.csv", "imports.csv")
    ]
    assert all((here / name).is_file() for name in ran.value["files"])


def test_its_report_and_charts_show_every_package(example: Flowc, here: Path) -> None:
    ran = example("census/census", "-p", "packages=json,re,no_such_package", "-p", "longest=3")
    assert ran.code == 0, ran.err
    made = here / "out/census"
    report = (made / "report.md").read_text(encoding="utf-8")
    assert "| json |" in report
    assert "not written in Python: no_such_package." in report
    assert len(rows(made / "functions.csv")) == 3
    for chart, bars in (("lines", 4), ("docstrings", 1)):
        svg = ElementTree.parse(made / f"{chart}.svg").getroot()
        texts = [text.text for text in svg.iter("{http://www.w3.org/2000/svg}text")]
        assert {"json", "re"} <= set(texts)
        assert len(list(svg.iter("{http://www.w3.org/2000/svg}title"))) == 2 * bars


def test_it_is_the_same_every_time(example: Flowc, here: Path) -> None:
    for pool, folder in (("threads", "a"), ("solo", "b")):
        ran = example("census/census", "--pool", pool, "-p", "packages=html,json,urllib", "-p", f"out={folder}")
        assert ran.code == 0, ran.err
    names = sorted(path.name for path in (here / "a").iterdir())
    assert names == sorted(path.name for path in (here / "b").iterdir())
    assert all((here / "a" / name).read_bytes() == (here / "b" / name).read_bytes() for name in names)


def test_files_that_do_not_parse_are_told(reading: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "library/odd"
    package.mkdir(parents=True)
    (package / "good.py").write_text('"""Says what."""\n\n# Why.\ndef f():\n    import json\n', encoding="utf-8")
    (package / "latin.py").write_bytes("# coding: latin-1\nname = 'é'\n".encode("latin-1"))
    (package / "old.py").write_text("print 'hello'\n", encoding="utf-8")
    (package / "nul.py").write_bytes(b"x = 1\0\n")
    (package / "bytes.py").write_bytes(b"\xff\xfe\xfa")
    (package / "deep.py").write_text("(" * 100_000, encoding="utf-8")
    (package / "empty.py").write_bytes(b"")
    monkeypatch.setattr(reading, "LIBRARY", tmp_path / "library")
    counted = reading.count_package("odd")
    assert [one["file"] for one in counted["unread"]] == ["odd/bytes.py", "odd/deep.py", "odd/nul.py", "odd/old.py"]
    assert not any(str(tmp_path) in one["why"] or "\n" in one["why"] for one in counted["unread"])
    counts = counted["counts"]
    assert (counts["files"], counts["lines"]) == (7, 7)
    assert (counts["docstring"], counts["blank"], counts["comment"], counts["code"]) == (1, 1, 2, 3)
    assert (counts["functions"], counts["describable"], counts["described"]) == (1, 4, 1)
    assert counted["imports"] == {"json": 1}
    assert counted["functions"] == [{"function": "odd/good.py:4", "name": "f", "lines": 2}]


@pytest.mark.parametrize("name", ["", "..", "../etc", "/", "a/b", "no_such_package"])
def test_what_is_no_package_has_nothing(reading: ModuleType, name: str) -> None:
    assert reading.count_package(name)["counts"] == {}


def test_all_packages_can_be_listed(here: Path, flowc: Flowc) -> None:
    listed = subprocess.run([sys.executable, "examples/census/packages.py"], capture_output=True, text=True, check=True, cwd=here).stdout
    (here / "all.json").write_text(listed, encoding="utf-8")
    planned = flowc("plan", "examples/census/census.flow", "--params", "all.json", "--json")
    assert planned.code == 0, planned.err
    scanned = [call["args"][0] for call in planned.value["calls"] if call["task"] == "census.scan"]
    assert {"json", "typing", "asyncio"} <= set(scanned)
    assert len(scanned) > 150


def test_the_demo_names_the_files_that_it_made(here: Path) -> None:
    environment = {**os.environ, "PYTHON": sys.executable}
    command = ["bash", "examples/census/demo.sh", "out/demo", "-p", "packages=json,re"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=here, env=environment)
    named = [line.strip() for line in ran.stdout.split("It made:\n")[1].splitlines()]
    assert named == sorted(f"out/demo/{path.name}" for path in (here / "out/demo").iterdir())
    assert {"out/demo/report.md", "out/demo/census.svg", "out/demo/census.png", "out/demo/packages.csv"} <= set(named)
    assert ROOT.joinpath("Makefile").read_text(encoding="utf-8").count("examples/census") >= 1
