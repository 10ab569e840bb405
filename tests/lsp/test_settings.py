"""``flowc lsp`` takes the settings of ``flowc check``, and says what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowc.cli.lsp import Configuring
from flowc.cli.settings import Choices
from flowc.lsp.session import Session

from ..cli.conftest import Flowc, flowc, here

__all__ = ["flowc", "here"]

CHOICES = Choices((), None, None, (), 100_000, None)


def codes(session: Session, path: Path, text: str) -> list[str]:
    document = session.documents.put(path.as_uri(), text)
    return [f"{finding.code} {finding.severity}" for finding in session.check(document).findings]


def test_settings_are_read_anew_when_files_change(tmp_path: Path) -> None:
    session = Session(Configuring(CHOICES))
    path = tmp_path / "a.flow"
    assert codes(session, path, "add(1)") == ["F0901 warning"]
    (tmp_path / "pyproject.toml").write_text('[tool.flowc]\nstubs = ["tasks.flow"]\n[tool.flowc.check]\nseverity = {F0904 = "error"}\n')
    (tmp_path / "tasks.flow").write_text("task m.add(x: str)\n")
    assert codes(session, path, "x = 1\nadd(1)") == ["F0904 error", "F0405 error"]
    (tmp_path / "tasks.flow").write_text("task m.add(x: int, y: int)\n")
    assert codes(session, path, "add(1)") == ["F0401 error"]
    (tmp_path / "pyproject.toml").write_text("[tool.flowc.check]\nignore = ['F0901']\nexplain_url = 'https://docs.test/{code}'\n")
    assert codes(session, path, "add(1)") == []


def test_wrong_settings_are_told_and_not_used(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.flowc]\nstub = []\n")
    session = Session(Configuring(CHOICES))
    document = session.documents.put((tmp_path / "a.flow").as_uri(), "add(1)")
    checked = session.check(document)
    assert "no key 'stub'" in checked.configured.problem
    assert [finding.code for finding in checked.findings] == ["F0901"]


def test_without_the_extra_it_says_what_to_install(flowc: Flowc, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for module in [name for name in sys.modules if name.startswith("flowc.lsp")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "lsprotocol", None)
    monkeypatch.setitem(sys.modules, "pygls", None)
    ran = flowc("lsp")
    assert ran.code == 2
    assert "pip install 'flowc[lsp]'" in ran.err


def test_no_other_command_imports_the_protocol(flowc: Flowc, here: Path) -> None:
    import subprocess
    import sys

    (here / "a.flow").write_text("x = 1\n")
    code = (
        "import sys; from flowc.cli.main import main; main(['check', 'a.flow'])\n"
        "print([m for m in sys.modules if m.startswith(('pygls', 'lsprotocol', 'flowc.lsp', 'flowc.compiler.lookup'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=here, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
