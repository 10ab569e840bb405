"""Settings from what a program hands over: a mapping, an object with attributes, or the name of a module."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping
from types import ModuleType
from typing import Any

from ..errors import ImproperlyConfigured
from .strangers import modern_name


def settings_of(source: object, known: Collection[str]) -> tuple[dict[str, Any], str]:
    """The settings in ``source``, and what to call it in messages.

    All keys of a mapping count. Of an object or module those attributes count that hold values: not private ones, modules,
    classes and functions, nor constants in capitals unless Celery 3 had a setting of that name.

    Raises:
        ImproperlyConfigured: no module has the name, or importing it failed.
    """
    if isinstance(source, str):
        name, source = source, _imported(source)
        called = f"module {name}"
    elif isinstance(source, ModuleType):
        called = f"module {source.__name__}"
    else:
        called = "a mapping" if isinstance(source, Mapping) else f"an object of {type(source).__name__}"
        if isinstance(source, type):
            called = f"class {source.__name__}"
    if isinstance(source, Mapping):
        return {str(key): value for key, value in source.items()}, called
    attributes = {name: getattr(source, name, None) for name in dir(source) if not name.startswith("_")}
    return {name: value for name, value in attributes.items() if _counts(name, value, known)}, called


def _counts(name: str, value: object, known: Collection[str]) -> bool:
    if name in known:
        return True
    if not name.islower():
        return modern_name(name, known) is not None
    return not isinstance(value, ModuleType) and not callable(value) and not hasattr(value, "compiler_flag")


def _imported(name: str) -> object:
    module_name, _, attribute = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and (module_name == error.name or module_name.startswith(f"{error.name}.")):
            raise ImproperlyConfigured(f"settings are to come from module {name!r}, but there is no module {error.name!r}") from None
        raise
    except ValueError:
        raise ImproperlyConfigured(f"settings are to come from {name!r}, which is no name of a module") from None
    if not attribute:
        return module
    try:
        return getattr(module, attribute)
    except AttributeError:
        raise ImproperlyConfigured(f"settings are to come from {name!r}, but the module has no {attribute!r}") from None
