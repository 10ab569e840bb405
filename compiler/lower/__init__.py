"""Lowering: from the tree of a file to the calls of a plan, in one walk.

The walk is an abstract interpretation. Every expression is worth something: a value known at compile time, the result of a step, a group
of such, a value known at submission, or nothing but a type (:mod:`.domain`). Names, arguments, types and options are checked where they are
met, with what is known there; so a check sees through links, groups and sub-flows without passes of its own.

What is not taken is checked all the same: the other branch of a condition, the element of an empty comprehension and a sub-flow that
nothing calls are lowered and thrown away (``Lowering.discarding``). A parameter without a value is unknown but for its type.

A name is bound before it is used, so calls come out in an order in which each follows what it needs: no cycle can be written, and the plan
needs no sorting. What can cycle (includes, sub-flows, parameter defaults) is refused with its path.

Work is bounded: steps (``--max-steps``), evaluations, the size of values and of what is handed to steps. Past a limit there is a
finding and the walk ends (:class:`.state.TooMuchError`).
"""
