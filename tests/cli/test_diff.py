"""``flowc diff``: two versions of a flow side by side."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest

from .conftest import Flowc

OLD = """x = t.a(1)
y = [t.b(i) {expires = 1h} for i in range(4)]
y -> t.c(x) !> t.h("s")
"""
NEW = """x = t.a(2)
y = [t.b(i) {expires = 2h} for i in range(4)]
y -> t.c(x) -> t.e !> t.h("s")
"""
TEXT = """1 step added, 5 changed; 1 edge added; another value; 1 step as before

~ x  t.a  new.flow:1:5
    argument 1: 1 → 2
~ y[0] … y[3]  t.b (4 steps)  new.flow:2:6
    option expires: 1h → 2h
+ e#1  t.e(c#1)  new.flow:3:16
~ value: c#1 → e#1

+ c#1 -> e#1
"""

Git = Callable[..., None]

#: Texts that some format could take for its own.
HOSTILE = (
    '"]; click n0 "javascript:alert(1)"', "a|b|c", "```\n# x", "<script>alert(1)</script>", "<!-- x", "@everyone #1 :tada:", "a\u202eb",
    "\x1b[31mred", "%%{init: {}}%%", "end", "&quot;", "\\", "- [ ] x", "|", "``", "\n\n", "http://a.example/x",
)  # fmt: skip


@pytest.fixture
def pair(here: Path) -> tuple[str, str]:
    here.joinpath("old.flow").write_text(OLD)
    here.joinpath("new.flow").write_text(NEW)
    return "old.flow", "new.flow"


@pytest.fixture
def git(here: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """A repository in the current folder."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)

    def run(*words: str) -> None:
        settings = ["-c", "user.name=n", "-c", "user.email=a@b.example", "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *settings, *words], cwd=here, check=True, capture_output=True)

    run("init", ".")
    return run


def test_text(flowc: Flowc, pair: tuple[str, str]) -> None:
    ran = flowc("diff", *pair)
    assert (ran.code, ran.out, ran.err) == (0, TEXT, "")
    assert flowc("diff", *pair, "--exit-code").code == 1
    same = flowc("diff", pair[0], pair[0], "--exit-code")
    assert (same.code, same.out) == (0, "No difference.\n")


def test_json(flowc: Flowc, pair: tuple[str, str]) -> None:
    told = json.loads(flowc("diff", *pair, "--format", "json").out)
    assert (told["version"], told["old"], told["new"], told["different"]) == (1, "old.flow", "new.flow", True)
    assert told["counts"]["steps"] == {"added": 1, "removed": 0, "changed": 5, "moved": 0, "same": 1}
    assert told["nodes"][0]["changes"] == [{"what": "argument 1", "old": "1", "new": "2"}]
    assert told["nodes"][0]["before"]["file"] == "old.flow"
    assert told["edges"] == [{"status": "added", "source": "c#1", "target": "e#1", "kind": "link"}]


def test_mermaid(flowc: Flowc, pair: tuple[str, str]) -> None:
    said = re.sub(r"#(\d+);", lambda code: chr(int(code[1])), flowc("diff", *pair, "--format", "mermaid").out)
    lines = said.splitlines()
    assert lines[0] == "flowchart LR"
    assert '  n1("~ y[0] … y[3] × 4<br/>b"):::changed' in lines
    assert '  n2("+ e#1"):::added' in lines
    drawn = [line for line in lines if "-->" in line]
    assert f"  linkStyle {drawn.index('  n3 -->|+| n2')} stroke:#1a7f37,stroke-width:3px" in lines


def test_markdown_has_counts_then_a_picture_then_details(flowc: Flowc, pair: tuple[str, str]) -> None:
    said = flowc("diff", *pair, "--format", "markdown").out
    places = [said.index(part) for part in ("1 step added, 5 changed", "```mermaid", "<details>")]
    assert places == sorted(places)
    assert said.startswith("<!-- flowc diff -->")


@pytest.mark.parametrize("form", ["text", "json", "mermaid", "markdown"])
def test_hostile_texts_stay_text(flowc: Flowc, here: Path, form: str) -> None:
    old, new = ("\n".join(f"t.a({json.dumps(text)}, {n}) !> t.h({json.dumps(text)})" for text in HOSTILE) for n in (1, 2))
    here.joinpath("old.flow").write_text(old)
    here.joinpath("new.flow").write_text(f"{new}\n" + "\n".join(f"t.n({json.dumps(text)})" for text in HOSTILE))
    said = flowc("diff", "old.flow", "new.flow", "--format", form).out
    assert "\x1b" not in said
    assert "\u202e" not in said
    if form == "json":
        changed = [node for node in json.loads(said)["nodes"] if node["status"] == "changed" and node["kind"] == "step"]
        assert len(changed) == len(HOSTILE)
    if form == "mermaid":
        box = r'  n\d+[(\[]+"[^"{}<>@`]*(<br/>[^"{}<>@`]*)?"[)\]]+:::\w+'
        for line in said.splitlines():
            assert re.fullmatch(rf"flowchart LR|{box}|  n\d+ \S+ n\d+|  (linkStyle|classDef) .*", line), line
    if form == "markdown":
        body = re.sub(r"```mermaid\n.*?```\n", "", said, flags=re.DOTALL)
        assert "<script" not in body
        assert body.count("```") == 0
        rows = [line for line in body.splitlines() if line.startswith("| ")]
        assert all(row.replace("\\|", "").count("|") == 5 for row in rows)
        assert "@everyone" in unescape(body)
        assert "@" not in body


def test_a_revision(flowc: Flowc, here: Path, git: Git) -> None:
    here.joinpath("flows").mkdir()
    here.joinpath("flows/tasks.flow").write_text("task t.a(x: int)\n")
    here.joinpath("flows/a.flow").write_text('include "tasks.flow" as tasks\nx = t.a(1)\n')
    here.joinpath("flows/gone.flow").write_text("t.a(1)\n")
    here.joinpath("flows/same.flow").write_text("t.a(1)\n")
    here.joinpath("flows/notes.txt").write_text("no flow\n")
    git("add", ".")
    git("commit", "-m", "one")
    here.joinpath("flows/tasks.flow").write_text("task t.a(x: str)\n")
    here.joinpath("flows/a.flow").write_text('include "tasks.flow" as tasks\nx = t.a("1")\n')
    here.joinpath("flows/gone.flow").unlink()
    here.joinpath("flows/made.flow").write_text("t.n()\n")
    ran = flowc("diff", "--git", "HEAD", "flows", "--exit-code")
    assert (ran.code, ran.err) == (1, "")
    assert 'argument 1: 1 → "1"' in ran.out  # each side with the includes of its own time
    assert "flows/gone.flow: 1 step removed" in ran.out
    assert "- a#1  t.a(1)  HEAD:flows/gone.flow:1:1" in ran.out
    assert "flows/made.flow: 1 step added" in ran.out
    assert "2 flows are as before." in ran.out
    assert flowc("diff", "--git", "HEAD", "flows/same.flow").out == "No difference.\n"
    told = json.loads(flowc("diff", "--git", "HEAD", "--format", "json").out)
    assert {one["new"].removeprefix("flows/"): one["different"] for one in told} == {
        "a.flow": True, "gone.flow": True, "made.flow": True, "same.flow": False, "tasks.flow": False,
    }  # fmt: skip
    assert "2 more flows are as before." in flowc("diff", "--git", "HEAD", "--format", "markdown").out


def test_what_is_wrong_is_said(flowc: Flowc, here: Path, pair: tuple[str, str], git: Git, tmp_path_factory: pytest.TempPathFactory) -> None:
    git("commit", "--allow-empty", "-m", "one")
    elsewhere = tmp_path_factory.mktemp("elsewhere").joinpath("x.flow")
    elsewhere.write_text("t.a()\n")
    for words, said in [
        (("old.flow",), "two flows are compared: give OLD and NEW"),
        (("--git", "nope", "new.flow"), "there is no revision 'nope'"),
        (("--git", "--output=x", "new.flow"), "is no revision"),
        (("--git", "HEAD", "never.flow"), "there is no never.flow, and there was none in HEAD"),
        (("--git", "HEAD", str(elsewhere)), "is not in the repository"),
        (("--git", "HEAD", "--format", "mermaid"), "mermaid is one picture: name one flow"),
    ]:
        ran = flowc("diff", *words)
        assert (ran.code, ran.out) == (2, ""), words
        assert said in ran.err
    here.joinpath("bad.flow").write_text("t.a(\n")
    ran = flowc("diff", "bad.flow", "new.flow")
    assert (ran.code, ran.out) == (1, "")
    assert "bad.flow:1:" in ran.err


def test_no_git(flowc: Flowc, pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    ran = flowc("diff", "--git", "HEAD", "new.flow")
    assert (ran.code, "not a git repository" in ran.err) == (2, True)
    monkeypatch.setenv("PATH", str(tmp_path))
    ran = flowc("diff", "--git", "HEAD", "new.flow")
    assert (ran.code, "git, which is not installed" in ran.err) == (2, True)


def test_the_page_shows_what_is_printed() -> None:
    page = Path(__file__).parents[2] / "docs" / "diff.md"
    assert f"$ flowc diff old.flow new.flow\n{TEXT}```" in page.read_text()
