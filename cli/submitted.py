"""What was submitted: the table of every step's task id, and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..dsl.columns import visible
from ..dsl.render import number
from .outcome import JSON_VERSION, as_json_text
from .terminal import note, out, out_json

if TYPE_CHECKING:
    from ..runtime.fleet.submission import Submission, SubmittedStep
    from ..runtime.outcome import RunResult

#: Columns that a table gives to a step's id or its task at most; a longer one moves the rest of its line.
WIDEST = 40


def print_submission(submission: Submission, *, as_json: bool, note_it: bool) -> None:
    """Print what was sent.

    Args:
        submission: what was sent.
        as_json: as JSON.
        note_it: to standard error, beside another product.
    """
    if as_json and not note_it:
        out_json(_as_json(submission))
        return
    write = note if note_it else out
    write(f"run {submission.run_id}\n")
    steps = list(submission.steps.values())
    id_width = min(WIDEST, max((len(step.id) for step in steps), default=0))
    task_width = min(WIDEST, max((len(step.task) for step in steps), default=0))
    how_width = max((len(_how(step)) for step in steps), default=0)
    for step in steps:
        line = f"  {step.id:{id_width}}  {step.task:{task_width}}  {_how(step):{min(WIDEST, how_width)}}  {step.task_id}"
        write(f"{visible(line)}\n")
    for remark in submission.notes:
        note(visible(f"note: {remark}") + "\n")
    note(f"{number(len(steps), 'step')} in {number(submission.messages, 'message')} of {submission.bytes:,} bytes.\n")


def _how(step: SubmittedStep) -> str:
    return {
        "message": "sent",
        "link": f"after {step.by}",
        "header": f"in {step.by}",
        "body": f"joins {step.by}",
    }[step.how]


def _as_json(submission: Submission) -> str:
    document = {
        "version": JSON_VERSION,
        "flow": submission.flow,
        "run": submission.run_id,
        "messages": submission.messages,
        "bytes": submission.bytes,
        "steps": [
            {
                "id": step.id,
                "task": step.task,
                "task_id": step.task_id,
                "how": step.how,
                "by": step.by,
                "where": str(step.where),
            }
            for step in submission.steps.values()
        ],
        "notes": list(submission.notes),
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def ended_text(submission: Submission, result: RunResult) -> str:
    """What came of it as JSON: as ``flowc run`` prints it, with the run's id and those of the steps."""
    document = json.loads(as_json_text(submission.plan, result))
    document["run"] = submission.run_id
    document["timed_out"] = result.timed_out
    for step in document["steps"]:
        step["task_id"] = submission.steps[step["id"]].task_id
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
