"""``.ci/install-servers``: what it does and says on machines that have the servers, may install them, or may not."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "install-servers"
PROGRAMS = "redis-server rabbitmq-server chromium chromedriver"
PACKAGES = "redis-server rabbitmq-server chromium chromium-driver"

#: In the place of apt-get: it notes what it is asked for and what the policy for services is, and may fail.
APT = """#!/bin/sh
echo "$*" >>"{folder}/asked"
cat "{folder}/policy" >>"{folder}/policies"
exit {code}
"""


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder with the few programs that the script may find."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bash", "cat", "chmod", "rm", "sh"):
        found = shutil.which(name)
        assert found
        (programs / name).symlink_to(found)
    return tmp_path


def add(machine: Path, name: str, text: str = "#!/bin/sh\n") -> None:
    path = machine / "bin" / name
    path.write_text(text)
    path.chmod(0o755)


def install(machine: Path) -> tuple[str, str]:
    """Run the script, with the machine's folder instead of the system's; what it writes to standard output and error."""
    script = SCRIPT.read_text().replace("/usr/local/sbin:/usr/sbin:/sbin", "/nowhere").replace("/usr/sbin/policy-rc.d", f"{machine}/policy")
    done = subprocess.run(
        ["bash", "-c", script], env={"PATH": str(machine / "bin")}, executable=os.path.realpath(machine / "bin" / "bash"),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout, done.stderr


def test_nothing_is_done_where_they_are(machine: Path) -> None:
    for name in PROGRAMS.split():
        add(machine, name)
    assert install(machine) == ("", "")


def test_the_superuser_installs_them_without_services(machine: Path) -> None:
    add(machine, "id", "#!/bin/sh\necho 0\n")
    add(machine, "apt-get", APT.format(folder=machine, code=0))
    assert install(machine) == (f"Installing {PACKAGES}\n", "")
    assert (machine / "asked").read_text() == f"update -qq\ninstall -y -qq --no-install-recommends {PACKAGES}\n"
    assert "exit 101" in (machine / "policies").read_text()
    assert not (machine / "policy").exists()


def test_only_what_is_missing_is_installed(machine: Path) -> None:
    add(machine, "redis-server")
    add(machine, "id", "#!/bin/sh\necho 0\n")
    add(machine, "apt-get", APT.format(folder=machine, code=0))
    (machine / "policy").write_text("the machine's own\n")
    install(machine)
    assert (machine / "asked").read_text().endswith("--no-install-recommends rabbitmq-server chromium chromium-driver\n")
    assert (machine / "policy").read_text() == "the machine's own\n"


def test_others_are_told_how(machine: Path) -> None:
    add(machine, "id", "#!/bin/sh\necho 1000\n")
    add(machine, "apt-get", APT.format(folder=machine, code=0))
    out, err = install(machine)
    assert out == ""
    assert f"not installed: {PACKAGES}." in err
    assert f"apt-get install -y --no-install-recommends {PACKAGES}\n" in err
    assert not (machine / "asked").exists()


def test_other_systems_are_told_too(machine: Path) -> None:
    add(machine, "id", "#!/bin/sh\necho 0\n")
    assert f"not installed: {PACKAGES}." in install(machine)[1]


def test_a_failure_is_told_and_is_none_of_the_tests(machine: Path) -> None:
    add(machine, "id", "#!/bin/sh\necho 0\n")
    add(machine, "apt-get", APT.format(folder=machine, code=100))
    assert "failed" in install(machine)[1]
    assert not (machine / "policy").exists()
