"""The extras of pyproject.toml: what is named in messages exists, and the tests have all of it."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
EXTRAS: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
OWN = re.compile(r"flowc\[([\w,]+)\]")


def test_all_is_every_extra_of_a_user() -> None:
    (everything,) = EXTRAS["all"]
    named = OWN.fullmatch(everything)
    assert named is not None
    assert sorted(named[1].split(",")) == sorted(EXTRAS.keys() - {"all", "celery", "dev"})


def test_extras_that_messages_and_pages_name_exist() -> None:
    found = set()
    for path in (
        *ROOT.glob("cli/**/*.py"),
        *ROOT.glob("compiler/**/*.py"),
        *ROOT.glob("runtime/**/*.py"),
        *ROOT.glob("docs/*.md"),
        ROOT / "README.md",
    ):
        for names in OWN.findall(path.read_text(encoding="utf-8")):
            found.update(names.split(","))
    assert found <= EXTRAS.keys()
    assert found


def test_the_tests_have_them_all() -> None:
    missing = []
    for requirement in (line for name, lines in EXTRAS.items() if name != "dev" for line in lines if not line.startswith("flowc[")):
        name = re.match(r"[\w.-]+", requirement)
        assert name is not None
        try:
            version(name[0])
        except PackageNotFoundError:
            if "python_version" not in requirement:
                missing.append(name[0])
    assert missing == []


@pytest.mark.parametrize("extra", ["redis", "yaml", "msgpack"])
def test_an_extra_has_what_kombu_needs_for_the_same(extra: str) -> None:
    """kombu's Redis transport imports more than the client, and the tests' own tools would bring it unseen."""

    def named(lines: list[str]) -> set[str]:
        return {found[0].lower() for line in lines if (found := re.match(r"[\w.-]+", line))}

    kombus = named([line for line in requires("kombu") or () if re.search(rf"extra == ['\"]{extra}['\"]", line)])
    assert kombus
    assert kombus <= named(EXTRAS[extra])
