"""The package as it is built and imported."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import flowc

ROOT = Path(__file__).parents[2]
PARTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]


def sources() -> set[str]:
    """Every file that the wheel must hold, by its path in the repository."""
    found = set()
    for part in PARTS:
        path = ROOT / part
        files = [path] if path.is_file() else path.rglob("*")
        found |= {str(file.relative_to(ROOT)) for file in files if file.is_file() and not _is_cache(file.relative_to(ROOT))}
    return found


def _is_cache(path: Path) -> bool:
    return any(part == "__pycache__" or part.startswith(".") for part in path.parts)


def build(target: str, folder: Path, root: Path = ROOT) -> Path:
    """Build ``wheel`` or ``sdist`` without the network; the file that came out."""
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)], cwd=root, check=True, capture_output=True)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", tmp_path_factory.mktemp("wheel"))


def test_the_wheel_holds_every_module_the_grammar_and_the_typing_marker(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    packaged = {name.removeprefix("flowc/") for name in names if name.startswith("flowc/")}
    assert packaged == sources()
    assert {"grammar.lark", "py.typed", "__main__.py", "dsl/parser.py", "cli/main.py"} <= packaged
    outside = {name.split("/")[0] for name in names if not name.startswith("flowc/")}
    assert outside == {f"flowc-{flowc.__version__}.dist-info"}


def test_the_sdist_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    sdist = build("sdist", tmp_path / "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    again = build("wheel", tmp_path / "again", tmp_path / sdist.name.removesuffix(".tar.gz"))
    assert contents(again) == contents(wheel)


def contents(wheel: Path) -> dict[str, int]:
    return {info.filename: info.CRC for info in zipfile.ZipFile(wheel).infolist()}


def test_the_wheel_works_by_itself(wheel: Path) -> None:
    """Imported straight from the zip: nothing of the checkout is on the path, and the grammar is found where the package is."""
    code = "import flowc; print(flowc.__file__); print(flowc.loads('add(2, 2)').plan.calls[0].task)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(unpacked(wheel))!r}); {code}"],
        capture_output=True,
        text=True,
        check=False,
        cwd=wheel.parent,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [str(unpacked(wheel) / "flowc" / "__init__.py"), "add"]


def unpacked(wheel: Path) -> Path:
    folder = wheel.parent.parent / "unpacked"
    if not folder.exists():
        zipfile.ZipFile(wheel).extractall(folder)
    return folder


def test_importing_flowc_imports_nothing_else() -> None:
    code = "import sys; before = set(sys.modules); import flowc; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['__future__', 'flowc']\n"


@pytest.mark.parametrize("name", flowc.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(flowc, name).__name__.lower() == name.lower()
    assert name in dir(flowc)


def test_a_wrong_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'lod'"):
        flowc.lod  # noqa: B018 - the attribute access is the test


def test_each_file_is_loaded_under_one_name() -> None:
    """The checkout's root is a package too: nothing may import its files by another way. (pytest itself loads its inert first file.)"""
    importlib.import_module("flowc.compiler.plan")
    here = str(ROOT)
    by_file: dict[Path, set[str]] = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and name != "__main__" and file.startswith(here) and ".venv" not in Path(file).relative_to(here).parts[0]:
            by_file.setdefault(Path(file).resolve(), set()).add(name)
    assert by_file.pop(ROOT / "__init__.py") <= {"flowc", ROOT.name}
    assert {file: names for file, names in by_file.items() if len(names) > 1} == {}
    assert by_file[ROOT / "compiler" / "plan.py"] == {"flowc.compiler.plan"}


def test_python_m_flowc_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "flowc", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"flowc {flowc.__version__}\n"


def test_dependencies_say_what_they_are_for() -> None:
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    start = lines.index("dependencies = [")
    end = lines.index("[project.scripts]")
    requirements = [line for line in lines[start:end] if line.startswith('    "')]
    assert len(requirements) > 15
    assert [line for line in requirements if " # " not in line] == []
