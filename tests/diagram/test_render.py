"""Pictures come out of an installed ``dot`` or of the bundled Graphviz; where neither works the error says so."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from flowc.compiler.diagram import DiagramError, Format, drawing, render, renderers, to_dot

from . import plans

STARTS: dict[Format, bytes] = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}


def install_dot(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Puts a program named ``dot`` first on the path."""
    dot = folder / "dot"
    dot.write_text(f"#!{sys.executable}\n{script}")
    dot.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def no_dot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renderers, "_bundled", lambda _: "not installed")


@pytest.mark.parametrize("form", STARTS)
def test_each_format_without_an_installed_dot(no_dot: None, form: Format) -> None:
    assert render(to_dot(plans.every_kind()), form).startswith(STARTS[form])


def test_an_installed_dot_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_dot(tmp_path, monkeypatch, "import sys\nprint('<svg>', sys.argv[1:], sys.stdin.read()[:7])")
    assert render(to_dot(plans.one_liner()), "svg") == b"<svg> ['-Tsvg'] digraph\n"


@pytest.mark.parametrize(
    "script", ["import sys; sys.exit(1)", "import os; os.kill(os.getpid(), 11)", "print('no picture')", "pass", "this is no Python"]
)
def test_a_broken_dot_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    install_dot(tmp_path, monkeypatch, script)
    assert render(to_dot(plans.one_liner()), "png").startswith(b"\x89PNG")


def test_a_dot_that_cannot_be_started_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_dot(tmp_path, monkeypatch, "")
    (tmp_path / "dot").write_text("#!/missing/interpreter\n")
    assert render(to_dot(plans.one_liner()), "png").startswith(b"\x89PNG")


def test_an_endless_layout_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_dot(tmp_path, monkeypatch, "import time; time.sleep(60)")
    with pytest.raises(DiagramError, match=r"within 0\.2 s"):
        render(to_dot(plans.one_liner()), "svg", timeout=0.2)


def test_nothing_to_draw_with(no_dot: None, no_bundle: None) -> None:
    with pytest.raises(DiagramError, match=r"dot: not installed; pygraphviz: not installed.*Install pygraphviz"):
        render(to_dot(plans.one_liner()), "svg")


def test_all_reasons_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_bundle: None) -> None:
    install_dot(tmp_path, monkeypatch, "import sys; sys.exit('libgvc is missing')")
    with pytest.raises(DiagramError, match=r"dot: it failed \(exit code 1\): libgvc is missing; pygraphviz: not installed"):
        render(to_dot(plans.one_liner()), "svg")
    install_dot(tmp_path, monkeypatch, "import os; os.kill(os.getpid(), 11)")
    with pytest.raises(DiagramError, match=r"it crashed \(signal 11\)"):
        render(to_dot(plans.one_liner()), "svg")


def test_text_that_is_no_dot_is_an_error(no_dot: None) -> None:
    with pytest.raises(DiagramError, match="pygraphviz: it failed"):
        render("digraph {", "svg")


def test_an_unknown_format_is_an_error() -> None:
    with pytest.raises(DiagramError, match="'gif' is no format"):
        render("digraph {}", "gif")  # type: ignore[arg-type]


def test_modules_of_the_current_folder_are_not_run(no_dot: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pygraphviz", "tempfile", "json"):
        (tmp_path / f"{name}.py").write_text("import pathlib; pathlib.Path('ran').touch(); raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    assert render(to_dot(plans.one_liner()), "svg").startswith(b"<?xml")
    assert not (tmp_path / "ran").exists()


def test_the_same_text_gives_the_same_svg(no_dot: None) -> None:
    text = to_dot(drawing(plans.at_a_glance()))
    assert render(text, "svg") == render(text, "svg")
