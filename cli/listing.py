"""A plan as readable Python: one ``apply_async`` a step, in an order in which each comes after what it needs.

A name stands for the call that it is given to, and ``name.result`` for what that call returned. A group is the list of its
members' results. Above each call stand its identity, its place in the flow and what it waits for.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Iterator

from ..compiler.display import display
from ..compiler.plan import Call, Group, Handler, Map, Plan, Ref, Scope, Value
from ..compiler.python_names import python_names
from ..dsl.columns import visible

WIDTH = 100

#: Items of a list or map that is written once, however often it stands in the plan.
_LONG = 16


def listing(plan: Plan) -> str:
    """The plan's text. The same plan gives the same text."""
    return _Listing(plan).text()


class _Listing:
    """Names every identity of one plan, and writes it down."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.groups = {group.id: group for group in plan.groups}
        self.shown: dict[int, str] = {}
        self.scopes = {scope.id: scope for scope in plan.scopes}
        self.names = python_names(
            [*(call.id for call in plan.calls), *self.groups, *(h.id for scope in plan.scopes for h in scope.handlers)]
        )

    def text(self) -> str:
        """Everything, a blank line between paragraphs."""
        return "\n".join([*self._paragraphs(), self._value()])

    def _paragraphs(self) -> Iterator[str]:
        plan = self.plan
        yield _comment(f"{plan.name}: {_count(len(plan.calls), 'call')}", plan.description or "")
        for scope in plan.scopes:
            if scope.kind == "error":
                yield from (self._handler(scope, handler) for handler in scope.handlers)
        waiting = {group.id: _unmet(group) for group in plan.groups}
        users: dict[str, list[str]] = {}
        for id_, needed in waiting.items():
            for member in needed:
                users.setdefault(member, []).append(id_)
        yield from self._done_groups(list(waiting), waiting, users)
        for call in plan.calls:
            yield self._call(call)
            ready = users.get(call.id, [])
            for id_ in ready:
                waiting[id_].discard(call.id)
            yield from self._done_groups(ready, waiting, users)

    def _done_groups(self, candidates: Iterable[str], waiting: dict[str, set[str]], users: dict[str, list[str]]) -> Iterator[str]:
        """The groups among the candidates whose members are all written, and those that they complete in turn."""
        stack = list(candidates)[::-1]
        while stack:
            id_ = stack.pop()
            if id_ not in waiting or waiting[id_]:
                continue
            del waiting[id_]
            yield self._group(self.groups[id_])
            for user in users.get(id_, []):
                if user in waiting:
                    waiting[user].discard(id_)
                    stack.append(user)

    def _call(self, call: Call) -> str:
        head = self._about(call.id, str(call.where), _starts(call))
        arguments = []
        if call.args:
            arguments.append(f"({', '.join(map(self.value, call.args))}{',' if len(call.args) == 1 else ''})")
        if call.kwargs:
            arguments.append(f"{'' if call.args else 'kwargs='}{self.value(call.kwargs)}")
        arguments.extend(f"{name}={self.value(value)}" for name, value in call.options)
        handlers = [self.names[h.id] for scope in self._error_scopes(call) for h in scope.handlers]
        if handlers:
            arguments.append(f"link_error=[{', '.join(handlers)}]")
        return f"{head}{_fit(f'{self.names[call.id]} = {_task(call.task)}.apply_async', arguments)}\n"

    def _error_scopes(self, call: Call) -> Iterator[Scope]:
        """The error scopes around a call, innermost first."""
        scope = self.scopes.get(call.scope) if call.scope else None
        while scope is not None:
            if scope.kind == "error":
                yield scope
            scope = self.scopes.get(scope.parent) if scope.parent else None

    def _group(self, group: Group) -> str:
        after = f"done after {', '.join(group.after)}" if group.after and not group.members else ""
        head = self._about(group.id, str(group.where), after or f"group of {len(group.members):,}")
        members = [self.value(member) for member in group.members]
        return f"{head}{_fit(f'{self.names[group.id]} = ', members, '[', ']')}\n"

    def _handler(self, scope: Scope, handler: Handler) -> str:
        often = "for every failing call that names it" if scope.each else f"once for {scope.id}, for its first failure"
        head = self._about(handler.id, str(handler.where), f"called {often}, with (request, exc, traceback, …)")
        arguments = [*map(self.value, handler.args), *(f"{_keyword(name)}={self.value(value)}" for name, value in handler.kwargs)]
        text = f"{head}{_fit(f'{self.names[handler.id]} = {_task(handler.task)}.s', arguments)}"
        options = [f"{name}={self.value(value)}" for name, value in handler.options]
        return (_fit(f"{text}.set", options) if options else text) + "\n"

    def _listeners(self) -> Iterator[str]:
        for scope in self.plan.scopes:
            if scope.kind == "message":
                for handler in scope.handlers:
                    yield visible(f"# {handler.where}: {handler.task} is called here with every state message of {scope.id}") + "\n"

    def _value(self) -> str:
        return "".join(f"{line}\n" for line in self._listeners()) + f"value = {self.value(self.plan.value)}\n"

    def _about(self, id_: str, where: str, what: str) -> str:
        name = "" if self.names[id_] == id_ else f"{id_} · "
        return visible(f"# {name}{where} · {what}") + "\n"

    def value(self, value: Value) -> str:
        """A value as a Python expression."""
        if isinstance(value, (tuple, Map)) and len(value) > _LONG:
            # many calls may share it
            known = self.shown.get(id(value))
            if known is None:
                known = self.shown[id(value)] = self._written(value)
            return known
        return self._written(value)

    def _written(self, value: Value) -> str:
        if isinstance(value, Ref):
            base = self.names.get(value.id, value.id)
            base = base if value.id in self.groups else f"{base}.result"
            return base + "".join(f"[{display(part, 'python')}]" for part in value.path)
        if isinstance(value, Map):
            return "{" + ", ".join(f"{display(key, 'python')}: {self.value(item)}" for key, item in value) + "}"
        if isinstance(value, tuple):
            return f"[{', '.join(repr(item) if item.__class__ is int else self.value(item) for item in value)}]"
        return display(value, "python")


def _unmet(group: Group) -> set[str]:
    needed: set[str] = set(group.after)
    stack: list[Value] = list(group.members)
    while stack:
        member = stack.pop()
        if isinstance(member, Ref):
            needed.add(member.id)
        elif isinstance(member, tuple):
            stack.extend(member)
        elif isinstance(member, Map):
            stack.extend(item for _, item in member)
    return needed


def _starts(call: Call) -> str:
    trigger = call.trigger
    if not trigger.needs:
        return "starts at once"
    some = [*trigger.needs[:6], f"… {len(trigger.needs) - 6:,} more"] if len(trigger.needs) > 7 else trigger.needs
    return f"starts when done: {', '.join(some)}"


def _task(name: str) -> str:
    if all(part.isidentifier() and not keyword.iskeyword(part) for part in name.split(".")):
        return name
    return f"app.tasks[{display(name, 'python')}]"


def _keyword(name: str) -> str:
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"**{{{display(name)}}}"


def _fit(head: str, parts: list[str], opening: str = "(", closing: str = ")") -> str:
    """A call or list on one line if it fits, else with one part a line."""
    line = f"{head}{opening}{', '.join(parts)}{closing}"
    if len(line.rpartition("\n")[2]) <= WIDTH:
        return line
    return f"{head}{opening}\n" + "".join(f"    {part},\n" for part in parts) + closing


def _comment(*texts: str) -> str:
    return "".join(visible(f"# {line}").rstrip() + "\n" for text in texts if text for line in text.strip().splitlines())


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
