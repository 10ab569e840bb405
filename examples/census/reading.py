"""Reads the Python files of one package of the standard library with `ast`, and counts what is in them."""

from __future__ import annotations

import ast
import sys
import sysconfig
import threading
import tokenize
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LIBRARY = Path(sysconfig.get_path("stdlib"))

#: What is done with warnings holds for the whole process, so on the pool of threads one file is parsed at a time.
QUIET = threading.Lock()

#: Of each package, so many of its longest functions are told.
MOST_FUNCTIONS = 50

Scope = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def count_package(package: str) -> dict[str, Any]:
    """The counts of a package or module, all zero if it is not installed (or has no Python files)."""
    counts: Counter[str] = Counter()
    imports: Counter[str] = Counter()
    functions: list[dict[str, Any]] = []
    unread: list[dict[str, str]] = []
    for path in python_files(package):
        name = path.relative_to(LIBRARY).as_posix()
        counts["files"] += 1
        try:
            text, tree = parse(path)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
            unread.append({"file": name, "why": reason(problem)})
            continue
        counts.update(count_lines(text, tree))
        counts.update(count_definitions(tree))
        imports.update(imported(tree, package))
        functions.extend({"function": f"{name}:{line}", "name": own, "lines": n} for own, line, n in lengths(tree))
    functions.sort(key=lambda f: (-f["lines"], f["function"]))
    return {
        "package": package,
        "counts": dict(sorted(counts.items())),
        "imports": dict(sorted(imports.items())),
        "functions": functions[:MOST_FUNCTIONS],
        "unread": unread,
    }


def python_files(package: str) -> list[Path]:
    """The files of a package, or the one of a module, in a fixed order; none if there is no such thing."""
    if not package.isidentifier():
        return []
    module = LIBRARY / f"{package}.py"
    return [module] if module.is_file() else sorted((LIBRARY / package).rglob("*.py"))


def parse(path: Path) -> tuple[str, ast.Module]:
    """The text and syntax tree of a file, in the encoding that it declares."""
    with tokenize.open(path) as file:
        text = file.read()
    with QUIET, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes that are none, which old test data has
        return text, ast.parse(text)


def reason(problem: Exception) -> str:
    """Why a file could not be parsed, in one line that is the same on every machine."""
    if isinstance(problem, SyntaxError) and problem.lineno:
        return f"line {problem.lineno}: {problem.msg}"
    return f"{type(problem).__name__}: {problem}".split("\n", 1)[0].replace(f"{LIBRARY}/", "")


def count_lines(text: str, tree: ast.Module) -> Counter[str]:
    """Every line is one of: code, docstring, comment, blank."""
    described = {n for doc in docstrings(tree) for n in range(doc.lineno, (doc.end_lineno or doc.lineno) + 1)}
    kinds: Counter[str] = Counter()
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        kinds["docstring" if number in described else "blank" if not bare else "comment" if bare.startswith("#") else "code"] += 1
    kinds["lines"] = kinds.total()
    return kinds


def scopes(tree: ast.Module) -> Iterator[Scope]:
    """The module, its classes and functions: what can have a docstring."""
    return (node for node in ast.walk(tree) if isinstance(node, Scope))


def docstrings(tree: ast.Module) -> Iterator[ast.Expr]:
    """The statements that are docstrings."""
    for scope in scopes(tree):
        first = scope.body[0] if scope.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            yield first


def count_definitions(tree: ast.Module) -> Counter[str]:
    """How many classes and functions there are, and how much could have a docstring and has one."""
    kinds: Counter[str] = Counter()
    for scope in scopes(tree):
        kinds["classes"] += isinstance(scope, ast.ClassDef)
        kinds["functions"] += isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef)
        kinds["describable"] += 1
    kinds["described"] = sum(1 for _ in docstrings(tree))
    return kinds


def imported(tree: ast.Module, package: str) -> Iterator[str]:
    """The other packages of the standard library that a file imports, once for each import statement."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [node.module]
        for name in names:
            top = name.split(".", 1)[0]
            if top != package and top in sys.stdlib_module_names:
                yield top


def lengths(tree: ast.Module) -> Iterator[tuple[str, int, int]]:
    """Name, first line and number of lines of every function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1
