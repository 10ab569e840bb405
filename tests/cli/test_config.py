"""``[tool.flowc]`` of the nearest pyproject.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowc.cli.config import Config, environment, read_config
from flowc.cli.exits import Exit, Stop


def write(folder: Path, text: str | bytes) -> str:
    path = folder / "pyproject.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


def test_all_keys(tmp_path: Path) -> None:
    path = write(tmp_path, '[tool.flowc]\napp = "proj.tasks:app"\nenv = ["HOME", "X"]\n')
    assert read_config(str(tmp_path)) == Config(path, "proj.tasks:app", ("HOME", "X"))


def test_stubs_stand_beside_the_file_that_names_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, '[tool.flowc]\nstubs = ["tasks.flow", "/elsewhere/more.flow"]\n')
    (tmp_path / "flows").mkdir()
    monkeypatch.chdir(tmp_path)
    assert read_config().stubs == ("tasks.flow", "/elsewhere/more.flow")
    monkeypatch.chdir(tmp_path / "flows")
    assert read_config().stubs == ("../tasks.flow", "/elsewhere/more.flow")


def test_settings_of_the_application_are_left_to_it(tmp_path: Path) -> None:
    path = write(tmp_path, "[tool.flowc]\nbroker_url = 3\ntask_publish_retry_policy = {max_retries = 1}\n")
    assert read_config(str(tmp_path)) == Config(path)


def test_the_nearest_file_counts_alone(tmp_path: Path) -> None:
    write(tmp_path, '[tool.flowc]\napp = "far"\n')
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert read_config(str(deep)).app == "far"
    near = write(tmp_path / "a", "[project]\nname = 'x'\n")
    assert read_config(str(deep)) == Config(near)


def test_the_current_folder_is_where_it_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, '[tool.flowc]\napp = "here"\n')
    monkeypatch.chdir(tmp_path)
    assert read_config().app == "here"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[tool.flowc]\nap = 1\n", "[tool.flowc] has no key 'ap'", "Did you mean 'app'?"),
        ('[tool.flowc]\nstubs = "tasks.flow"\n', "[tool.flowc] stubs must be a list of files", ""),
        ("[tool.flowc]\nzzzz = 1\n", "[tool.flowc] has no key 'zzzz'", "It knows app, check, env, stubs and the settings"),
        ("[tool.flowc]\nbroker_ulr = 1\n", "[tool.flowc] has no key 'broker_ulr'", "Did you mean 'broker_url'?"),
        ("[tool.flowc]\nBROKER_URL = 1\n", "has no key 'BROKER_URL'", "'BROKER_URL' is the old name of the setting 'broker_url'"),
        ("[tool.flowc]\nbeat_schedule = 1\n", "has no key 'beat_schedule'", "a setting of Celery that flowc does not have"),
        ('[tool.flowc]\n"a\\u001b[31mpp" = 1\n', "has no key 'a\\x1b[31mpp'", ""),
        ("[tool.flowc]\napp = 1\n", "app must be a text", ""),
        ('[tool.flowc]\napp = " "\n', "app must be a text", ""),
        ('[tool.flowc]\nenv = "HOME"\n', "env must be a list of names", ""),
        ("[tool.flowc]\nenv = [1]\n", "env must be a list of names", ""),
        ("[tool.flowc]\ncheck = true\n", "check must be a table", ""),
        ("[tool]\nflowc = 1\n", "[tool.flowc] must be a table", ""),
        ("[tool.flowc\n", "is not valid TOML", ""),
        (b"flowc = '\xff'\n", "is not valid TOML", ""),
        ("flowc = " + "[" * 20_000, "is not valid TOML", ""),
        ("# flowc\n" + "#" * 1_000_000, "is larger than 1,000,000 bytes", ""),
    ],
)
def test_what_flowc_does_not_understand_is_wrong_configuration(tmp_path: Path, text: str | bytes, message: str, hint: str) -> None:
    write(tmp_path, text)
    with pytest.raises(Stop) as stopped:
        read_config(str(tmp_path))
    assert message in str(stopped.value)
    assert str(tmp_path) in str(stopped.value)
    assert hint in stopped.value.hint
    assert stopped.value.code is Exit.USAGE


def test_a_broken_file_that_does_not_speak_of_flowc_is_none_of_our_business(tmp_path: Path) -> None:
    path = write(tmp_path, "[tool.")
    assert read_config(str(tmp_path)) == Config(path)


def test_only_listed_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEN", "1")
    monkeypatch.setenv("HIDDEN", "2")
    monkeypatch.delenv("UNSET", raising=False)
    assert environment(Config(env=("SEEN", "UNSET"))) == {"SEEN": "1"}
