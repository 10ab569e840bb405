"""``flowc submit``: a flow sent to a fleet of workers, which run it by themselves."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from ..dsl.columns import visible
from .exits import Exit, Stop
from .fleet import FleetChoices, fleet_app, fleet_options, lost_after_option, spared
from .reaching import reaching
from .settings import Choices, compile_options, make_settings
from .terminal import note, out_json

if TYPE_CHECKING:
    from ..compiler.plan import Plan
    from ..dsl.source import Source
    from ..runtime.app import App
    from ..runtime.fleet.submission import Submission
    from .config import Config


@click.command()
@click.argument("path", metavar="FILE|-")
@click.option("--json", "as_json", is_flag=True, help="Print the run's id, and of every step its task id and how it travels.")
@click.option("--wait", "waits", is_flag=True, help="Wait for the end of every step and print the flow's value as JSON.")
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="With --wait: wait so long at most.")
@lost_after_option("--wait")
@click.option(
    "--max-message",
    type=click.IntRange(min=1),
    default=256_000,
    show_default=True,
    metavar="BYTES",
    help="Refuse a flow with a larger message: a message holds all that follows its step.",
)
@click.option("--no-preflight", is_flag=True, help="Do not ask whether workers read the queues.")
@click.option("--unregistered", is_flag=True, help="Send tasks that the application does not register, too.")
@click.option("--stdin-filename", metavar="PATH", help="What to call standard input in findings, and where its includes are.")
@fleet_options
@compile_options
def command(
    path: str,
    as_json: bool,
    waits: bool,
    timeout: float | None,
    lost_after: float | None,
    max_message: int,
    no_preflight: bool,
    unregistered: bool,
    stdin_filename: str | None,
    fleet: FleetChoices,
    choices: Choices,
) -> int:
    """Send a flow to workers, Celery's or flowc's, and leave: they run it by themselves.

    Prints the run's id and every step's task id. A flow that messages cannot carry is refused: flowc run --broker drives any flow. With
    --wait it leaves with 4 if a step failed, with 6 if the time is over.
    """
    from ..flow import declarations
    from .config import read_config
    from .one import compile_one
    from .result_store import check_results, check_store
    from .submitted import print_submission

    if timeout is not None and not waits:
        raise Stop("--timeout says how long to wait: give --wait, too")
    if lost_after is not None and not waits:
        raise Stop("--lost-after is about waiting: give --wait, too")
    config = spared(read_config(), fleet, choices)
    app = fleet_app(fleet, choices.app, config)
    if waits:
        check_results(app)
    elif app.backend.url == "rpc://":  # nobody reads replies once this command has left
        app.close()
        app.conf.update(result_backend="disabled://")
    named = fleet.celery or choices.app or config.app
    known = declarations(app) if named and not unregistered else None
    settings = make_settings(choices, config, require_params=True, tasks=known or None)
    compiled = compile_one(path, settings, stdin_filename, named)
    if compiled is None:
        return Exit.FINDINGS
    source, plan = compiled
    with app, reaching():
        if waits:
            check_store(app)
        submission = _submit(plan, app, config, source, path, fleet, max_message=max_message, unregistered=unregistered)
        if submission is None:
            return Exit.FINDINGS
        try:
            if not no_preflight:
                submission = _looked_after(submission)
        finally:  # also after Ctrl-C: all was sent, and nobody else knows the ids
            print_submission(submission, as_json=as_json and not waits, note_it=waits)
        return _wait(submission, source, timeout, lost_after, as_json=as_json) if waits else Exit.CLEAN


def _submit(
    plan: Plan, app: App, config: Config, source: Source, path: str, fleet: FleetChoices, *, max_message: int, unregistered: bool
) -> Submission | None:
    """Send it; None after telling why it is refused."""
    from ..compiler.plan import PlanError
    from ..runtime.errors import EncodeError, UnknownTasks, UsageError
    from ..runtime.fleet.refusals import SubmissionRefused
    from ..runtime.fleet.submission import SubmissionFailed
    from ..runtime.fleet.submit import submit
    from .config import environment
    from .refusal import note_refusal, note_unknown

    try:
        with _remarks_noted():
            return submit(plan, app, max_message=max_message, unregistered=unregistered, env=environment(config))
    except SubmissionRefused as why:
        note_refusal(why, source, path, fleet)
    except UnknownTasks as unknown:
        note_unknown(unknown)
    except SubmissionFailed as failed:
        raise Stop(str(failed), Exit.BROKER) from None
    except (UsageError, PlanError, EncodeError) as wrong:
        raise Stop(str(wrong)) from None
    return None


def _looked_after(submission: Submission) -> Submission:
    """With remarks about queues that no worker reads."""
    from dataclasses import replace

    from ..runtime.fleet.unread import look_for_readers

    return replace(submission, notes=(*submission.notes, *look_for_readers(submission)))


@contextmanager
def _remarks_noted() -> Iterator[None]:
    """What the sender remarks (a priority that the broker does not have) is told in a line, each once."""
    import warnings

    from ..runtime.sending import PriorityWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", PriorityWarning)
        yield
    for text in dict.fromkeys(str(one.message) for one in caught):
        note(visible(f"note: {text}") + "\n")


def _wait(submission: Submission, source: Source, timeout: float | None, lost_after: float | None, *, as_json: bool) -> int:
    from .outcome import report, value_text
    from .progress import progress
    from .submitted import ended_text

    try:
        with progress(submission.plan, sys.stderr) as watch:
            result = submission.wait(timeout, watch, lost_after=lost_after)
    except BaseException:  # Ctrl-C, or a result store out of reach
        note(f"\nRun {submission.run_id} goes on without this command.\n")
        raise
    note(report(result, source, left="the waiting ended"))
    if result.timed_out:
        note(f"Run {submission.run_id} has not ended in {timeout:g} s; it goes on.\n")
    if as_json:
        out_json(ended_text(submission, result))
    elif result.has_value:
        out_json(value_text(result.shown_value))
    return result.exit_code
