"""What every result backend promises."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from flowc import App
from flowc.runtime.codec import pack
from flowc.runtime.errors import EncodeError

from .stores import application, document, failure, results, stored, take, tell, unique, until


@pytest.fixture
def app(result_url: str) -> Iterator[App]:
    with application(result_url) as made:
        yield made


@pytest.fixture(params=["memory", "sqlite", "redis"])
def keeping(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[App]:
    """An application whose backend keeps groups (rpc:// does not: see test_factory.py)."""
    urls = {"memory": "cache+memory://", "sqlite": f"sqlite:///{tmp_path}/results.db"}
    with application(urls.get(request.param) or request.getfixturevalue("redis_url")) as made:
        yield made


def test_nothing_is_known_of_a_task_at_first(app: App) -> None:
    assert app.backend.get(unique()) is None


def test_a_document_comes_back_as_it_was(app: App) -> None:
    task = unique()
    meta = document(
        task,
        "SUCCESS",
        {"a": [1, 2.5, None, True, "ü"]},
        parent_id="p",
        group_id="g",
        name="proj.add",
        args=[1],
        kwargs={"x": 2},
        retries=3,
    )
    meta["children"] = [[["c", None], None]]
    app.backend.store([stored(app, task, "SUCCESS")._replace(meta=meta)])
    assert until(lambda: app.backend.get(task)) == meta


def test_what_only_kombus_json_carries_comes_back(app: App) -> None:
    task = unique()
    value = {
        "moment": dt.datetime(2026, 5, 4, 3, 2, 1, 999, tzinfo=dt.UTC),
        "day": dt.date(2026, 5, 4),
        "decimal": Decimal("1.10"),
        "uuid": uuid.UUID(int=7),
        "bytes": b"text",
        "binary": b"\xff\x00",
    }
    tell(app, task, ("SUCCESS", value))
    assert until(lambda: app.backend.get(task))["result"] == value


def test_a_value_that_is_packed_already_goes_in_as_it_is(app: App) -> None:
    task = unique()
    value = {"when": dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "text": 'a "quoted" text'}
    tell(app, task, ("SUCCESS", pack(value, "it")))
    assert until(lambda: app.backend.get(task))["result"] == value


def test_what_cannot_be_carried_is_refused_and_nothing_is_kept(app: App) -> None:
    good, bad = unique(), unique()
    with pytest.raises(EncodeError, match="there is an object"):
        app.backend.store([stored(app, good, "SUCCESS", 1), stored(app, bad, "SUCCESS", {"x": object()})])
    assert app.backend.get_many([good, bad]) == {}


def test_many_are_read_at_once(app: App) -> None:
    tasks = [unique() for _ in range(300)]
    app.backend.store([stored(app, task, "SUCCESS", number) for number, task in enumerate(tasks)])
    found = until(lambda: len(got := app.backend.get_many([*tasks, unique()])) == 300 and got)
    assert [found[task]["result"] for task in tasks] == list(range(300))


def test_a_newer_state_replaces_an_older_one(app: App) -> None:
    task = unique()
    tell(app, task, ("STARTED", None), ("PROGRESS", {"done": 1}))
    assert until(lambda: (meta := app.backend.get(task)) and meta["status"] == "PROGRESS" and meta)["result"] == {"done": 1}
    tell(app, task, ("SUCCESS", 1))
    until(lambda: (app.backend.get(task) or {})["status"] == "SUCCESS")


@pytest.mark.parametrize("late", [("SUCCESS", 2), ("FAILURE", failure("ValueError", "x")), ("REVOKED", failure("E")), ("PROGRESS", 1)])
@pytest.mark.parametrize("final", ["SUCCESS", "FAILURE", "REVOKED"])
def test_the_first_end_of_a_task_stays(app: App, final: str, late: tuple[str, Any]) -> None:
    task = unique()
    value = "first" if final == "SUCCESS" else failure("KeyError", "first")
    assert tell(app, task, (final, value)) == []
    refused = tell(app, task, late)
    if app.backend.keeps_groups:  # who only sends messages cannot know
        assert [state.meta["status"] for state in refused] == [late[0]]
    with app.backend.watch([task]) as watch:
        assert take(watch, 1)[0]["result"] == value
        assert watch.next(0.1) is None
    meta = app.backend.get(task)
    assert meta is not None
    assert (meta["status"], meta["result"]) == (final, value)


def test_ends_that_come_at_once_from_many_threads_are_one(keeping: App) -> None:
    tasks = [unique() for _ in range(20)]
    refused: list[Any] = []
    barrier = threading.Barrier(4)

    def store(number: int) -> None:
        barrier.wait()
        refused.extend(keeping.backend.store([stored(keeping, task, "SUCCESS", number) for task in tasks]))

    threads = [threading.Thread(target=store, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 3 * 20
    found = keeping.backend.get_many(tasks)
    for task in tasks:
        assert sorted([found[task]["result"], *(state.meta["result"] for state in refused if state.meta["task_id"] == task)]) == [
            0,
            1,
            2,
            3,
        ]


def test_a_watch_gets_each_state_once_and_in_order(app: App) -> None:
    task = unique()
    with app.backend.watch([task]) as watch:
        tell(app, task, ("STARTED", None), ("PROGRESS", 1), ("PROGRESS", 1), ("PROGRESS", 2))
        assert results(take(watch, 4)) == [None, 1, 1, 2]
        tell(app, task, ("SUCCESS", 3))
        assert results(take(watch, 1)) == [3]
        assert watch.next(0.05) is None


def test_a_watch_that_is_opened_late_gets_what_was_told_before(app: App) -> None:
    task = unique()
    tell(app, task, ("PROGRESS", 1), ("PROGRESS", 2))
    with app.backend.watch([task]) as watch:
        assert results(take(watch, 2)) == [1, 2]
        tell(app, task, ("PROGRESS", 3), ("SUCCESS", 4))
        assert results(take(watch, 2)) == [3, 4]
    with app.backend.watch([task]) as watch:
        assert results(take(watch, 4)) == [1, 2, 3, 4]
        assert watch.next(0.05) is None


def test_a_watch_for_ends_alone_gets_no_others(app: App) -> None:
    first, second = unique(), unique()
    tell(app, first, ("PROGRESS", 1), ("SUCCESS", 2))
    with app.backend.watch([first, second], progress=False) as watch:
        assert results(take(watch, 1)) == [2]
        tell(app, second, ("PROGRESS", 3), ("PROGRESS", 4), ("SUCCESS", 5))
        assert results(take(watch, 1)) == [5]
        assert watch.next(0.05) is None


def test_states_are_told_while_watches_open_and_none_is_missed(app: App) -> None:
    """The race between reading what is there and hearing what comes."""
    task = unique()
    told = list(range(150))

    def write() -> None:
        for number in told:
            tell(app, task, ("PROGRESS", number))
        tell(app, task, ("SUCCESS", "end"))

    heard: list[list[Any]] = []

    def listen() -> None:
        with app.backend.watch([task]) as watch:
            heard.append(results(take(watch, len(told) + 1)))

    writer = threading.Thread(target=write)
    writer.start()
    threads = [threading.Thread(target=listen) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in (writer, *threads):
        thread.join()
    assert heard == [[*told, "end"]] * 5


def test_each_of_many_watches_gets_its_own(app: App) -> None:
    tasks = [unique() for _ in range(60)]
    with (
        app.backend.watch(tasks, progress=False) as all_of_them,
        app.backend.watch(tasks[:1]) as first,
        app.backend.watch([unique()]) as none,
    ):
        app.backend.store([stored(app, task, "SUCCESS", task) for task in tasks])
        assert sorted(results(take(all_of_them, 60))) == sorted(tasks)
        assert results(take(first, 1)) == [tasks[0]]
        assert none.next(0.05) is None


def test_a_watch_gives_up_after_its_time(app: App) -> None:
    with app.backend.watch([unique()]) as watch:
        assert watch.next(0) is None
        assert watch.next(0.02) is None


def test_a_task_that_is_named_twice_is_watched_once(app: App) -> None:
    task = unique()
    tell(app, task, ("SUCCESS", 1))
    with app.backend.watch([task, task]) as watch:
        assert results(take(watch, 1)) == [1]
        assert watch.next(0.05) is None


def test_what_is_forgotten_is_gone_and_can_be_told_anew(app: App) -> None:
    kept, gone = unique(), unique()
    app.backend.store([stored(app, kept, "SUCCESS", 1), stored(app, gone, "PROGRESS", 2), stored(app, gone, "SUCCESS", 2)])
    until(lambda: len(app.backend.get_many([kept, gone])) == 2)
    app.backend.forget([gone])
    assert list(app.backend.get_many([kept, gone])) == [kept]
    assert tell(app, gone, ("SUCCESS", 3)) == []
    with app.backend.watch([gone]) as watch:
        assert results(take(watch, 1)) == [3]


def test_results_expire(result_url: str) -> None:
    with application(result_url, result_expires=0.3) as app:
        task = unique()
        tell(app, task, ("PROGRESS", 1), ("SUCCESS", 1))
        until(lambda: app.backend.get(task))
        until(lambda: app.backend.get(task) is None)
        with app.backend.watch([task]) as watch:
            assert watch.next(0.05) is None
        app.backend.expire()
        assert tell(app, task, ("SUCCESS", 2)) == []


def test_results_without_an_expiry_stay(result_url: str) -> None:
    with application(result_url, result_expires=None) as app:
        task = unique()
        tell(app, task, ("PROGRESS", 0), ("SUCCESS", 1))
        until(lambda: (app.backend.get(task) or {}).get("status") == "SUCCESS")
        app.backend.expire()
        assert app.backend.get(task) is not None
        app.backend.forget([task])


@pytest.mark.parametrize("serializer", ["json", "yaml", "msgpack", "pickle"])
@pytest.mark.parametrize("compression", [None, "gzip"])
def test_every_serializer_keeps_the_promises(result_url: str, serializer: str, compression: str | None) -> None:
    with application(result_url, result_serializer=serializer, result_accept_content=[serializer], result_compression=compression) as app:
        task = unique()
        with app.backend.watch([task]) as watch:
            assert tell(app, task, ("PROGRESS", {"done": 1}), ("SUCCESS", {"a": [1, "ü"]})) == []
            tell(app, task, ("PROGRESS", {"done": 2}), ("FAILURE", failure("KeyError", "late")))
            assert results(take(watch, 2)) == [{"done": 1}, {"a": [1, "ü"]}]
            assert watch.next(0.05) is None
        assert until(lambda: app.backend.get(task))["result"] == {"a": [1, "ü"]}


def test_the_backend_works_on_after_it_was_closed(app: App) -> None:
    task = unique()
    app.backend.store([stored(app, unique(), "SUCCESS", 1)])
    app.backend.close()
    tell(app, task, ("SUCCESS", 2))
    assert until(lambda: app.backend.get(task))["result"] == 2
    with app.backend.watch([task]) as watch:
        assert results(take(watch, 1)) == [2]


# ------------------------------------------------------------------------------------------------------- groups and chords
def test_groups_are_saved_loaded_and_removed(keeping: App) -> None:
    group = unique()
    assert keeping.backend.load_group(group) is None
    keeping.backend.save_group(group, {"result": [[group, None], [[["a", None], None]]]})
    assert keeping.backend.load_group(group) == {"result": [[group, None], [[["a", None], None]]]}
    keeping.backend.forget_group(group)
    assert keeping.backend.load_group(group) is None


def parts(metas: Any) -> Any:
    return None if metas is None else [(meta["task_id"], meta["status"], meta["result"]) for meta in metas]


def test_a_chord_is_completed_once_with_its_parts_in_order(keeping: App) -> None:
    group, backend = unique(), keeping.backend
    backend.open_chord(group, 12)
    order = [7, 0, 11, 3, 10, 1, 2, 9, 4, 8, 5]
    assert [backend.chord_part(group, index, document(f"t{index}", "SUCCESS", index)) for index in order] == [None] * 11
    found = backend.chord_part(group, 6, document("t6", "FAILURE", failure("ValueError", "x")))
    expected = [(f"t{index}", "SUCCESS", index) for index in range(12)]
    expected[6] = ("t6", "FAILURE", failure("ValueError", "x"))  # type: ignore[assignment]
    assert parts(found) == expected


def test_a_part_that_comes_twice_counts_once_and_its_first_value_stays(keeping: App) -> None:
    group, backend = unique(), keeping.backend
    backend.open_chord(group, 2)
    assert backend.chord_part(group, 0, document("a", "SUCCESS", 1)) is None
    assert backend.chord_part(group, 0, document("a", "SUCCESS", 2)) is None
    assert parts(backend.chord_part(group, 1, document("b", "SUCCESS", 3))) == [("a", "SUCCESS", 1), ("b", "SUCCESS", 3)]


def test_only_the_part_that_completed_a_chord_may_do_so_again(keeping: App) -> None:
    group, backend = unique(), keeping.backend
    backend.open_chord(group, 2)
    backend.chord_part(group, 0, document("a", "SUCCESS", 1))
    whole = parts(backend.chord_part(group, 1, document("b", "SUCCESS", 2)))
    assert backend.chord_part(group, 0, document("a", "SUCCESS", 1)) is None
    assert parts(backend.chord_part(group, 1, document("b", "SUCCESS", 2))) == whole
    backend.close_chord(group)
    assert backend.chord_part(group, 1, document("b", "SUCCESS", 2)) is None
    assert backend.chord_part(group, 0, document("a", "SUCCESS", 1)) is None


def test_a_chords_size_may_become_known_late(keeping: App) -> None:
    group, backend = unique(), keeping.backend
    assert backend.chord_part(group, 0, document("a", "SUCCESS", 1)) is None
    backend.open_chord(group, 2)
    assert parts(backend.chord_part(group, 1, document("b", "SUCCESS", 2))) == [("a", "SUCCESS", 1), ("b", "SUCCESS", 2)]


def test_a_chord_can_grow(keeping: App) -> None:
    group, backend = unique(), keeping.backend
    backend.open_chord(group, 1)
    backend.add_to_chord(group, 2)
    assert backend.chord_part(group, 0, document("a", "SUCCESS", 1)) is None
    assert backend.chord_part(group, 1, document("b", "SUCCESS", 2)) is None
    assert len(backend.chord_part(group, 2, document("c", "SUCCESS", 3)) or ()) == 3


def test_parts_from_many_threads_complete_a_chord_once(keeping: App) -> None:
    group, backend = unique(), keeping.backend
    backend.open_chord(group, 40)
    completed: list[Any] = []

    def bring(start: int) -> None:
        for index in range(start, 40, 4):
            found = backend.chord_part(group, index, document(f"t{index}", "SUCCESS", index))
            if found is not None:
                completed.append([meta["result"] for meta in found])

    threads = [threading.Thread(target=bring, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert completed == [list(range(40))]


def test_a_packed_part_comes_back_as_its_value(keeping: App) -> None:
    group, backend = unique(), keeping.backend
    backend.open_chord(group, 1)
    assert parts(backend.chord_part(group, 0, document("a", "SUCCESS", pack({"b": [1]}, "it")))) == [("a", "SUCCESS", {"b": [1]})]
