"""What each of the small examples gives."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import flowc

from .conftest import EXAMPLES, Flowc

LOOK = "options/options"


def test_the_one_liner_prints_20(example: Flowc) -> None:
    ran = example("hello/hello")
    assert (ran.code, ran.out) == (0, "20\n")


def test_its_failure_calls_the_handler_and_leaves_with_4(example: Flowc) -> None:
    ran = example("hello/failing", "--json")
    assert ran.code == 4
    assert [step["state"] for step in ran.value["steps"]] == ["SUCCESS", "FAILURE", "SKIPPED"]
    assert [(handler["step"], handler["ok"]) for handler in ran.value["handlers"]] == [("divide#1", True)]
    assert "divide(4, 0) raised ZeroDivisionError" in ran.err


def test_the_diamond_divides_letters_by_words(example: Flowc) -> None:
    text = (EXAMPLES / "joins/diamond.flow").read_text(encoding="utf-8")
    letters = len(re.findall(r"[^\W\d_]", text))
    assert example("joins/diamond").value == round(letters / len(text.split()), 2)


def test_a_step_that_feeds_two_joins_runs_once(example: Flowc) -> None:
    assert example("joins/two_joins").value == {"load customers": 1, "load orders": 1, "load stock": 1, "match": 2}
    graph = flowc.load("examples/joins/two_joins.flow").graph
    assert sorted(graph.successors("orders")) == ["invoices", "shipments"]


def test_celery_runs_it_twice() -> None:
    """The claim that the example makes: a canvas can only name the task twice, and then it runs twice."""
    celery = pytest.importorskip("celery")
    app = celery.Celery("joins", broker="memory://", backend="cache+memory://", set_as_current=False)
    app.conf.task_always_eager = True
    loaded: list[str] = []

    @app.task(name="load")  # type: ignore[untyped-decorator]
    def load(table: str) -> str:
        loaded.append(table)
        return table

    @app.task(name="match")  # type: ignore[untyped-decorator]
    def match(tables: list[str]) -> str:
        return "+".join(tables)

    orders = load.s("orders")
    joins = celery.group(celery.chord([orders, load.s("customers")], match.s()), celery.chord([orders, load.s("stock")], match.s()))
    assert joins.apply_async().get() == ["orders+customers", "orders+stock"]
    assert loaded.count("orders") == 2


def test_sub_flows_and_includes(example: Flowc) -> None:
    value = example("subflows/weather").value
    assert value["warmest"] == "Cairo"
    assert [(one["city"], one["unit"]) for one in value["cities"]] == [("Oslo", "C"), ("Cairo", "F"), ("Lima", "C")]
    oslo = value["cities"][0]
    assert (oslo["low"], oslo["high"]) == (0.2, 11.5)
    longer = example("subflows/weather", "-p", "climate.days=14").value["cities"][0]
    assert longer["low"] < oslo["low"]


def test_every_option_reaches_its_step(example: Flowc) -> None:
    results = [step["result"] or {} for step in example(LOOK, "--json").value["steps"]]
    assert len(results) == 15
    seen = {name: [result for result in results if name in result] for name in ("eta", "expires", "shadow", "headers", "time_limit")}
    assert {name: len(found) for name, found in seen.items()} == {"eta": 2, "expires": 2, "shadow": 1, "headers": 1, "time_limit": 1}
    assert (seen["shadow"][0]["id"], seen["shadow"][0]["shadow"]) == ("nightly-report", "nightly report")
    assert seen["headers"][0]["headers"] == {"tenant": "acme", "trace": 17}
    assert (seen["time_limit"][0]["soft_time_limit"], seen["time_limit"][0]["time_limit"]) == (540, 600)


def test_every_option_of_the_language_is_shown() -> None:
    from flowc.compiler.option_table import ALL, UNSUPPORTED

    text = (EXAMPLES / f"{LOOK}.flow").read_text(encoding="utf-8")
    shown = {name for braces in re.findall(r"\(\) \{(.*)\}", text) for name in re.findall(r"(\w+) = ", braces)}
    assert shown == ALL - UNSUPPORTED


def test_which_options_win(flowc: Flowc) -> None:
    calls = {call["id"]: call["options"] for call in flowc("plan", "examples/options/scopes.flow", "--json").value["calls"]}
    queues = {id_: options["queue"] for id_, options in calls.items()}
    assert queues == {
        "plain": "slow",
        "quick": "fast",
        "group[0]": "group",
        "group[1]": "mine",
        "chain.look#1": "slow",
        "chain": "slow",
        "night/look#1": "night",
        "night/urgent_look#1": "night",
        "night/look#2": "night",
        "look#1": "slow",
    }
    assert calls["night/urgent_look#1"]["headers"] == {"tenant": "acme", "day": 7}
    assert calls["chain"]["headers"] == {"tenant": "acme", "part": "chain"}
    assert [calls[f"night/{step}"]["priority"] for step in ("look#1", "urgent_look#1", "look#2")] == [3, 3, 5]
    assert {options["expires"] for options in calls.values()} == {7200}


def test_handlers(example: Flowc) -> None:
    ran = example("handlers/handlers")
    assert ran.code == 4
    said = re.findall(r"^(\w+): handlers\.broken raised ValueError: cannot do anything with '(\w)", ran.err, re.MULTILINE)
    assert sorted(label for label, _ in said) == ["first", "group", "inner", "member", "member", "outer", "second", "source"]
    labels = [label for label, _ in said]
    assert labels.index("first") < labels.index("second")
    assert labels.index("inner") < labels.index("outer")
    assert {one for label, one in said if label == "member"} == {"g", "i"}


def test_progress(example: Flowc) -> None:
    ran = example("progress/progress", "-p", "sizes=2,3")
    assert ran.value == 2
    bars = re.findall(r"^(part-\d|unpacking part-\d) +([█·]+)$", ran.err, re.MULTILINE)
    assert [bar for name, bar in bars if name == "part-0"] == ["█·", "██"]
    assert [bar for name, bar in bars if name == "part-1"] == ["█··", "██·", "███"]
    assert bars[-2:] == [("unpacking part-0", "█·"), ("unpacking part-1", "██")]
    assert len(re.findall(r"^success: ", ran.err, re.MULTILINE)) == 3


@pytest.mark.parametrize("settings", [["--params", "settings.json"], ["--params", "settings.yaml"]])
def test_parameters_from_files(flowc: Flowc, here: Path, monkeypatch: pytest.MonkeyPatch, settings: list[str]) -> None:
    monkeypatch.chdir(here / "examples/parameters")
    monkeypatch.setenv("API_TOKEN", "token-hunter2")
    monkeypatch.setenv("CITY", "Delft")
    ran = flowc("run", "parameters.flow", *settings, "-p", "share=1", "--json")
    assert "hunter2" not in ran.out + ran.err
    assert ran.value["value"] == {
        "city": "Delft",
        "signed_in": True,
        "day": "date 2026-11-22",
        "regions": "list ['eu', 'us', 'ap']",
        "rounds": "int 3",
        "share": "float 1.0",
        "dry": "bool False",
        "mode": "str delta",
        "wait": "int 5400",
        "since": "datetime 2026-11-01 00:00:00+00:00",
        "limits": "dict {'eu': 5, 'us': 3}",
        "owner": "dict {'name': 'Ada', 'mail': 'ada@example.org'}",
        "extra": "NoneType None",
    }


@pytest.mark.parametrize(("given", "why"), [([], "day"), (["-p", "day=2026-11-22", "-p", "mode=half"], "mode")])
def test_parameters_missing_or_wrong(flowc: Flowc, here: Path, monkeypatch: pytest.MonkeyPatch, given: list[str], why: str) -> None:
    monkeypatch.chdir(here / "examples/parameters")
    monkeypatch.setenv("API_TOKEN", "token")
    ran = flowc("run", "parameters.flow", *given)
    assert (ran.code, ran.out) == (1, "")
    assert f"`{why}`" in ran.err


def test_a_secret_that_is_not_there_stops_the_run(flowc: Flowc, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(here / "examples/parameters")
    ran = flowc("run", "parameters.flow", "-p", "day=2026-11-22")
    assert ran.code == 2
    assert "API_TOKEN" in ran.err


def test_maps(example: Flowc) -> None:
    numbers = [3, 1, 4, 1, 5, 9, 2, 6]
    squares = [n * n for n in numbers if n > 1]
    sums = [s + s / 2 for s in squares]
    assert example("maps/maps").value == {
        "squares": squares,
        "products": [2, 12, 30],
        "table": [2, 3, 6],
        "halves": [s / 2 for s in squares],
        "sums": sums,
        "mapped": [n * n for n in numbers],
        "starred": [2, 12, 30],
        "pieces": [[n * n for n in numbers[i : i + 3]] for i in (0, 3, 6)],
        "first": 9 + 30,
        "low": min(sums),
        "span": max(sums) - min(sums),
    }


def test_no_step_runs_before_its_time(example: Flowc) -> None:
    begin, later, fixed, after, alive = example("times/times").value
    assert begin >= 0
    assert later >= 0.3
    assert fixed >= 0.6
    assert after >= later + 0.2
    assert alive >= 0.1


def test_a_step_that_expires_is_revoked_and_calls_no_handler(example: Flowc) -> None:
    ran = example("times/expired", "--json")
    assert ran.code == 4
    assert [(step["id"], step["state"]) for step in ran.value["steps"]] == [("clock#1", "REVOKED"), ("echo#1", "SKIPPED")]
    assert ran.value["handlers"] == []


@pytest.mark.parametrize(
    ("given", "value", "steps"),
    [
        ([], "app runs 1 times", {"app", "tests[0]", "deploy#1"}),
        (["-p", "target=production"], "app-optimized runs 6 times", {"app", "tests[0]", "ready", "deploy#1"}),
        (
            ["-p", "target=production", "-p", "suites=unit,browser"],
            "app-optimized runs 6 times",
            {"app", "tests[0]", "tests[1]", "screenshot#1", "archive#1", "ready", "deploy#1"},
        ),
    ],
)
def test_branches(example: Flowc, given: list[str], value: str, steps: set[str]) -> None:
    ran = example("branches/branches", "--json", *given)
    assert ran.value["value"] == value
    assert {step["id"] for step in ran.value["steps"]} == steps


def test_flows_in_a_program(here: Path) -> None:
    ran = subprocess.run(
        [sys.executable, EXAMPLES / "embedded/embedded.py"], capture_output=True, text=True, encoding="utf-8", check=True, cwd=here
    )
    assert "5 steps, 4 edges\n1 + 4 + 9 + 16 = 30\nok: False, total#1: TypeError" in ran.stdout
    assert "mistaken.flow:1:1: error[F0201]" in ran.stdout
    assert (here / "out/squares.dot").read_text(encoding="utf-8").startswith("digraph")
