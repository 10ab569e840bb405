"""``MODULE[:ATTR]``: import the user's module and find the application in it."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import os
import re
import sys
from pathlib import Path
from types import FunctionType, ModuleType

from .app import App
from .celery_app.recognising import celery_folders, is_celery, unwrapped
from .errors import AppNotFound, ImproperlyConfigured
from .failures import cut, failure_of

#: Packages inside packages that a module's name may lead through.
_DEEPEST = 50


def load_app(spec: str, folder: str | None = None) -> App:
    """Import ``MODULE`` and return the :class:`App` in it. One of Celery's is adopted (:mod:`flowc.runtime.celery_app`).

    Args:
        spec: ``module`` or ``module:attribute``. Without an attribute: ``app``, ``celery``, else the only application in the module, else
            that of its module ``celery``, as ``celery -A`` finds it.
        folder: what comes first on the path; by default the current folder.

    Raises:
        AppNotFound: no such module or attribute, no or several apps, or the module itself raised (then with its traceback).
    """
    name, _, attribute = spec.partition(":")
    name = name.strip().removesuffix(".py").replace("/", ".") if name.endswith(".py") else name.strip()
    if not name or not all(part.isidentifier() for part in name.split(".")) or name.count(".") > _DEEPEST:
        raise AppNotFound(f"{cut(spec, 200)!r} is not MODULE or MODULE:ATTRIBUTE, such as proj.tasks:app")
    place = Path(folder) if folder else Path.cwd()
    module = _import(name, place)
    if attribute:
        return _app(_attribute(module, attribute.strip(), spec), name)
    found = _only(module, name)
    if found is None and hasattr(module, "__path__") and importlib.util.find_spec(f"{name}.celery") is not None:
        found = _only(_import(f"{name}.celery", place), f"{name}.celery")
    if found is None:
        made_by = _makers(module)
        hint = f"; {name}:{made_by[0]} seems to make one: call it in a module, as in  app = {made_by[0]}()" if made_by else ""
        raise AppNotFound(
            f"there is no application in {name}"
            + (hint or f", flowc's or Celery's; name the module that has it, or make one with  app = flowc.App({name.split('.')[0]!r})")
        )
    return _app(found, name)


def _only(module: ModuleType, name: str) -> object:
    """The application of a module: ``app``, ``celery``, else the only one; None if it has none."""
    for known in ("app", "celery"):
        if _is_app(app := _member(module, known, name)):
            return app
    found = _apps(module)
    if len({id(app) for app in found.values()}) > 1:
        raise AppNotFound(f"{name} has several applications ({', '.join(sorted(found))}); name one: {name}:{min(found)}")
    return next(iter(found.values()), None)


def _is_app(value: object) -> bool:
    return issubclass(type(value), App) or is_celery(value)


def _app(value: object, name: str) -> App:
    """An application as flowc's."""
    if isinstance(value, App):
        return value
    from .celery_app import adopt

    try:
        return adopt(value)
    except KeyboardInterrupt:
        raise
    except ImproperlyConfigured as exc:
        cause = failure_of(exc.__cause__, keep=False).traceback if exc.__cause__ is not None else ""
        raise AppNotFound(f"the Celery application of {name}: {exc}", _of_the_user(cause)) from exc
    except BaseException as exc:  # the settings and the modules with tasks are the user's code
        raise _broken(name, exc, "reading the Celery application of") from exc


def _makers(module: ModuleType) -> list[str]:
    """Functions of a module that seem to make an application."""
    words = ("app", "celery")
    return [
        name
        for name, value in getattr(module, "__dict__", {}).items()  # what stands in sys.modules may be anything
        if isinstance(value, FunctionType) and name.startswith(("create_", "make_", "get_", "build_", "init_")) and name.endswith(words)
    ]


def _import(name: str, folder: Path) -> ModuleType:
    here = str(folder)
    if sys.path[:1] != [here] and not (sys.path[:1] == [""] and folder == Path.cwd()):
        sys.path.insert(0, here)
    importlib.invalidate_caches()
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as exc:
        if exc.name is not None and (name == exc.name or name.startswith(f"{exc.name}.")):
            raise AppNotFound(f"no module is named {exc.name!r}{_near_modules(exc.name, folder)} (looked in {here} first)") from None
        raise _broken(name, exc) from exc
    except KeyboardInterrupt:
        raise
    except BaseException as exc:  # the module is the user's code: even SystemExit at its top level is an error to report
        raise _broken(name, exc) from exc


def _broken(name: str, exc: BaseException, doing: str = "importing") -> AppNotFound:
    failure = failure_of(exc, keep=False)
    hint = "; pip install 'flowc[celery]'" if isinstance(exc, ModuleNotFoundError) and exc.name == "celery" else ""
    return AppNotFound(f"{doing} {name} failed: {failure}{hint}", _of_the_user(failure.traceback))


def _of_the_user(traceback: str) -> str:
    """A traceback without the frames of the import system and of Celery's, and without exceptions on the way that have no others."""
    celery = [f'File "{folder}{os.sep}' for folder in celery_folders()]
    library = f'File "{os.path.dirname(os.__file__)}{os.sep}'
    kept: list[str] = []
    skipping = begun = False
    for line in traceback.splitlines():
        if line.startswith('  File "'):
            skipping = "<frozen importlib" in line or "/importlib/__init__.py" in line or any(start in line for start in celery)
            skipping = skipping or (not begun and library in line and "site-packages" not in line)
            begun = begun or not skipping
        elif not line.startswith("    "):
            skipping = False
            begun = begun and line != "Traceback (most recent call last):"
        if not skipping:
            kept.append(line)
    *before, last = _NEXT.split("\n".join(kept))
    found = [part for part in before if '  File "' in part]
    if not found and '  File "' not in last:
        return ""
    return f"\n\n{_THEN}\n\n".join((*found, last))


_THEN = "The above exception was the direct cause of the following exception:"
_NEXT = re.compile(rf"\n\n(?:{re.escape(_THEN)}|During handling of the above exception, another exception occurred:)\n\n")


def _attribute(module: ModuleType, attribute: str, spec: str) -> object:
    value: object = module
    for part in attribute.split("."):
        inner = _member(value, part, module.__name__)
        if inner is None:
            near = difflib.get_close_matches(part, [n for n in dir(value) if not n.startswith("_")], 1)
            apps = ", ".join(sorted(_apps(module)))
            hint = f"; did you mean {near[0]!r}?" if near else f"; its applications: {apps}" if apps else ""
            raise AppNotFound(f"{module.__name__} has no {attribute!r}{hint}")
        value = inner
    if _is_app(value := unwrapped(value)):
        return value
    if isinstance(value, FunctionType):
        raise AppNotFound(f"{spec} is a function, not an application; if it makes one, call it in a module, as in  app = {attribute}()")
    raise AppNotFound(f"{spec} is {_kind(value)}, not a flowc.App and not an application of Celery's")


def _member(value: object, name: str, module: str) -> object:
    """An attribute, None if there is none. It may be the user's own code that answers."""
    try:
        return getattr(value, name, None)
    except Exception as exc:
        raise _broken(module, exc, "looking into") from exc


def _kind(value: object) -> str:
    kind = type(value)
    return f"a {kind.__module__}.{kind.__qualname__}" if kind.__module__ != "builtins" else f"a {kind.__name__}"


def _apps(module: ModuleType) -> dict[str, object]:
    return {name: value for name, value in getattr(module, "__dict__", {}).items() if _is_app(value)}


def _near_modules(name: str, folder: Path) -> str:
    """``; did you mean …?``: what is there for the first part of a dotted name that is not."""
    parts = name.split(".")
    for depth, part in enumerate(parts):
        here = sorted({p.stem for p in folder.glob("*.py")} | {p.parent.name for p in folder.glob("*/__init__.py")})
        if part not in here:
            near = difflib.get_close_matches(part, here, 1)
            return f"; did you mean {'.'.join((*parts[:depth], *near))!r}?" if near else ""
        folder /= part
    return ""
