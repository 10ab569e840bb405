"""The examples of Celery's canvas guide: signatures, then the whole of "The Primitives". Waits are shorter here."""

from __future__ import annotations

from typing import Any

import pytest

import flowc
from flowc import chain, chord, group
from flowc.exceptions import ChordError

from .example import DEADLINE, Example, Project, got, with_children

TENS = [[n * 20 + m * 2 for m in range(10)] for n in range(10)]


def _with_parents(result: Any) -> Any:
    """The values of a chain's steps, the last first."""
    values = []
    while result is not None:
        values.append(got(result))
        result = result.parent
    return values


def _linked(p: Project) -> Any:
    result = p.add.apply_async((2, 2), link=p.mul.s(16))
    assert got(result) == 4
    assert got(result.children[0]) == 64
    assert [value for _, value in result.collect()] == [4, 64]
    assert {value for _, value in result.collect(intermediate=True)} == {4, 64}
    return [result.get(), result.children[0].get()]


def _links_of_a_signature(p: Project) -> Any:
    made = p.add.s(2, 2)
    made.link(p.mul.s(4))
    made.link(p.keep.s(p.key))
    return with_children(made.delay())


def _fails(made: Any) -> None:
    with pytest.raises(ValueError, match="no"):
        got(made.delay())


def _chord_error(made: Any, *args: Any) -> None:
    with pytest.raises(ChordError, match=r"Dependency .* raised ValueError\('something something'"):
        got(made(*args))


def _group_results(p: Project) -> Any:
    result = group([p.add.s(2, 2), p.add.s(4, 4), p.add.s(8, 8), p.add.s(16, 16), p.add.s(32, 32)]).apply_async()
    values = got(result)
    assert (result.ready(), result.successful(), result.failed(), result.waiting(), result.completed_count()) == (
        True,
        True,
        False,
        False,
        5,
    )
    assert result.join(timeout=DEADLINE) == values
    return values


def _callback_of_a_group(p: Project) -> Any:
    made = group(p.add.s(2, 2), p.add.s(4, 4))
    made.link(p.note.s(p.key, "linked"))
    return got(made())


def _errback_of_a_group(p: Project) -> None:
    made = group(p.fail.s("no"), p.fail.s("no"))
    made.link_error(p.on_error.s(key=p.key))
    with pytest.raises(ValueError, match="no"):
        got(made())


def _broken_down(p: Project) -> Any:
    callback = p.tsum.s()
    header = [p.add.s(i, i) for i in range(100)]
    return got(chord(header)(callback))


def _skewed(p: Project) -> Any:
    made = p.add.chunks(zip(range(20), range(20), strict=True), 10).group()
    return got(made.skew(start=0.05, stop=0.2, step=0.05)())


def _pairs(count: int) -> str:
    return f"[[i, i] for i in range({count})]"


WORKFLOW = "proj.create_user(username='artv', first='Art', last='Vandelay', email='art@vandelay.com') -> "

CHORD_ERROR = ["on_error", "ID", "ChordError", "Dependency ID raised ValueError('something something')"]

CANVAS = [
    # Signatures, partials, immutability, callbacks
    Example(
        "signature by name", "proj.add(2, 2) {countdown = 0.1}", 4,
        lambda p: got(flowc.signature("proj.add", args=(2, 2), countdown=0.1, app=p.app).delay()),
    ),
    Example(
        "named arguments", "proj.call(2, 2, debug=true)", [[2, 2], {"debug": True}], lambda p: got(p.call.s(2, 2, debug=True).delay()),
    ),
    Example("set", "proj.add(2, 2) {countdown = 0.1}", 4, lambda p: got(p.add.s(2, 2).set(countdown=0.1).delay())),
    Example("partial", "4 -> proj.add(2)", 6, lambda p: got(p.add.s(2).delay(4))),
    Example(
        "partial, named", "proj.call(2, 2, debug=true)", [[2, 2], {"debug": True}],
        lambda p: got(p.call.s(2, 2).apply_async(kwargs={"debug": True})),
    ),
    Example(
        "partial, options", "(proj.add(2, 2) {countdown = 0.1}) {countdown = 1000}", 4,
        lambda p: got(p.add.signature((2, 2), countdown=1000).apply_async(countdown=0.1)),
    ),
    Example(
        "clone", "4 -> proj.call(2, debug=true)", [[4, 2], {"debug": True}],
        lambda p: got(p.call.s(2).clone(args=(4,), kwargs={"debug": True}).delay()),
    ),
    Example(
        "immutable callback", "proj.add(2, 2) => proj.note('KEY', 'reset')", "reset",
        lambda p: with_children(p.add.apply_async((2, 2), link=p.note.si(p.key, "reset")))[1], notes=["reset"],
    ),
    Example("the operator ~", "proj.add(2, 2)", 4, lambda p: ~p.add.s(2, 2)),
    Example("callback", "proj.add(2, 2) -> proj.add(8)", 12, lambda p: with_children(p.add.apply_async((2, 2), link=p.add.s(8)))[1]),
    # The primitives
    Example("map of two", "map(proj.echo, [1, 2])", [1, 2], lambda p: got(p.echo.map([1, 2]).delay())),
    Example("starmap of two", "starmap(proj.add, [[2, 2], [4, 4]])", [4, 8], lambda p: got(p.add.starmap([(2, 2), (4, 4)]).delay())),
    Example(
        "chunks of a thousand", f"chunks(proj.add, {_pairs(1000)}, 10)", [[2 * (10 * n + m) for m in range(10)] for n in range(100)],
        lambda p: got(p.add.chunks(zip(range(1000), range(1000), strict=True), 10)()),
    ),
    Example(
        "simple chain", "proj.add(2, 2) -> proj.add(4) -> proj.add(8)", 16,
        lambda p: got(chain(p.add.s(2, 2), p.add.s(4), p.add.s(8))()),
    ),
    Example(
        "simple chain by pipes", "proj.add(2, 2) -> proj.add(4) -> proj.add(8)", 16,
        lambda p: got((p.add.s(2, 2) | p.add.s(4) | p.add.s(8))()),
    ),
    Example(
        "independent tasks", "a = proj.add(2, 2)\nb = a => proj.add(4, 4)\nc = b => proj.add(8, 8)\n[c, b, a]", [16, 8, 4],
        lambda p: _with_parents((p.add.si(2, 2) | p.add.si(4, 4) | p.add.si(8, 8))()),
    ),
    Example(
        "simple group", "[proj.add(i, i) for i in range(10)]", [2 * i for i in range(10)],
        lambda p: got(group(p.add.s(i, i) for i in range(10))()),
    ),
    Example(
        "simple chord", "[proj.add(i, i) for i in range(10)] -> proj.xsum", 90,
        lambda p: got(chord((p.add.s(i, i) for i in range(10)), p.xsum.s())()),
    ),
    Example(
        "immutable body", "[proj.echo(c) for c in ['ann', 'bob']] => proj.note('KEY', 'import 7')", "import 7",
        lambda p: got(chord((p.echo.s(c) for c in ("ann", "bob")), p.note.si(p.key, "import 7")).apply_async()), notes=["import 7"],
    ),
    Example("partial chain", "16 -> proj.add(4) -> proj.mul(8)", 160, lambda p: got((p.add.s(4) | p.mul.s(8))(16))),
    Example(
        "combined chains", "flow c1(x):\n    return x -> proj.add(4) -> proj.mul(8)\nproj.add(4, 16) -> proj.mul(2) -> c1", 352,
        lambda p: got((p.add.s(4, 16) | p.mul.s(2) | (p.add.s(4) | p.mul.s(8)))()),
    ),
    Example(
        "group to chord", "[proj.add(i, i) for i in range(10)] -> proj.xsum", 90,
        lambda p: got((group(p.add.s(i, i) for i in range(10)) | p.xsum.s())()),
    ),
    Example(
        "forwarded to a group", WORKFLOW + "[proj.import_contacts, proj.send_welcome_email]",
        ["contacts of artv", "welcome art@vandelay.com"],
        lambda p: got((p.create_user.s() | group(p.import_contacts.s(), p.send_welcome_email.s())).delay(
            username="artv", first="Art", last="Vandelay", email="art@vandelay.com")),
    ),
    Example(
        "not forwarded to a group", "a = proj.add(4, 4)\n[a => [proj.add(i, i) for i in range(10)], a]",
        [[2 * i for i in range(10)], 8],
        lambda p: _with_parents((p.add.s(4, 4) | group(p.add.si(i, i) for i in range(10)))()),
    ),
    # Chains
    Example("children", "a = proj.add(2, 2)\n[a, a -> proj.mul(16)]", [4, 64], _linked),
    Example(
        "links of a signature", "a = proj.add(2, 2)\n[a, a -> proj.mul(4), a -> proj.keep('KEY')]", [4, 16, 4],
        _links_of_a_signature, notes=[4],
    ),
    Example(
        "on_error", "proj.fail('no') !> proj.on_error('KEY')", None, lambda p: _fails(p.fail.s("no").on_error(p.on_error.s(key=p.key))),
        states={"proj.fail": "FAILURE"}, notes=[["on_error", "ID", "ValueError", "no"]],
    ),
    Example(
        "chain and parents", "a = proj.add(4, 4)\nb = a -> proj.mul(8)\nc = b -> proj.mul(10)\n[c, b, a]", [640, 64, 8],
        lambda p: _with_parents(chain(p.add.s(4, 4), p.mul.s(8), p.mul.s(10))()),
    ),
    Example(
        "chain by pipes", "proj.add(2, 2) -> proj.mul(8) -> proj.mul(10)", 320,
        lambda p: got((p.add.s(2, 2) | p.mul.s(8) | p.mul.s(10)).apply_async()),
    ),
    # Groups
    Example("group of two", "[proj.add(2, 2), proj.add(4, 4)]", [4, 8], lambda p: got(group(p.add.s(2, 2), p.add.s(4, 4))())),
    Example(
        "group of a hundred", "[proj.add(i, i) for i in range(100)]", [2 * i for i in range(100)],
        lambda p: got(group(p.add.s(i, i) for i in range(100))()),
    ),
    Example(
        "callback of a group", "a = proj.add(2, 2)\na => proj.note('KEY', 'linked')\n[a, proj.add(4, 4)]", [4, 8],
        _callback_of_a_group, notes=["linked"],
    ),
    Example(
        "errback of a group", "[proj.fail('no'), proj.fail('no')] !> each proj.on_error('KEY')", None, _errback_of_a_group,
        states={"proj.fail": "FAILURE"}, notes=[["on_error", "ID", "ValueError", "no"]] * 2,
    ),
    Example("group results", "[proj.add(i, i) for i in [2, 4, 8, 16, 32]]", [4, 8, 16, 32, 64], _group_results),
    # Chords
    Example(
        "chord of a hundred", "[proj.add(i, i) for i in range(100)] -> proj.tsum", 9900,
        lambda p: got(chord(p.add.s(i, i) for i in range(100))(p.tsum.s())),
    ),
    Example("broken down", "header = [proj.add(i, i) for i in range(100)]\ncallback = header -> proj.tsum\ncallback", 9900, _broken_down),
    Example(
        "error in a chord", "[proj.add(4, 4), proj.fail('something something'), proj.note('KEY', 16)] -> proj.tsum", None,
        lambda p: _chord_error(chord([p.add.s(4, 4), p.fail.s("something something"), p.note.s(p.key, 16)]), p.tsum.s()),
        states={"proj.fail": "FAILURE", "proj.tsum": "SKIPPED"}, notes=[16],
    ),
    Example(
        "errback of a chord", "([proj.add(4, 4), proj.fail('something something')] -> proj.xsum) !> proj.on_error('KEY')", None,
        lambda p: _chord_error(
            (group(p.add.s(4, 4), p.fail.s("something something")) | p.xsum.s().on_error(p.on_error.s(key=p.key))).delay),
        states={"proj.fail": "FAILURE", "proj.xsum": "SKIPPED"}, notes=[["on_error", "ID", "ValueError", "something something"]],
        said=[CHORD_ERROR], sent=[CHORD_ERROR],
    ),
    # Map, starmap, chunks
    Example(
        "map", "map(proj.xsum, [range(10), range(100)])", [45, 4950],
        lambda p: ~p.xsum.map([list(range(10)), list(range(100))]),
    ),
    Example(
        "starmap", f"starmap(proj.add, {_pairs(10)})", [2 * i for i in range(10)],
        lambda p: ~p.add.starmap(zip(range(10), range(10), strict=True)),
    ),
    Example(
        "starmap later", f"starmap(proj.add, {_pairs(10)}) {{countdown = 0.1}}", [2 * i for i in range(10)],
        lambda p: got(p.add.starmap(zip(range(10), range(10), strict=True)).apply_async(countdown=0.1)),
    ),
    Example(
        "chunks", f"chunks(proj.add, {_pairs(100)}, 10)", TENS,
        lambda p: got(p.add.chunks(zip(range(100), range(100), strict=True), 10)()),
    ),
    Example(
        "chunks by apply_async", f"chunks(proj.add, {_pairs(100)}, 10)", TENS,
        lambda p: got(p.add.chunks(zip(range(100), range(100), strict=True), 10).apply_async()),
    ),
    Example(
        "chunks as a group", f"chunks(proj.add, {_pairs(100)}, 10)", TENS,
        lambda p: got(p.add.chunks(zip(range(100), range(100), strict=True), 10).group()()),
    ),
    Example(
        "skew", "[starmap(proj.add, [[10 * n + m, 10 * n + m] for m in range(10)]) {countdown = 0.05 * (n + 1)} for n in range(2)]",
        TENS[:2], _skewed,
    ),
]  # fmt: skip
