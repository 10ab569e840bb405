"""Records behave as the standard library's dataclasses do."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any, ClassVar

import pytest

from flowc.dsl.record import dataclass


def make(decorator: Any) -> Any:
    """The same classes by the decorator that is given."""

    @decorator(frozen=True, slots=True)
    class Base:
        """A base."""

        limit: ClassVar[int] = 3
        name: str
        size: int = 1

        def double(self) -> int:
            return self.size * 2

    @decorator(frozen=True, slots=True)
    class Derived(Base):
        items: dict[str, int] = dataclasses.field(default_factory=dict, compare=False)
        note: str = dataclasses.field(default="", repr=False)

        def __post_init__(self) -> None:
            if self.size < 0:
                raise ValueError("negative")

    @decorator(slots=True)
    class Mutable:
        left: int
        right: list[int] = dataclasses.field(default_factory=list)
        later: int = dataclasses.field(init=False)
        count: int = dataclasses.field(init=False, default=7, compare=False)
        seen: list[int] = dataclasses.field(init=False, default_factory=list, repr=False)
        last: int = 0

    @decorator(frozen=True, slots=True)
    class Empty:
        pass

    return Base, Derived, Mutable, Empty


@pytest.fixture(params=["standard", "record"])
def classes(request: pytest.FixtureRequest) -> Any:
    return make(dataclasses.dataclass if request.param == "standard" else dataclass)


def test_fields_and_defaults(classes: Any) -> None:
    base, derived, mutable, empty = classes
    assert (base("a").name, base("a").size, base.limit) == ("a", 1, 3)
    assert derived(name="a", size=2).double() == 4
    assert derived("a").items == {}
    assert derived("a").items is not derived("a").items
    assert mutable(1, [2], 3).last == 3
    assert mutable(1, [2]).right == [2]
    assert (mutable(1).count, mutable(1).seen) == (7, [])
    assert not hasattr(mutable(1), "later")
    with pytest.raises(TypeError):
        mutable(1, seen=[1])
    assert empty() == empty()
    assert [f.name for f in dataclasses.fields(derived)] == ["name", "size", "items", "note"]
    with pytest.raises(TypeError):
        base()
    with pytest.raises(TypeError):
        base("a", wrong=1)
    with pytest.raises(ValueError, match="negative"):
        derived("a", -1)


def test_frozen(classes: Any) -> None:
    base, _, mutable, _ = classes
    with pytest.raises(dataclasses.FrozenInstanceError):
        base("a").name = "b"
    with pytest.raises(dataclasses.FrozenInstanceError):
        del base("a").name
    changed = mutable(1)
    changed.left = 2
    assert changed.left == 2


def test_slots(classes: Any) -> None:
    _, derived, mutable, _ = classes
    assert not hasattr(derived("a"), "__dict__")
    with pytest.raises(AttributeError):
        mutable(1).other = 1


def test_equality_and_hash(classes: Any) -> None:
    base, derived, mutable, _ = classes
    assert base("a", 1) == base("a")
    assert base("a") != base("b")
    assert base("a") != derived("a")
    assert derived("a", items={"x": 1}) == derived("a")
    assert hash(derived("a", items={"x": 1})) == hash(derived("a"))
    assert base("a").__eq__(1) is NotImplemented
    first, second = mutable(1), mutable(1)
    first.later = second.later = 2
    assert first == second
    with pytest.raises(TypeError):
        hash(mutable(1))


def test_repr(classes: Any) -> None:
    _, derived, _, empty = classes
    assert repr(derived("a", note="n")).endswith("Derived(name='a', size=1, items={})")
    assert repr(empty()).endswith("Empty()")


def test_replace_copy_and_matching(classes: Any) -> None:
    derived = classes[1]
    base: Any = classes[0]
    assert dataclasses.is_dataclass(classes[0])
    assert dataclasses.replace(base("a"), size=5) == base("a", 5)
    assert dataclasses.asdict(derived("a")) == {"name": "a", "size": 1, "items": {}, "note": ""}
    assert copy.deepcopy(derived("a", items={"x": 1})).items == {"x": 1}
    assert copy.copy(base("a")) == base("a")
    match base("a", 7):
        case base(name, size=7):
            assert name == "a"
        case _:
            pytest.fail("no match")


@dataclass(frozen=True, slots=True)
class Pickled:
    a: int
    b: str = "b"


def test_pickle_before_and_after_the_first_instance() -> None:
    made = Pickled(1)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(made, protocol)) == made


def test_init_is_compiled_for_the_class_that_needs_it() -> None:
    @dataclass(frozen=True, slots=True)
    class First:
        a: int

    @dataclass(frozen=True, slots=True)
    class Second(First):
        pass

    assert Second(1).a == 1
    assert First(2).a == 2
    assert Second(3).a == 3


def test_a_record_has_slots() -> None:
    with pytest.raises(TypeError, match="slots"):
        dataclass(slots=False)
