"""The settings of an application, in one object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import PrivateAttr, ValidationError

from ..errors import ImproperlyConfigured
from .broker_settings import BrokerSettings
from .environment import PREFIX, environment_settings
from .kinds import Kind
from .monitoring_settings import MonitoringSettings
from .names import NAMES
from .objects import settings_of
from .project import project_settings
from .result_settings import ResultSettings
from .secrets import shown
from .strangers import unknown
from .task_settings import TaskSettings
from .worker_settings import WorkerSettings

DEFAULT = "default"


class Configuration(BrokerSettings, TaskSettings, ResultSettings, WorkerSettings, MonitoringSettings):
    """All settings by Celery's lower-case names, as attributes and as items: ``conf.task_serializer``, ``conf["broker_url"]``.

    A value that is assigned or given to :meth:`update` is checked first. Reading one is a plain attribute access. What was made with
    older values (an open connection, say) keeps them.

    Source: "Configuration and defaults" of Celery's documentation.
    """

    KEYS: ClassVar[tuple[str, ...]] = NAMES
    KINDS: ClassVar[Mapping[str, Kind]] = {}
    _origins: dict[str, str] = PrivateAttr(default_factory=dict)

    # ------------------------------------------------------------------------------------------------------------- making
    @classmethod
    def load(cls, given: Mapping[str, Any] | None = None, origin: str = "App(…)") -> Configuration:
        """The settings in force: ``given`` by the program, over ``FLOWC_…`` variables, over ``[tool.flowc]``, over the defaults.

        ``origin``: what messages call the source of those that are given.

        Raises:
            ImproperlyConfigured: a setting that is unknown or has a wrong value, or a pyproject.toml that cannot be read.
        """
        values: dict[str, Any] = {}
        origins: dict[str, str] = {}
        project, path = project_settings()
        variables = environment_settings(cls.KINDS)
        for source, name in ((project, path), (variables, PREFIX), (given or {}, origin)):
            for key, value in source.items():
                values[key] = value
                origins[key] = PREFIX + key.upper() if name == PREFIX else name
        made = cls._checked(values, origins)
        made._origins.update(origins)
        return made

    @classmethod
    def check(cls, values: Mapping[str, Any], origin: str) -> None:
        """Make sure that settings exist and have values that they may have; raises as :meth:`load`."""
        cls._checked(values, dict.fromkeys(values, origin))

    @classmethod
    def _checked(cls, values: Mapping[str, Any], origins: Mapping[str, str]) -> Configuration:
        for key in values:
            if key not in cls.KINDS:
                raise ImproperlyConfigured(f"{origins.get(key, 'settings')}: {unknown(str(key), cls.KEYS)}")
        try:
            return cls.model_validate(dict(values))
        except ValidationError as wrong:
            keys = dict.fromkeys(str(error["loc"][0]) for error in wrong.errors(include_url=False, include_context=False))
            said = "; ".join(_complaint(cls.KINDS[key], key, values[key], origins.get(key, "settings")) for key in keys)
        raise ImproperlyConfigured(said)

    # ----------------------------------------------------------------------------------------------------------- changing
    def update(self, values: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        """Change settings: all of them, or none if one is wrong.

        Raises:
            ImproperlyConfigured: a setting that is unknown or has a wrong value.
        """
        self._change({**(values or {}), **more}, "conf.update")

    def update_from(self, source: object) -> None:
        """Take settings from a mapping, an object or a module (or the name of one); raises as :meth:`update`."""
        self._change(*settings_of(source, self.KINDS))

    def _change(self, values: Mapping[str, Any], origin: str) -> None:
        origins = dict.fromkeys(values, origin)
        checked = self._checked(values, origins)
        self.__dict__.update({key: checked.__dict__[key] for key in values})
        self.__pydantic_fields_set__.update(values)
        self._origins.update(origins)

    def __setitem__(self, key: str, value: Any) -> None:
        self._change({key: value}, "assigned")

    # ------------------------------------------------------------------------------------------------------------ reading
    def __getitem__(self, key: str) -> Any:
        try:
            return self.__dict__[key]
        except KeyError:
            raise KeyError(unknown(key, self.KEYS)) from None

    def __contains__(self, key: object) -> bool:
        return key in self.__dict__

    def __iter__(self) -> Iterator[str]:  # type: ignore[override]  # as a mapping; pydantic's gives pairs
        return iter(self.KEYS)

    def __len__(self) -> int:
        return len(self.KEYS)

    def keys(self) -> tuple[str, ...]:
        """The names of all settings."""
        return self.KEYS

    def values(self) -> list[Any]:
        """The values of all settings."""
        return [self.__dict__[key] for key in self.KEYS]

    def items(self) -> list[tuple[str, Any]]:
        """All settings with their values."""
        return [(key, self.__dict__[key]) for key in self.KEYS]

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a setting; ``default`` for a name that is none."""
        return self.__dict__.get(key, default)

    def origin(self, key: str) -> str:
        """Where a setting's value comes from: ``default``, ``FLOWC_TASK_SERIALIZER``, ``[tool.flowc] of …``, ``App(…)`` and so on.

        Raises:
            KeyError: there is no such setting.
        """
        if key not in self.KINDS:
            raise KeyError(unknown(key, self.KEYS))
        return self._origins.get(key, DEFAULT)

    @property
    def tzinfo(self) -> tzinfo:
        """The zone of naive times: ``timezone``; where it is not set UTC, or with ``enable_utc`` false that of this machine."""
        zone = self.timezone
        if isinstance(zone, tzinfo):
            return zone
        if zone is not None:
            from zoneinfo import ZoneInfo

            return ZoneInfo(zone)
        local = datetime.now().astimezone().tzinfo
        return UTC if self.enable_utc or local is None else local

    def __repr__(self) -> str:
        changed = ", ".join(f"{key}={shown(self.__dict__[key], key)}" for key in self.KEYS if key in self._origins)
        return f"<Configuration: {changed or 'defaults'}>"

    __str__ = __repr__

    if not TYPE_CHECKING:  # type checkers know the fields, and that there are no others

        def __setattr__(self, name: str, value: Any) -> None:
            if name.startswith("_"):
                super().__setattr__(name, value)
            else:
                self._change({name: value}, "assigned")

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                return super().__getattr__(name)
            raise AttributeError(unknown(name, self.KEYS))


def _complaint(kind: Kind, key: str, value: object, origin: str) -> str:
    return f"{key} must be {kind.words}, not {shown(value, key)} ({origin})"


def _kind(metadata: list[Any]) -> Kind:
    return next(mark for mark in metadata if isinstance(mark, Kind))


Configuration.KINDS = {key: _kind(Configuration.model_fields[key].metadata) for key in NAMES}
