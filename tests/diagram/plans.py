"""Plans for tests, built by hand through a small builder that gives steps the identities the compiler gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowc.compiler.edges import references
from flowc.compiler.plan import Call, Group, Handler, Location, Map, Plan, Ref, Scope, SubFlow, Trigger, Value


def where(line: int = 1) -> Location:
    """A place in a file."""
    return Location("etl.flow", line, 1, line, 20)


class Builder:
    """Collects calls, groups, scopes and sub-flows; :meth:`plan` freezes them."""

    def __init__(self, name: str = "etl", description: str | None = None) -> None:
        self.name, self.description = name, description
        self.calls: list[Call] = []
        self.groups: list[Group] = []
        self.scopes: list[Scope] = []
        self.flows: list[SubFlow] = []
        self._line = 0

    def call(
        self,
        key: str,
        task: str,
        *args: Value,
        link: str | None = None,
        after: tuple[str, ...] = (),
        options: Mapping[str, Any] | None = None,
        group: tuple[str, ...] = (),
        flow: tuple[str, ...] = (),
        scope: str | None = None,
        returns: str = "any",
        given: Mapping[str, Value] | None = None,
        **kwargs: Value,
    ) -> Ref:
        """One step; with ``link`` that result is prepended to its arguments. Gives the reference to its own."""
        self._line += 1
        if link is not None:
            args = (Ref(link), *args)
        named = Map(tuple({**kwargs, **(given or {})}.items()))
        needs = tuple(dict.fromkeys([ref.id for ref in references((args, named))] + list(after)))
        kind = "join" if len(needs) > 1 else "link" if link else "then" if after else "join" if needs else "start"
        trigger = Trigger(kind, link, after, needs)  # type: ignore[arg-type]
        chosen = Map(tuple((options or {}).items()))
        self.calls.append(Call(key, task, tuple(args), named, chosen, trigger, group, flow, scope, returns, where(self._line)))
        return Ref(key)

    def group(
        self,
        key: str,
        members: tuple[Value, ...],
        kind: str = "list",
        label: str = "",
        parents: tuple[str, ...] = (),
        flow: tuple[str, ...] = (),
        after: tuple[str, ...] = (),
    ) -> Ref:
        """A group of members that were (or will be) called."""
        self.groups.append(Group(key, kind, members, label, parents, flow, after, where(self._line)))  # type: ignore[arg-type]
        return Ref(key)

    def scope(self, key: str, *handlers: tuple[str, str], kind: str = "error", each: bool = False, parent: str | None = None) -> None:
        """A scope with handlers, given as id and task."""
        made = tuple(Handler(name, task, (), Map(), Map(), where(self._line)) for name, task in handlers)
        self.scopes.append(Scope(key, kind, each, made, parent, where(self._line)))  # type: ignore[arg-type]

    def flow(self, key: str, name: str, parents: tuple[str, ...] = ()) -> str:
        """A sub-flow's call."""
        self.flows.append(SubFlow(key, name, parents, where(self._line)))
        return key

    def plan(self, value: Value = None) -> Plan:
        """The plan of what was collected."""
        return Plan(self.name, self.description, tuple(self.calls), tuple(self.groups), tuple(self.scopes), tuple(self.flows), value)


def one_liner() -> Plan:
    """``add(2, 2) -> add(16) !> error_handler``"""
    b = Builder("add")
    b.scope("scope#1", ("error_handler#1", "error_handler"))
    b.call("add#1", "proj.tasks.add", 2, 2, scope="scope#1")
    return b.plan(b.call("add#2", "proj.tasks.add", 16, link="add#1", scope="scope#1"))


def at_a_glance(regions: int = 3) -> Plan:
    """The language's example: an ETL with two comprehensions, a total, handlers and progress."""
    b = Builder("nightly", "Nightly totals, one shard per region.")
    names = ["eu", "us", "ap", *(f"r{n}" for n in range(regions))][:regions]
    for n, name in enumerate(names):
        b.call(f"raw[{n}]", "proj.tasks.extract", "2026-11-22", name, group=("raw",), options={"queue": f"io.{name}", "expires": 7200})
    b.group("raw", tuple(Ref(f"raw[{n}]") for n in range(regions)), "each", "each r")
    for n in range(regions):
        b.call(f"rows[{n}]", "proj.tasks.clean", link=f"raw[{n}]", strict=True, group=("rows",), options={"queue": "etl"})
    b.group("rows", tuple(Ref(f"rows[{n}]") for n in range(regions)), "each", "each r")
    b.call("report", "proj.tasks.total", Ref("rows"), day="2026-11-22", options={"queue": "etl", "priority": 9}, returns="json")
    b.scope("scope#1", ("show_progress#1", "proj.tasks.show_progress"), kind="message")
    b.scope("scope#2", ("page#1", "proj.tasks.page"), ("common/cleanup#1", "ops.cleanup"), parent="scope#1")
    b.call("load#1", "proj.tasks.load", link="report", scope="scope#2", options={"queue": "etl"})
    return b.plan(b.call("audit#1", "proj.tasks.audit", "loaded", after=("load#1",), scope="scope#2", options={"queue": "etl"}))


def diamond() -> Plan:
    """Two joins that share a step, which a canvas of chains and chords cannot say without running it twice."""
    b = Builder("two_joins")
    b.call("x", "shop.fetch", "orders", options={"countdown": 90})
    b.call("y", "shop.by_customer", link="x")
    b.call("z", "shop.by_product", link="x", n=Ref("x", ("count",)))
    b.call("prices", "shop.prices")
    b.call("left", "shop.merge", Ref("y"), Ref("z"))
    b.call("right", "shop.merge", Ref("z"), Ref("prices"))
    return b.plan(b.call("write#1", "shop.write", Ref("left"), Ref("right"), title="both"))


def sub_flows() -> Plan:
    """Two calls of a sub-flow, one of which calls another."""
    b = Builder("shops", "The same work for two shops.")
    ends = []
    for shop in ("north", "south"):
        f = (b.flow(shop, "daily"),)
        b.call(f"{shop}/read#1", "io.read", shop, flow=f)
        g = (*f, b.flow(f"{shop}/check#1", "check", f))
        b.scope(f"{shop}/check#1/scope#1", (f"{shop}/check#1/alert#1", "ops.alert"))
        b.call(f"{shop}/check#1/count#1", "qa.count", link=f"{shop}/read#1", flow=g, scope=f"{shop}/check#1/scope#1")
        b.call(f"{shop}/check#1/judge#1", "qa.judge", link=f"{shop}/check#1/count#1", flow=g, scope=f"{shop}/check#1/scope#1")
        ends.append(b.call(f"{shop}/store#1", "io.store", link=f"{shop}/check#1/judge#1", flow=f))
    return b.plan(b.call("compare#1", "qa.compare", *ends))


def every_kind() -> Plan:
    """Every kind of box, frame and line in one flow."""
    b = Builder("everything", "One of each.")
    b.call("a", "t.start")
    b.scope("scope#1", ("page#1", "ops.page"), ("tidy#1", "ops.tidy"))
    b.scope("scope#2", ("show#1", "ui.show"), kind="message", parent="scope#1")
    for n, name in enumerate(("left", "right", "centre"), 1):
        b.call(f"{name}#1", f"t.{name}", link="a", group=("group#1",), scope="scope#2", options={"queue": f"q{n}"})
    b.group("group#1", (Ref("left#1"), Ref("right#1"), Ref("centre#1")), "list", "group")
    for name in ("one", "two", "three"):
        b.call(f"{name}#1", f"t.{name}", link="group#1", group=("group#2",), scope="scope#2")
    b.group("group#2", (Ref("one#1"), Ref("two#1"), Ref("three#1")), "list", "group")
    b.call("sum#1", "t.sum", link="group#2", scope="scope#2")
    members = []
    for n in range(40):
        b.call(f"many[{n}].fetch#1", "t.fetch", n, link="sum#1", group=("many",))
        members.append(b.call(f"many[{n}]", "t.parse", link=f"many[{n}].fetch#1", group=("many",)))
    b.group("many", tuple(members), "each", "each n")
    b.scope("scope#3", ("mail#1", "ops.mail"), each=True)
    b.call("end", "t.end", Ref("many"), scope="scope#3")
    return b.plan(b.call("bye#1", "t.bye", after=("end",), options={"countdown": 5}))


def mapped(members: int = 1000) -> Plan:
    """A wide map of links, then a total."""
    b = Builder("census")
    b.group("parsed", tuple(Ref(f"parsed[{n}]") for n in range(members)), "each", "each p")
    for n in range(members):
        b.call(f"parsed[{n}]", "census.parse", f"package{n}", group=("parsed",), options={"queue": "cpu"})
    b.group("counted", tuple(Ref(f"counted[{n}]") for n in range(members)), "each", "each p")
    for n in range(members):
        b.call(f"counted[{n}]", "census.count", link=f"parsed[{n}]", group=("counted",))
    b.call("total", "census.merge", Ref("counted"))
    b.call("write_csv#1", "census.write_csv", link="total")
    return b.plan(b.call("write_report#1", "census.write_report", link="total"))
