"""``@dataclass(slots=True)`` that costs a twentieth to define.

The standard decorator compiles five or six methods for each class when a module is imported. flowc has a hundred such classes,
and ``flowc check`` of a small file would spend most of its time on methods that it never calls. Here methods that can be shared are shared,
and ``__init__`` is compiled when the first instance is made. Everything else is as with the standard one: fields, defaults, ``frozen``,
``eq``, ``repr``, pattern matching, pickling, :func:`dataclasses.replace`. Type checkers take it for the standard one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from inspect import get_annotations
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, frozen: bool = False, slots: bool = True, eq: bool = True) -> Callable[[type], type]:
        """Make a class with annotated fields into a slotted record.

        Args:
            frozen: assigning a field raises ``FrozenInstanceError``.
            slots: must be True; it stands there so that the decorator reads as the standard one.
            eq: compare (and, if frozen, hash) by the fields; else by identity.
        """
        if not slots:
            raise TypeError("a record has slots")
        return lambda cls: _record(cls, frozen, eq)


_PARAMETERS = {
    frozen_eq: dataclasses.make_dataclass("_", [], frozen=frozen_eq[0], eq=frozen_eq[1]).__dataclass_params__  # type: ignore[attr-defined]
    for frozen_eq in ((True, True), (True, False), (False, True), (False, False))
}


def _record(cls: type, frozen: bool, eq: bool) -> type:
    fields: dict[str, dataclasses.Field[Any]] = {}
    for base in reversed(cls.__mro__[1:]):
        fields.update(getattr(base, "__dataclass_fields__", {}))
    inherited = set(fields)
    namespace = dict(cls.__dict__)
    for name, annotation in get_annotations(cls).items():
        if not str(annotation).startswith(("ClassVar", "typing.ClassVar")):
            fields[name] = _field(name, annotation, namespace.pop(name, dataclasses.MISSING))
    names = tuple(fields)
    for key in ("__dict__", "__weakref__"):
        namespace.pop(key, None)
    namespace.update(
        __slots__=tuple(name for name in names if name not in inherited),
        __dataclass_fields__=fields,
        __dataclass_params__=_PARAMETERS[frozen, eq],
        __match_args__=names,
        __getstate__=_get_state,
        __setstate__=_set_state,
    )
    namespace.setdefault("__repr__", _repr)
    if "__init__" not in namespace:
        namespace["__init__"] = _first_init
    if eq:
        compared = [field.name for field in fields.values() if field.compare]
        namespace.setdefault("_compared", staticmethod(attrgetter(*compared) if compared else lambda self: ()))
        namespace.setdefault("__eq__", _eq)
        # A class that defines __eq__ alone has the entry __hash__ = None.
        if namespace.get("__hash__") is None:
            namespace["__hash__"] = _hash if frozen else None
    if frozen:
        namespace.setdefault("__setattr__", _refuse_to_set)
        namespace.setdefault("__delattr__", _refuse_to_delete)
    made = type(cls)(cls.__name__, cls.__bases__, namespace)
    made.__qualname__ = cls.__qualname__
    return made


def _field(name: str, annotation: Any, default: Any) -> dataclasses.Field[Any]:
    field: Any = default if isinstance(default, dataclasses.Field) else dataclasses.field(default=default)
    field.name, field.type, field._field_type = name, annotation, dataclasses._FIELD  # type: ignore[attr-defined]
    if field.kw_only is dataclasses.MISSING:
        field.kw_only = False
    made: dataclasses.Field[Any] = field
    return made


def _first_init(self: Any, *args: Any, **kwargs: Any) -> None:
    """Compile the class's own ``__init__``, put it in this one's place, and call it."""
    cls = next(base for base in type(self).__mro__ if base.__dict__.get("__init__") is _first_init)
    init = _compile_init(cls)
    setattr(cls, "__init__", init)  # noqa: B010 - mypy forbids the plain form
    init(self, *args, **kwargs)


def _compile_init(cls: type) -> Any:
    fields: dict[str, dataclasses.Field[Any]] = cls.__dict__["__dataclass_fields__"]
    frozen = cls.__dict__["__dataclass_params__"].frozen
    scope: dict[str, Any] = {"MISSING": dataclasses.MISSING}
    parameters, body = ["self"], []
    for name, field in fields.items():
        parameter, value = name, name
        if field.default_factory is not dataclasses.MISSING:
            scope[f"make_{name}"] = field.default_factory
            parameter = f"{name}=MISSING"
            value = f"make_{name}() if {name} is MISSING else {name}" if field.init else f"make_{name}()"
        elif field.default is not dataclasses.MISSING:
            scope[f"default_{name}"] = field.default
            parameter = f"{name}=default_{name}"
            value = name if field.init else f"default_{name}"
        elif not field.init:
            continue
        if field.init:
            parameters.append(parameter)
        if frozen:
            # The slot's own descriptor: it bypasses the refusal to assign, and is quicker than object.__setattr__.
            scope[f"set_{name}"] = getattr(cls, name).__set__
            body.append(f"set_{name}(self, {value})")
        else:
            body.append(f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    exec(f"def __init__({', '.join(parameters)}):\n " + ("\n ".join(body) or "pass"), scope)
    init = scope["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _repr(self: Any) -> str:
    shown = (f"{name}={getattr(self, name)!r}" for name, field in self.__dataclass_fields__.items() if field.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _eq(self: Any, other: Any) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    return self._compared(self) == self._compared(other)


def _hash(self: Any) -> int:
    return hash(self._compared(self))


def _refuse_to_set(self: object, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _get_state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__dataclass_fields__]


def _set_state(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__dataclass_fields__, state, strict=True):
        object.__setattr__(self, name, value)
