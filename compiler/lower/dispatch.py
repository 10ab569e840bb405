"""Which function lowers which kind of expression: the one place that knows all modules of this package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...dsl import tree
from . import expressions, groups, handlers, layers, stages, statements
from .domain import Elab
from .state import Feed, FileNames, Frame, Layer, Lowering

_VALUES: dict[type, Callable[[Lowering, Any, Frame], Elab]] = {
    tree.Literal: expressions.literal,
    tree.Name: expressions.name,
    tree.Now: expressions.now,
    tree.Placeholder: expressions.placeholder,
    tree.FString: expressions.fstring,
    tree.ListExpr: groups.list_value,
    tree.Comprehension: groups.comprehension_value,
    tree.MapExpr: expressions.map_expr,
    tree.Paren: expressions.paren,
    tree.Postfix: stages.postfix_value,
    tree.Unary: expressions.unary,
    tree.Operation: expressions.operation,
    tree.Conditional: expressions.conditional,
    tree.Coalesce: expressions.coalesce,
    tree.Chain: expressions.chain,
    tree.Scoped: expressions.chain,
}

_STAGES: dict[type, Callable[[Lowering, Any, Frame, Feed | None, str | None], Elab]] = {
    tree.Name: stages.name_stage,
    tree.Postfix: stages.postfix_stage,
    tree.ListExpr: groups.list_stage,
    tree.Comprehension: groups.comprehension_stage,
    tree.Paren: stages.paren_stage,
    tree.Chain: stages.chain_stage,
    tree.Scoped: handlers.scoped_stage,
    tree.Conditional: stages.conditional_stage,
}


def equip(low: Lowering) -> None:
    """Give a lowering its evaluators."""

    def value(expr: tree.Expr, frame: Frame) -> Elab:
        low.allowance -= 1
        return _VALUES[expr.__class__](low, expr, frame)

    def stage(expr: tree.Expr, frame: Frame, feed: Feed | None, name: str | None) -> Elab:
        low.allowance -= 1
        return _STAGES.get(expr.__class__, stages.stage)(low, expr, frame, feed, name)

    def layer(options: tree.Options, frame: Frame) -> Layer:
        return layers.layer(low, options, frame)

    def constants(file: FileNames) -> None:
        statements.constants(low, file)

    def block(body: tuple[tree.Statement, ...], frame: Frame) -> tuple[Elab, Any]:
        return statements.flow_block(low, body, frame)

    low.value, low.stage, low.layer, low.constants, low.block = value, stage, layer, constants, block
