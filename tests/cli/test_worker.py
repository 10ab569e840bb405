"""``flowc worker``: what is wrong is the user's to mend, and is said so."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowc.cli.exits import Exit

from .conftest import Flowc


@pytest.fixture
def app(here: Path) -> str:
    """A module with an application; it has a name of its own, since modules are imported once in a process."""
    (here / "worker_settings.py").write_text("import flowc\n\napp = flowc.App('proj', set_as_current=False)\n")
    return "worker_settings:app"


def test_a_wrong_setting_is_no_mistake_of_flowc(flowc: Flowc, app: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWC_WORKER_CONCURRENCY", "many")
    ran = flowc("worker", "--app", app, "--broker", "sqlite:///q.db")
    assert (ran.code, ran.out) == (Exit.USAGE, ""), ran
    assert "not 'many' (FLOWC_WORKER_CONCURRENCY)" in ran.err
    assert "internal error" not in ran.err


@pytest.mark.parametrize("option", ["--broker", "--backend"])
def test_a_url_without_its_colon_does_not_show_its_password(flowc: Flowc, app: str, option: str) -> None:
    other = ("--broker", "sqlite:///q.db") if option == "--backend" else ()
    ran = flowc("worker", "--app", app, *other, option, "redis//:secret@127.0.0.1")
    assert ran.code == Exit.USAGE, ran
    assert "must be a URL such as redis://" in ran.err
    assert "secret" not in ran.err
