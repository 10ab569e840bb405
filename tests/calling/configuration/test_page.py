"""docs/configuration.md: its examples do what stands beside them, and its list of settings is that of the code."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest

from flowc.cli.settings_page import GROUPS, page
from flowc.runtime.configuration import Configuration
from flowc.runtime.configuration.environment import OTHER_VARIABLES

PAGE = Path(__file__).parents[3] / "docs" / "configuration.md"
TEXT = PAGE.read_text(encoding="utf-8")


def block(kind: str) -> str:
    found = re.search(rf"^```{kind}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def test_the_list_is_that_of_the_code() -> None:
    assert page(TEXT) == TEXT, "run `make docs`"


def test_every_setting_is_in_one_group_and_says_what_it_is_for() -> None:
    grouped = [key for group in GROUPS.values() for key in group.model_fields]
    assert sorted(grouped) == sorted(Configuration.KEYS)
    assert [key for key, field in Configuration.model_fields.items() if not (field.description or "").endswith(".")] == []


def test_a_page_without_its_marks_is_left_alone() -> None:
    with pytest.raises(ValueError, match="marks"):
        page("# Configuration\n")


def test_the_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text(block("toml"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for line in block("sh").splitlines():
        name, _, value = shlex.split(line)[1].partition("=")
        monkeypatch.setenv(name, value)
    test = doctest.DocTestParser().get_doctest(
        "\n".join(re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)), {}, "page", str(PAGE), 0
    )
    said: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=said.append)
    assert result.failed == 0, "".join(said)
    assert result.attempted >= 15


def test_variables_that_are_no_settings_are_named() -> None:
    for name in OTHER_VARIABLES:
        assert f"`FLOWC_{name}`" in TEXT
