"""The pages on Celery do what they say: their flows compile, their commands print what stands there, their links lead somewhere."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

import flowc
from flowc.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs" / name for name in ("celery.md", "celery-runs.md", "celery-workers.md")]
TEXT = PAGES[0].read_text()
FLOWS = re.findall(r"^```flow\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
NAMED = {found[1]: text for text in FLOWS if (found := re.match(r"# (\w+\.flow)\n", text))}
_CONSOLE = re.compile(r"^```console\n(.*?)^```$(?:\n+```python\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
_HERE = ("check", "stubs", "graph", "run", "plan", "export")


@pytest.mark.parametrize("text", FLOWS, ids=lambda text: text.split("\n")[0])
def test_the_flows_compile(text: str) -> None:
    params = dict.fromkeys(re.findall(r"^param (\w+): str$", text, re.MULTILINE), "ada")
    assert flowc.loads(text, params=params).plan.version


def commands(text: str) -> list[tuple[str, str]]:
    """The commands of a part of the page that need no worker and no server, and what they print."""
    found = []
    for block, code in _CONSOLE.findall(text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, printed = part.split("\n", 1)
            if command.startswith(tuple(f"flowc {name}" for name in _HERE)) and "--celery" not in command and "--broker" not in command:
                found.append((command, printed or code))
    return found


def said(command: str, folder: Path) -> str:
    """What a command prints, the product last."""
    words = [sys.executable, "-m", "flowc", *shlex.split(command)[1:]]
    env = {key: value for key, value in os.environ.items() if not key.startswith(("FLOWC_", "CELERY_", "SHOP_"))}
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, env={**env, "NO_COLOR": "1"}, timeout=60)
    assert done.returncode == 0, done.stderr
    return re.sub(r"^\d+ warnings?; .*\n", "", done.stderr, flags=re.MULTILINE) + done.stdout


def alike(text: str) -> list[str]:
    """Lines without what differs from run to run: times, and which of two steps ended first."""
    return sorted(re.sub(r"\d+\.\d+ s\b|^\[\d+/", "", line) for line in text.splitlines())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the example, with the flows of the page, and without what the page has made by command."""
    folder = shutil.copytree(ROOT / "examples" / "celery", tmp_path / "shop", ignore=shutil.ignore_patterns("__pycache__", "tasks.flow"))
    (folder / "signup.flow").write_text(NAMED["signup.flow"])
    return folder


def test_ten_minutes(project: Path) -> None:
    part = TEXT.split("\n## Ten minutes\n")[1].split("\n## ")[0]
    asked = commands(part)
    assert [command.split()[1] for command, _ in asked] == ["stubs", "check", "stubs", "graph", "run"]
    for command, printed in asked:
        compare = alike if " run " in command else str.splitlines
        assert compare(said(command, project)) == compare(printed), command
    settings = re.search(r"^```toml\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)
    assert settings is not None
    assert settings[1] in (project / "pyproject.toml").read_text()
    assert (project / "tasks.flow").read_bytes() == (ROOT / "examples" / "celery" / "tasks.flow").read_bytes()


def test_what_is_shown_of_messages_and_code(tmp_path: Path) -> None:
    (tmp_path / "etl.flow").write_text(NAMED["etl.flow"])
    asked = [(command, printed) for command, printed in commands(TEXT) if "etl.flow" in command]
    assert [command.split()[1] for command, _ in asked] == ["plan", "export"]
    for command, printed in asked:
        assert said(command, tmp_path) == printed, command


def test_the_picture_is_of_the_flow_shown() -> None:
    picture = (ROOT / "docs" / "pictures" / "signup.svg").read_text()
    assert picture.startswith("<?xml")
    for call in flowc.loads(NAMED["signup.flow"], params={"name": "ada"}).plan.calls:
        assert call.id.split("#")[0] in picture


def slugs(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md", ROOT / "examples" / "README.md"], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if target.startswith("https://"):
            continue
        file, _, anchor = target.partition("#")
        there = page.parent / file if file else page
        assert there.exists(), target
        assert not anchor or anchor in slugs(there), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_contents_name_every_part(page: Path) -> None:
    text = page.read_text()
    begin, *parts = text.split("\n## ")
    for part in parts:
        heading = part.split("\n")[0]
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        assert f"(#{anchor})" in begin, heading


def test_the_matrix_is_there() -> None:
    table = TEXT.split("<!-- matrix -->")[1].split("<!-- end of matrix -->")[0]
    rows = re.findall(r"^\| (\d\.\d)\.\d+ .*?\| (\w+), .*?\| (\w+) \| (\d+) of (\d+).*? \| (\d+) of (\d+) \|$", table, re.MULTILINE)
    assert {row[:3] for row in rows} == set(product(("5.5", "5.6", "5.7"), ("Redis", "RabbitMQ"), ("prefork", "threads", "solo")))
    for *_, submitted, of, driven, of_driven in rows:
        assert (submitted, driven) == (of, of_driven)
        assert int(submitted) > 20
        assert int(driven) > 30


def test_the_readme_lists_every_command() -> None:
    table = (ROOT / "README.md").read_text().split("\n## Commands\n")[1].split("\n\n`check`")[0]
    assert set(re.findall(r"^\| `flowc (\w+)", table, re.MULTILINE)) == set(COMMANDS)
    for option in ("run FILE --broker", "plan FILE --target celery", "stubs", "export FILE --to python"):
        assert f"flowc {option}" in table, option
