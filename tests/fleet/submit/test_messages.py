"""Messages that carry themselves: what is in them, and what comes of it, without any server."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import flowc
from flowc.compiler.plan import Canvas, Carried, Chord, Map
from flowc.runtime.errors import EncodeError
from flowc.runtime.fleet.ids import LONGEST_ID
from flowc.runtime.fleet.messages import weave
from flowc.runtime.fleet.poison import Taster
from flowc.runtime.redact import Redactor
from flowc.runtime.sending import Sending

from ...calling.canvas.tiny_worker import TinyWorker
from ...runtime.plans import call, plan
from .flows import application, flows
from .opened import RUN, Found, Opened, opened, steps

CAT = application()


@pytest.fixture
def app() -> Iterator[flowc.App]:
    with flowc.App("proj", broker="redis://127.0.0.1:1/0", backend="redis://127.0.0.1:1/0", set_as_current=False) as made:
        yield made


def within(message: Opened) -> dict[str, Found]:
    """The steps in a message by their ids within the run."""
    return {step.id.removeprefix(f"{RUN}."): step for step in steps(message)}


# ----------------------------------------------------------------------------------------------------------------- any flow
@settings(deadline=None)
@given(flows(), st.booleans())
def test_messages_lead_to_what_the_flow_means(text: str, last_first: bool) -> None:
    flow = flowc.loads(text, app=CAT)
    canvas = flow.plan.canvas()
    assume(canvas.whole)
    wanted = flow.run(CAT, pool="solo")
    app = application()
    messages = weave(flow.plan, canvas, RUN, app, Redactor())
    worker = TinyWorker(app)
    for group_id, size in messages.chords:
        app.backend.open_chord(group_id, size)
    worker.send_many(messages.sendings)
    worker.run(last_first)
    assert worker.failed == []
    ids = [message["id"] for message in worker.sent]
    assert len(set(ids)) == len(ids), "a step ran twice"
    assert {messages.ids[call.id] for call in flow.plan.calls} <= set(ids)
    found = app.backend.get_many([messages.ids[call.id] for call in flow.plan.calls])
    assert {id_: meta["result"] for id_, meta in found.items()} == {messages.ids[step.id]: step.result for step in wanted.steps}


# -------------------------------------------------------------------------------------------------------------------- shapes
def test_a_chain_is_one_message_with_a_flat_list(app: flowc.App) -> None:
    (message,) = opened("a(1) -> b(2) => c(3) -> d", app)
    assert message.headers["id"] == f"{RUN}.a#1"
    assert message.headers["root_id"] == RUN
    assert [step["task"] for step in message.embed["chain"]] == ["d", "c", "b"]
    assert [step["immutable"] for step in message.embed["chain"]] == [False, True, False]
    assert [step["args"] for step in message.embed["chain"]] == [[], [3], [2]]
    assert [step["options"]["task_id"] for step in message.embed["chain"]] == [f"{RUN}.d#1", f"{RUN}.c#1", f"{RUN}.b#1"]
    assert message.embed["callbacks"] is None


def test_a_chain_of_thousands_does_not_recurse(app: flowc.App) -> None:
    (message,) = opened("a(1)" + " -> b" * 5_000, app)
    assert len(message.embed["chain"]) == 5_000
    assert max(step.depth for step in steps(message)) == 1


def test_the_longer_branch_is_the_chain_and_the_others_are_callbacks(app: flowc.App) -> None:
    (message,) = opened("x = a(1)\nx -> b\nx -> c -> d -> e\nx -> f -> g", app)
    assert [step["task"] for step in message.embed["chain"]] == ["e", "d", "c"]
    assert [step["task"] for step in message.embed["callbacks"]] == ["b", "f"]
    assert [step["task"] for step in message.embed["callbacks"][1]["options"]["chain"]] == ["g"]


def test_branches_nest_as_deep_as_the_logarithm_of_their_number(app: flowc.App) -> None:
    lines = ["x0 = a(1)", *(f"x{n} = x{n - 1} -> b\ny{n} = x{n - 1} -> c" for n in range(1, 400))]
    (message,) = opened("\n".join(lines), app)
    assert len(list(steps(message))) == 799
    assert max(step.depth for step in steps(message)) <= 10


def test_a_group_is_a_message_each(app: flowc.App) -> None:
    messages = opened("[a(i) -> b for i in range(3)]", app)
    assert [message.args for message in messages] == [[0], [1], [2]]
    assert all(message.headers["group"] is None and message.embed["chord"] is None for message in messages)


def test_the_header_of_a_chord_leaves_as_a_message_each(app: flowc.App) -> None:
    plan = flowc.loads("g = [a(0), a(1) -> b, a(2)]\ng -> c -> d").plan
    messages = weave(plan, plan.canvas(), RUN, app, Redactor())
    assert messages.chords == ((f"{RUN}.g", 3),)
    first, second, third = opened("g = [a(0), a(1) -> b, a(2)]\ng -> c -> d", app)
    for message, index in ((first, 0), (third, 2)):
        assert (message.headers["group"], message.headers["group_index"]) == (f"{RUN}.g", index)
        assert message.embed["chord"]["task"] == "c"
        assert [step["task"] for step in message.embed["chord"]["options"]["chain"]] == ["d"]
    assert second.headers["group"] is None
    (last,) = second.embed["chain"]
    assert (last["options"]["group_id"], last["options"]["group_index"]) == (f"{RUN}.g", 1)
    assert last["options"]["chord"] == first.embed["chord"]


def test_a_chord_behind_a_step_is_one_dict(app: flowc.App) -> None:
    (message,) = opened("a(1) -> [b, c -> d] -> e -> f", app)
    after, chord = message.embed["chain"]
    assert after["task"] == "f"
    assert chord["subtask_type"] == "chord"
    assert [one["subtask_type"] for one in chord["kwargs"]["header"]] == [None, "chain"]
    assert chord["kwargs"]["body"]["task"] == "e"


def test_hundreds_of_groups_in_a_row_stay_flat(app: flowc.App) -> None:
    messages = opened("[a(1), a(2)] -> t" + " -> [a, a] -> t" * 300, app)
    assert max(step.depth for message in messages for step in steps(message)) <= 4


def test_groups_that_follow_each_other_directly_have_a_step_between_them(app: flowc.App) -> None:
    messages = opened("[a(1), a(2)]" + " -> [b, c]" * 100 + " -> d", app)
    assert max(step.depth for message in messages for step in steps(message)) <= 4


# ------------------------------------------------------------------------------------------------------------------- options
def test_options_of_the_first_step_are_headers_and_properties(app: flowc.App) -> None:
    text = (
        'a(1) {priority = 3, time_limit = 10s, soft_time_limit = 5s, shadow = "s", headers = {k: "v"}, ignore_result = true, expires = 1h}'
    )
    (message,) = opened(text, app)
    assert message.properties["priority"] == 3
    assert list(message.headers["timelimit"]) == [10, 5]
    assert (message.headers["shadow"], message.headers["k"], message.headers["ignore_result"]) == ("s", "v", True)
    left = dt.datetime.fromisoformat(message.headers["expires"]) - dt.datetime.now(dt.UTC)
    assert 3_500 < left.total_seconds() <= 3_600
    assert "expiration" not in message.properties


def test_options_of_later_steps_are_in_their_signatures(app: flowc.App) -> None:
    text = """a(1) -> b {queue = "q", priority = 3, countdown = 5s, expires = 1h, compression = "gzip", serializer = "yaml",
    time_limit = 10s, soft_time_limit = 5s, shadow = "s", ignore_result = true, delivery_mode = "transient", mandatory = true,
    timeout = 5s}"""
    (message,) = opened(text, app)
    assert within(message)["b#1"].options == {
        "task_id": f"{RUN}.b#1", "queue": "q", "priority": 3, "countdown": 5, "expires": 3600, "compression": "gzip", "serializer": "yaml",
        "time_limit": 10, "soft_time_limit": 5, "shadow": "s", "ignore_result": True, "delivery_mode": 1, "mandatory": True,
        "retry": True, "retry_policy": {"max_retries": 60, "interval_max": 2},
    }  # fmt: skip


def test_moments_are_texts_and_an_end_of_validity_makes_no_property(app: flowc.App) -> None:
    (message,) = opened("a(1) -> b {eta = 2099-01-01T00:00:00Z, expires = 2100-01-01T00:00:00Z, headers = {k: 1}}", app)
    options = within(message)["b#1"].options
    assert options["eta"] == "2099-01-01T00:00:00+00:00"
    assert options["headers"] == {"k": 1, "expires": "2100-01-01T00:00:00+00:00"}
    assert "expires" not in options


def test_headers_of_a_later_step_cannot_be_the_protocols(app: flowc.App) -> None:
    (message,) = opened('a(1) -> b {headers = {id: "x", task: "y", root_id: "z", lang: "l", mine: 1}}', app)
    assert within(message)["b#1"].options["headers"] == {"mine": 1}


def test_headers_are_such_as_every_broker_carries(app: flowc.App) -> None:
    (message,) = opened("a(1) {headers = {day: 2026-01-01}} -> b {headers = {at: 2026-01-01T10:00:00Z}}", app)
    assert message.headers["day"] == "2026-01-01"
    assert within(message)["b#1"].options["headers"] == {"at": "2026-01-01T10:00:00+00:00"}
    for text in ("a(1) {headers = {k: 9223372036854775808}}", "a(1) -> b {headers = {k: -9223372036854775809}}"):
        with pytest.raises(EncodeError, match="64 bits"):
            opened(text, app)


def test_a_flows_own_retry_policy_goes_before_the_patient_one(app: flowc.App) -> None:
    (message,) = opened("a(1) -> b {retry_policy = {max_retries: 2}} -> c {retry = false}", app)
    found = within(message)
    assert found["b#1"].options["retry_policy"] == {"max_retries": 2, "interval_max": 2}
    assert (found["c#1"].options["retry"], "retry_policy" in found["c#1"].options) == (False, False)


def test_settings_and_tasks_count_below_the_flow() -> None:
    settings = {
        "task_routes": {"t.b": {"queue": "routed", "priority": 7}, "t.e": {"exchange": "ex", "routing_key": "key"}},
        "task_compression": "bzip2", "task_publish_retry_policy": {"max_retries": 9},
    }  # fmt: skip
    with flowc.App("t", broker="redis://127.0.0.1:1/0", settings=settings, set_as_current=False) as app:
        app.task(name="t.c", queue="of-task", expires=60)(lambda x: x)
        (message,) = opened('t.a(1) -> t.b -> t.b {queue = "own"} -> t.c -> t.c {expires = 5s} -> t.d -> t.e', app)
        found = within(message)
    assert {id_: step.options.get("queue") for id_, step in found.items() if id_ != "a#1"} == {
        "b#1": "routed", "b#2": "own", "c#1": "of-task", "c#2": "of-task", "d#1": None, "e#1": None,
    }  # fmt: skip
    assert (found["e#1"].options["exchange"], found["e#1"].options["routing_key"]) == ("ex", "key")
    assert (found["b#1"].options["priority"], found["d#1"].options["compression"]) == (7, "bzip2")
    assert (found["c#1"].options["expires"], found["c#2"].options["expires"]) == (60, 5)
    assert found["d#1"].options["retry_policy"]["max_retries"] == 9


def test_another_default_queue_is_named_to_the_workers() -> None:
    settings = {"task_default_queue": "theirs"}
    with flowc.App("t", broker="redis://127.0.0.1:1/0", settings=settings, set_as_current=False) as app:
        (message,) = opened("a(1) -> b -> [c, d] -> e !> h", app)
        assert message.queue == "theirs"
        assert {step.options["queue"] for step in steps(message) if step.depth} == {"theirs"}
        assert [one["options"]["queue"] for one in message.embed["chain"][-1]["options"]["link_error"]] == ["theirs"]


def test_a_router_function_sees_each_step() -> None:
    seen: list[tuple[str, list[object]]] = []

    def route(name: str, args: list[object], kwargs: object, options: object, task: object = None) -> dict[str, str]:
        seen.append((name, list(args)))
        return {"queue": f"q-{args[0]}"}

    with flowc.App("t", broker="redis://127.0.0.1:1/0", settings={"task_routes": route}, set_as_current=False) as app:
        (message,) = opened("a(1) -> b(2) -> b(3)", app)
        found = within(message)
    assert (found["b#1"].options["queue"], found["b#2"].options["queue"], message.queue) == ("q-2", "q-3", "q-1")
    assert sorted(seen) == [("a", [1]), ("b", [2]), ("b", [3])]


def test_a_task_id_of_its_own_is_kept_and_a_long_one_cut(app: flowc.App) -> None:
    name = "x" * 300
    (message,) = opened('a(1) {task_id = "first"} -> b {task_id = "second"}', app)
    assert message.headers["id"] == "first"
    assert [step["options"]["task_id"] for step in message.embed["chain"]] == ["second"]
    (long,) = opened(f"{name} = c(1)", app)
    assert len(long.headers["id"]) == LONGEST_ID
    assert long.headers["id"].startswith(f"{RUN}.xxx")


# ------------------------------------------------------------------------------------------------------------------ handlers
def test_errbacks_are_on_the_steps_that_may_fail(app: flowc.App) -> None:
    (message,) = opened('(a(1) -> b) !> h("x", k=1) {queue = "q"}', app)
    for found in (message.embed["errbacks"], message.embed["chain"][0]["options"]["link_error"]):
        assert [(one["task"], one["args"], one["kwargs"], one["options"]["queue"]) for one in found] == [("h", ["x"], {"k": 1}, "q")]


# ------------------------------------------------------------------------------------------------------------------- secrets
def test_secrets_reach_the_task_and_are_not_shown(app: flowc.App) -> None:
    options = '{headers = {k: secret("S")}, shadow = secret("S")}'
    plan = flowc.loads(f'a(secret("S")) {options} -> b(secret("S"), x=secret("S")) {options}').plan
    from flowc.runtime.binding import bind

    bound, redactor = bind(plan, secrets={"S": "geheim"})
    messages = weave(bound, bound.canvas(), RUN, app, redactor)
    (prepared,) = app.sender.prepare(messages.sendings)
    headers = prepared.envelope.headers
    assert (headers["argsrepr"], headers["k"]) == ("('***',)", "***")
    assert "geheim" not in repr(headers)
    (later,) = messages.sendings[0].options["chain"]
    assert (later["args"], later["kwargs"]) == (["geheim"], {"x": "geheim"})
    assert later["options"]["argsrepr"] == "(…, '***',)"
    assert later["options"]["kwargsrepr"] == "{'x': '***'}"
    assert later["options"]["headers"] == {"k": "***"}
    assert later["options"]["shadow"] == "***"


# --------------------------------------------------------------------------------------------------------------- by hand
def test_a_canvas_written_by_hand(app: flowc.App) -> None:
    made = plan(call("a", "t.a", 1), call("b", "t.b"), call("c", "t.c"), call("d", "t.d"))
    canvas = Canvas(
        (
            Carried("a", "message", links=("g",), args=(1,)),
            Carried("b", "header", "g"),
            Carried("c", "header", "g", immutable=True, kwargs=Map((("k", 2),))),
            Carried("d", "body", "g"),
        ),
        (Chord("g", "a", (("b",), ("c",)), "d"),),
    )
    (sending,) = weave(made, canvas, RUN, app, Redactor()).sendings
    (chord,) = sending.options["chain"]
    assert [(one["task"], one["immutable"], one["kwargs"]) for one in chord["kwargs"]["header"]] == [
        ("t.b", False, {}), ("t.c", True, {"k": 2}),
    ]  # fmt: skip


# -------------------------------------------------------------------------------------------------------------------- poison
@pytest.mark.parametrize(
    "sending",
    [
        Sending("t", [], {}, {}),
        Sending("t", [], {}, {"task_id": 1}),
        Sending("", [], {}, {"task_id": "x"}),
        Sending("t", None, {}, {"task_id": "x"}),  # type: ignore[arg-type]
        Sending("t", [], None, {"task_id": "x"}),  # type: ignore[arg-type]
        Sending("t", [], {1: 2}, {"task_id": "x"}),  # type: ignore[dict-item]
        Sending("t", [], {}, {"task_id": "x", "eta": 1_700_000_000}),
        Sending("t", [], {}, {"task_id": "x", "eta": "tomorrow"}),
        Sending("t", [], {}, {"task_id": "x", "expires": "soon"}),
        Sending("t", [], {}, {"task_id": "x", "countdown": "5"}),
        Sending("t", [], {}, {"task_id": "x", "countdown": True}),
        Sending("t", [], {}, {"task_id": "x", "retries": "0"}),
        Sending("t", [], {}, {"task_id": "x", "chain": [{"task": "u", "args": [], "kwargs": None, "options": {}}]}),
        Sending("t", [], {}, {"task_id": "x", "link": ["u"]}),
        Sending("t", [], {}, {"task_id": "x", "chord": {"task": "u", "args": [], "kwargs": {}, "options": {"eta": 1}}}),
    ],
)
def test_poison_is_never_sent(sending: Sending) -> None:
    with pytest.raises(EncodeError):
        Taster().taste(sending)


def test_what_looks_like_a_canvas_in_arguments_is_left_alone() -> None:
    Taster().taste(Sending("t", [], {"tasks": [1, 2], "header": 1, "body": 2}, {"task_id": "x", "eta": "2099-01-01T00:00:00+00:00"}))
