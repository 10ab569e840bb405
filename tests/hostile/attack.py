"""Runs ``flowc`` as a shell does, in a process with a limit of time and memory, and says whether it ended as a command should."""

from __future__ import annotations

import atexit
import json
import os
import shlex
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

#: What a command may take: seconds of processor time (the clock's would depend on what else runs) and bytes of address space.
SECONDS = 10
MEMORY = 1 << 30

#: Seconds by the clock after which a command counts as hanging.
PATIENCE = 90

CLEAN, FINDINGS, USAGE, RUN_FAILED, INTERRUPTED = 0, 1, 2, 4, 130


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, after how many ``seconds`` of processor time, with a ``peak`` of how many bytes."""

    args: tuple[str, ...]
    code: int
    out: str
    err: str
    seconds: float
    peak: int

    def __str__(self) -> str:
        shown = " ".join(arg if len(arg) < 80 else f"{arg[:60]}…" for arg in self.args)
        return (
            f"flowc {shown}: code {self.code}, {self.seconds:.1f} s, {self.peak >> 20} MB\nout: {self.out[:500]}\nerr: {self.err[-1500:]}"
        )

    def check(self, *codes: int) -> Ended:
        """Fail unless it ended with one of the codes, without a traceback and without raw control characters."""
        assert self.code in codes, str(self)
        assert "Traceback" not in self.err + self.out, str(self)
        assert "flowc: internal error" not in self.err, str(self)
        return self.check_terminal()

    def check_terminal(self) -> Ended:
        """Fail if a terminal would obey something that was written, or show it in another order."""
        strange = sorted({f"U+{ord(c):04X}" for c in set(self.out + self.err) if not is_safe(c)})
        assert strange == [], f"{strange} in {self}"
        return self


def is_safe(character: str) -> bool:
    """Whether a terminal just shows a character: no control, no mark that turns the direction, nothing of no width."""
    return character in "\n\t" or character.isprintable() or unicodedata.category(character) == "Zs"


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables of a command: few, so that nothing of the machine leaks in."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONSAFEPATH": "1", "LC_ALL": "C.UTF-8", **(more or {})}


class Nursery:
    """Talks to the process of :mod:`nursery`, which is started when it is first needed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def run(self, request: Mapping[str, object]) -> dict[str, Any]:
        """Have one command run to its end."""
        if self._process is None:
            script = Path(__file__).with_name("nursery.py")
            self._process = subprocess.Popen([sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            atexit.register(self.close)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.communicate()


NURSERY = Nursery()


def flowc(
    folder: Path,
    *args: str,
    stdin: bytes | str = "/dev/null",
    out: str = "",
    seconds: int = SECONDS,
    memory: int = MEMORY,
    env: Mapping[str, str] | None = None,
) -> Ended:
    """Run ``flowc`` in a folder to its end. ``stdin``: its standard input, or where that comes from; ``out``: where its output goes.

    Raises:
        AssertionError: it hangs, or was ended by a limit.
    """
    with TemporaryDirectory() as streams:
        paths = {name: os.path.join(streams, name) for name in ("in", "out", "err")}
        for name, path in paths.items():
            Path(path).write_bytes(stdin if name == "in" and isinstance(stdin, bytes) else b"")
        request = {
            "folder": str(folder),
            "args": args,
            "env": environment(env),
            "stdin": paths["in"] if isinstance(stdin, bytes) else stdin,
            "out": out or paths["out"],
            "err": paths["err"],
            "seconds": seconds,
            "memory": memory,
            "patience": PATIENCE,
        }
        answer = NURSERY.run(request)
        ended = Ended(args, answer["code"] or 0, _text(paths["out"]), _text(paths["err"]), answer["seconds"], answer["peak"])
    assert answer["code"] is not None, f"it hangs: {ended}"
    assert ended.code not in (-signal.SIGXCPU, -signal.SIGKILL), f"more than {seconds} s: {ended}"
    return ended


def _text(path: str) -> str:
    return Path(path).read_bytes().decode("utf-8", "backslashreplace")


def shell(folder: Path, line: str, *, env: Mapping[str, str] | None = None) -> Ended:
    """Run a line of bash, in which ``flowc`` is the command itself in a process of its own: for what only a shell can do to it.

    The code is that of the line's first command that failed.
    """
    start = f'set -o pipefail; ulimit -v {MEMORY >> 10} -t {2 * SECONDS} -c 0; flowc() {{ {shlex.quote(sys.executable)} -m flowc "$@"; }}; '
    process = subprocess.run(
        ["bash", "-c", start + line], cwd=folder, env=environment(env), stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE
    )
    out, err = (data.decode("utf-8", "backslashreplace") for data in (process.stdout, process.stderr))
    return Ended((line,), process.returncode, out, err, 0.0, 0)
