"""Attributes of a task that stand in for something else: the defaults of its calls, and settings."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from .calling.declared import FROM_SETTINGS, check_declared


class CallDefault:
    """A default option of the task's calls; where it has none, what the setting says (if one does).

    Setting it makes a new ``options``, so that whoever keeps something made from the old one can see it.
    """

    def __init__(self, setting: str | None) -> None:
        self._setting = setting

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, task: Any, owner: type | None = None) -> Any:
        if task is None:
            return self
        own = task.options.get(self._name)
        return getattr(task.app.conf, self._setting) if own is None and self._setting is not None else own

    def __set__(self, task: Any, value: Any) -> None:
        check_declared(task.name, {self._name: value})
        changed = {**task.options, self._name: value}
        task.options = MappingProxyType({key: kept for key, kept in changed.items() if kept is not None})


class FromSettings:
    """What the task says, else what the setting says."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name
        self._setting = FROM_SETTINGS[name]

    def __get__(self, task: Any, owner: type | None = None) -> Any:
        if task is None:
            return self
        own = task.own.get(self._name)
        return getattr(task.app.conf, self._setting) if own is None else own

    def __set__(self, task: Any, value: Any) -> None:
        check_declared(task.name, {self._name: value})
        task.own[self._name] = value
