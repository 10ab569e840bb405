"""Late values become known: the plan as it is submitted, and the redactor of its secrets."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping

from ..compiler.plan import Plan, PlanError
from .preflight import late_values
from .redact import Redactor


def bind(
    plan: Plan, *, now: dt.datetime | None = None, env: Mapping[str, str] | None = None, secrets: Mapping[str, str] | None = None
) -> tuple[Plan, Redactor]:
    """The plan with its late values worked out, and the redactor that masks its secrets.

    Args:
        plan: the plan, bound or not.
        now: what ``now`` means in the flow; the present moment if None.
        env: the variables that ``env(…)`` may read; those of the process if None.
        secrets: the values of ``secret(…)``; those of the environment if None.

    Raises:
        PlanError: a variable or secret that it needs is not set.
    """
    lates = list(late_values(plan))
    if not lates:
        return plan, Redactor()
    names = {str(late.args[0]) for late in lates if late.op == "secret" and late.args}
    values = os.environ if secrets is None else secrets
    redactor = Redactor(values[name] for name in sorted(names) if name in values)
    try:
        bound = plan.bind(now=now or dt.datetime.now(dt.UTC), env=os.environ if env is None else env, secrets=values)
    except PlanError as exc:  # it may quote what it could not use
        raise PlanError(redactor.text(str(exc))) from None
    return bound, redactor
