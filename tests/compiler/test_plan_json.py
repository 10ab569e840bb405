"""Plans as JSON: stable, compact, read strictly."""

from __future__ import annotations

import datetime as dt
import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowc.compiler.plan import Call, Group, Handler, Late, Location, Map, Plan, PlanError, Ref, Scope, SubFlow, Trigger, Value
from flowc.compiler.plan_json import DEEPEST, encode_plan, encode_value

from ..slices import some

WHERE = Location("etl.flow", 1, 2, 3, 4)
EMPTY = Map()

texts = st.text(max_size=6)
zones = st.just(dt.UTC) | st.builds(lambda m: dt.timezone(dt.timedelta(minutes=m)), st.integers(-1_000, 1_000))
maps = st.dictionaries(texts | st.sampled_from(["$ref", "$", "$map"]), st.integers(), max_size=3)


def values(refs: list[str]) -> st.SearchStrategy[Value]:
    plain: st.SearchStrategy[Value] = (
        st.none()
        | st.booleans()
        | st.integers(-(2**4_000), 2**4_000)
        | st.floats(allow_nan=False, allow_infinity=False)
        | texts
        | st.dates()
        | st.datetimes(timezones=zones).map(lambda moment: moment.replace(fold=0))
    )
    if refs:
        plain |= st.builds(Ref, st.sampled_from(refs), st.lists(texts | st.integers(), max_size=2).map(tuple))
    return st.recursive(
        plain,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(tuple),
            st.dictionaries(texts | st.sampled_from(["$ref", "$x"]), inner, max_size=3).map(lambda d: Map(tuple(d.items()))),
            st.builds(Late, texts, st.lists(inner, max_size=2).map(tuple)),
        ),
        max_leaves=5,
    )


locations = st.builds(Location, st.text(max_size=8), *[st.integers(1, 10**8)] * 4)


@st.composite
def plans(draw: Any) -> Plan:
    ids = draw(st.lists(texts, max_size=4, unique=True))
    group_ids = [f"group#{n}" for n in range(draw(st.integers(0, 2)))]
    scope_ids = [f"scope#{n}" for n in range(draw(st.integers(0, 2)))]
    flow_ids = [f"flow#{n}" for n in range(draw(st.integers(0, 2)))]

    def some(known: list[str]) -> tuple[str, ...]:
        return tuple(draw(st.lists(st.sampled_from(known), unique=True))) if known else ()

    calls = []
    for number, id_ in enumerate(ids):
        needs = some(ids[:number])
        value = values(list(needs))
        call_map = st.dictionaries(texts, value, max_size=2).map(lambda d: Map(tuple(d.items())))
        link = draw(st.none() | st.sampled_from(needs)) if needs else None
        trigger = Trigger(draw(st.sampled_from(["start", "link", "then", "join"])), link, needs[:1], needs)
        args, kwargs, options = draw(st.lists(value, max_size=2).map(tuple)), draw(call_map), draw(call_map)
        scope = draw(st.none() | st.sampled_from(scope_ids)) if scope_ids else None
        made = Call(id_, draw(texts), args, kwargs, options, trigger, some(group_ids), some(flow_ids), scope, draw(texts), draw(locations))
        calls.append(made)
    groups = [
        Group(
            g,
            draw(st.sampled_from(["list", "each", "chunks"])),
            tuple(draw(st.lists(values(ids + group_ids[:n]), max_size=2))),
            draw(texts),
            some(group_ids),
            some(flow_ids),
            some(ids),
            draw(locations),
        )
        for n, g in enumerate(group_ids)
    ]
    handlers = st.builds(Handler, texts, texts, st.lists(values(ids), max_size=2).map(tuple), st.just(EMPTY), st.just(EMPTY), locations)
    scopes = [
        Scope(s, draw(st.sampled_from(["error", "message"])), draw(st.booleans()), tuple(draw(st.lists(handlers, max_size=2))),
              draw(st.none() | st.sampled_from(scope_ids[:n])) if n else None, draw(locations))
        for n, s in enumerate(scope_ids)
    ]  # fmt: skip
    flows = [SubFlow(f, draw(texts), some(flow_ids), draw(locations)) for f in flow_ids]
    value = draw(values(ids + group_ids))
    return Plan(draw(texts), draw(st.none() | texts), tuple(calls), tuple(groups), tuple(scopes), tuple(flows), value)


def same(a: Any, b: Any) -> bool:
    """Equality that tells 1, 1.0 and true apart, -0.0 from 0.0, and zones."""
    return repr(a) == repr(b)


@settings(max_examples=some(12), deadline=None)
@given(plans())
def test_a_plan_goes_to_json_and_back(plan: Plan) -> None:
    text = plan.to_json()
    back = Plan.from_json(text)
    assert same(back, plan)
    assert back.to_json() == text
    assert Plan.from_json(text.encode()) == back
    assert Plan.from_json(plan.to_json(indent=2)) == back


def call(id_: str, *args: Value, needs: tuple[str, ...] = ()) -> Call:
    return Call(id_, "jobs.x", args, EMPTY, EMPTY, Trigger("join", None, (), needs) if needs else Trigger(), (), (), None, "any", WHERE)


def plan_of(*calls: Call, groups: tuple[Group, ...] = (), value: Value = None) -> Plan:
    return Plan("p", None, calls, groups, (), (), value)


def test_the_form_is_compact_and_stable() -> None:
    late = Late("+", (Late("now"), Late("duration", (60,))))
    options = Map((("queue", "q"), ("eta", dt.datetime(2026, 1, 2, tzinfo=dt.UTC))))
    made = Call(
        "b", "jobs.b", (Ref("a", ("n", 0)), (1, dt.date(2026, 1, 2))), Map((("m", Map((("$x", late),))),)), options,
        Trigger("link", "a", (), ("a",)), (), (), None, "int", WHERE,
    )  # fmt: skip
    assert encode_plan(plan_of(call("a"), made, value=Ref("b"))) == {
        "flowc": 1,
        "name": "p",
        "calls": [
            {"id": "a", "task": "jobs.x", "where": "etl.flow:1:2-3:4"},
            {
                "id": "b",
                "task": "jobs.b",
                "args": [{"$ref": "a", "path": ["n", 0]}, [1, {"$date": "2026-01-02"}]],
                "kwargs": {"m": {"$map": [["$x", {"$late": "+", "args": [{"$late": "now"}, {"$late": "duration", "args": [60]}]}]]}},
                "options": {"queue": "q", "eta": {"$datetime": "2026-01-02T00:00:00+00:00"}},
                "trigger": {"kind": "link", "link": "a", "needs": ["a"]},
                "returns": "int",
                "where": "etl.flow:1:2-3:4",
            },
        ],
        "value": {"$ref": "b"},
    }


def test_places_keep_colons_in_file_names() -> None:
    where = Location("C:\\a:1:2-3:4", 5, 6, 7, 8)
    plan = Plan("p", None, (Call("a", "t", (), EMPTY, EMPTY, Trigger(), (), (), None, "any", where),), (), (), (), None)
    assert Plan.from_json(plan.to_json()).calls[0].where == where


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1}, dt.timedelta(1), b"x", 1j])
def test_what_no_plan_holds_is_refused(value: Any) -> None:
    with pytest.raises(PlanError):
        encode_value((value,))


def test_deep_values_are_refused_and_not_too_deep_ones_are_read() -> None:
    value: Value = ()
    for _ in range(DEEPEST - 2):
        value = (value,)
    plan = plan_of(call("a", value))
    assert Plan.from_json(plan.to_json()) == plan
    for _ in range(5_000):
        value = (value,)
    with pytest.raises(PlanError, match="deeper"):
        encode_value(value)


GOOD: dict[str, Any] = {
    "flowc": 1,
    "name": "p",
    "calls": [
        {"id": "a", "task": "t", "where": "f:1:1-1:2"},
        {"id": "b", "task": "t", "args": [{"$ref": "a"}], "trigger": {"kind": "link", "needs": ["a"]}, "where": "f:1:1-1:2"},
    ],
    "groups": [{"id": "g", "kind": "list", "members": [{"$ref": "a"}], "where": "f:1:1-1:2"}],
    "scopes": [{"id": "s", "kind": "error", "handlers": [{"id": "h", "task": "t", "where": "f:1:1-1:2"}], "where": "f:1:1-1:2"}],
    "flows": [{"id": "sub", "name": "x", "where": "f:1:1-1:2"}],
    "value": {"$ref": "b"},
}


def changed(path: str, value: Any) -> str:
    """GOOD with the value at a dotted path replaced; ``...`` takes it out."""
    data = json.loads(json.dumps(GOOD))
    at = data
    *before, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in before:
        at = at[part]
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return json.dumps(data)


def test_the_good_one_is_good() -> None:
    assert Plan.from_json(json.dumps(GOOD)).calls[1].trigger.needs == ("a",)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("flowc", 2, "version 2"),
        ("flowc", ..., "no plan"),
        ("flowc", True, "no plan"),
        ("name", ..., "'name' is missing"),
        ("name", 5, "name: text is expected, not a number"),
        ("extra", 1, '"extra" is not known'),
        ("calls", {}, "calls: a list is expected, not an object"),
        ("calls", ..., "'calls' is missing"),
        ("calls.0", 5, "calls[0]: an object is expected, not a number"),
        ("calls.0.task", ..., "calls[0]: the field 'task' is missing"),
        ("calls.0.tusk", "x", 'calls[0]: the field "tusk" is not known'),
        ("calls.0.where", "f", "calls[0].where"),
        ("calls.0.where", "f:1:1-1:99999999999999", "calls[0].where"),
        ("calls.0.group", "g", "calls[0].group: a list of texts"),
        ("calls.0.group", [1], "calls[0].group"),
        ("calls.0.group", ["nope"], "there is no group 'nope'"),
        ("calls.0.flow", ["nope"], "there is no flow 'nope'"),
        ("calls.0.scope", "nope", "there is no scope 'nope'"),
        ("calls.0.kwargs", [], "calls[0].kwargs: a map is expected, not a list"),
        ("calls.0.kwargs", {"$ref": "a"}, "calls[0].kwargs"),
        ("calls.0.id", "b", "stands twice"),
        ("calls.0.args", [{"$ref": "b"}], "not among its needs"),
        ("calls.0.trigger", {"kind": "join", "needs": ["b"]}, "does not come before it"),
        ("calls.0.trigger", {"kind": "join", "needs": ["a"]}, "does not come before it"),
        ("calls.0.trigger", {"kind": "join", "needs": ["zz"]}, "no step or group"),
        ("calls.0.trigger", {"kind": "sometimes"}, "one of start, link, then, join"),
        ("calls.1.trigger.link", "zz", "not among its needs"),
        ("calls.1.trigger.after", ["zz"], "not among its needs"),
        ("calls.0.args", [{"$ref": "a", "path": [1.5]}], "none of a plan's own"),
        ("calls.0.args", [{"$ref": "a", "x": 1}], "none of a plan's own"),
        ("calls.0.args", [{"a": 1, "$ref": "a"}], "none of a plan's own"),
        ("calls.0.args", [{"$late": 5}], "none of a plan's own"),
        ("calls.0.args", [{"$late": "x", "args": {}}], "none of a plan's own"),
        ("calls.0.args", [{"$date": "2026-13-01"}], "no date"),
        ("calls.0.args", [{"$datetime": "noon"}], "no date"),
        ("calls.0.args", [{"$map": [["a", 1], ["a", 2]]}], "each text once"),
        ("calls.0.args", [{"$map": [["a"]]}], "each text once"),
        ("calls.0.args", [{"$map": {"a": 1}}], "none of a plan's own"),
        ("groups.0.id", "a", "stands twice"),
        ("groups.0.members", [{"$ref": "g"}], "contains itself"),
        ("groups.0.members", [{"$ref": "zz"}], "'zz', which is no step or group"),
        ("groups.0.parents", ["zz"], "there is no group 'zz'"),
        ("scopes.0.parent", "s", "contains itself"),
        ("scopes.0.parent", "zz", "there is no scope 'zz'"),
        ("scopes.0.each", 1, "true or false"),
        ("scopes.0.handlers.0.args", [{"$ref": "zz"}], "there is no step 'zz'"),
        ("flows.0.parents", ["zz"], "there is no flow 'zz'"),
        ("value", {"$ref": "zz"}, "value: there is no step 'zz'"),
        ("value", ..., "'value' is missing"),
    ],
)
def test_what_is_not_a_plan_is_refused_with_its_path(path: str, value: Any, message: str) -> None:
    with pytest.raises(PlanError) as caught:
        Plan.from_json(changed(path, value))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[]", "5", "{", "NaN", '{"flowc": NaN}', '{"flowc": 1, "flowc": 1}', "[" * 100_000, '{"a":' * 100_000, "\ud800",
        '"\\ud800"',
        '{"flowc": ' + "9" * 10_000 + "}", b"\xff\xfe", b"\x00", '{"flowc": 1, "name": "\\ud800", "calls": [], "value": null}',
        '{"flowc": 1, "name": "p", "calls": [], "value": 1e999}',
        '{"flowc": 1, "name": "p", "calls": [], "value": ' + "[" * 300 + "]" * 300 + "}",
    ],
    ids=range(18),
)  # fmt: skip
def test_hostile_texts_are_plan_errors(text: Any) -> None:
    with pytest.raises(PlanError) as caught:
        Plan.from_json(text)
    assert len(str(caught.value)) < 400


@settings(max_examples=some(100), deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 3))
def test_mutated_plans_are_read_or_refused(chance: random.Random, times: int) -> None:
    data = json.loads(json.dumps(GOOD))
    for _ in range(times):
        at: Any = data
        while isinstance(at, (dict, list)) and at:
            key = chance.choice(list(at) if isinstance(at, dict) else range(len(at)))
            if chance.random() < 0.4 or not isinstance(at[key], (dict, list)):
                at[key] = chance.choice([None, 1, -1.5, "", "a", "$", [], {}, {"$ref": "a"}, {"$x": 1}, [[]], True, {"": ""}])
                break
            at = at[key]
    try:
        plan = Plan.from_json(json.dumps(data))
    except PlanError:
        return
    assert Plan.from_json(plan.to_json()) == plan


def test_groups_may_stand_in_any_order() -> None:
    outer = Group("outer", "list", (Ref("inner"),), "", (), (), (), WHERE)
    inner = Group("inner", "list", (Ref("a"),), "", ("outer",), (), (), WHERE)
    plan = plan_of(call("a"), call("b", Ref("outer"), needs=("outer",)), groups=(outer, inner), value=Ref("outer"))
    assert Plan.from_json(plan.to_json()) == plan
    early = plan_of(call("b", Ref("outer"), needs=("outer",)), call("a"), groups=(outer, inner))
    with pytest.raises(PlanError, match="does not come before"):
        Plan.from_json(early.to_json())


def test_long_chains_of_groups_do_not_recurse() -> None:
    groups = tuple(Group(f"g{n}", "list", (Ref(f"g{n + 1}"),) if n < 5_000 else (), "", (), (), (), WHERE) for n in range(5_001))
    plan = plan_of(groups=groups)
    assert len(Plan.from_json(plan.to_json()).groups) == 5_001
