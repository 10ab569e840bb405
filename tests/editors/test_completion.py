"""``flowc completion``: real shells, where they are installed, complete commands, options, choices and files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flowc.cli.main import main

from ..cli.conftest import Flowc, flowc, here

__all__ = ["flowc", "here"]

SCRIPTS = {
    "bash": """
eval "$(flowc completion bash)"
COMP_WORDS=({words} "{last}"); COMP_CWORD={count}
compopt() {{ files=1; }}
_flowc_completion flowc "{last}"
printf '%s\\n' "${{COMPREPLY[@]}}"; [ -z "$files" ] || compgen -f -- "{last}"
""",
    "zsh": """
compdef() {{ :; }}; compadd() {{ print -rl -- "${{(@P)@[-1]}}"; }}
_describe() {{ print -rl -- "${{(@P)3}}"; }}; _path_files() {{ print -rl -- *; }}
eval "$(flowc completion zsh)"
words=({words} "{last}"); CURRENT=$(( {count} + 1 ))
_flowc_completion
""",
    "fish": """
flowc completion fish | source
complete -C "{line}"
""",
}


def complete(shell: str, folder: Path, line: str) -> list[str]:
    """What a shell offers at the end of a line."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    words = line.split(" ")
    script = SCRIPTS[shell].format(words=" ".join(words[:-1]), last=words[-1], count=len(words) - 1, line=line)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(folder), "TERM": "dumb"}
    options = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    done = subprocess.run([program, *options, "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert not done.stderr.strip(), done.stderr
    return [offer.split("\t")[0].split(":")[0] for offer in done.stdout.splitlines()]


@pytest.mark.parametrize("shell", SCRIPTS)
def test_a_shell_completes(shell: str, tmp_path: Path) -> None:
    (tmp_path / "nightly.flow").write_text("x = 1\n")
    assert "svg" in complete(shell, tmp_path, "flowc graph --format s")
    assert "nightly.flow" in complete(shell, tmp_path, "flowc check nig")


@pytest.mark.parametrize(
    ("words", "offered"), [("che", "plain,check"), ("check --output-f", "plain,--output-format"), ("explain F020", "plain,F0201")]
)
def test_what_shells_are_told(words: str, offered: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("_FLOWC_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", f"flowc {words}")
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" "))))
    with pytest.raises(SystemExit):
        main([])
    assert offered in capsys.readouterr().out.splitlines()


def test_an_unknown_shell_is_refused(flowc: Flowc) -> None:
    ran = flowc("completion", "tcsh")
    assert ran.code == 2
    assert "'bash', 'zsh', 'fish'" in ran.err


def test_the_commands_stay_as_they_are() -> None:
    from flowc.cli.check import command
    from flowc.cli.completion import completed

    types = [parameter.type for parameter in command.params]
    assert [parameter.type for parameter in completed(command).params] != types
    assert [parameter.type for parameter in command.params] == types
