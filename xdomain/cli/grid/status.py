"""`xdomain grid status`."""

import json
import time
from contextlib import nullcontext
from typing import Annotated

import typer
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from xdomain.api.run_events import alarm_text
from xdomain.api.session import Session
from xdomain.api.status import GridStatus
from xdomain.cli.grid.picture import progress_row
from xdomain.cli.options import ExperimentPath, Json, Seeds, Settings, StorePath, opened_as_last_run
from xdomain.cli.render import out, print_json, redraws, show_settings_note, write
from xdomain.core.interrupt import Interrupt
from xdomain.core.states import Cause, StageState
from xdomain.core.words import count, duration

LEAST_SECONDS = 0.5
"""Shortest time between two looks at the store."""


def status(
    experiment: ExperimentPath,
    watch: Annotated[bool, typer.Option("--watch", help="Refresh until nothing is left to run.")] = False,
    json_: Json = False,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Show which stages are done, running, failed and waiting, also while another process runs the grid."""
    session = opened_as_last_run(experiment, store, seeds, settings)
    if watch:
        follow(session, as_json=json_)
    elif json_:
        print_json(session.status().document())
    else:
        show_settings_note(session)
        out.print(picture(session.status()))


def follow(session: Session, *, as_json: bool) -> None:
    """Show the status until no stage can change.

    A terminal shows bars. Other outputs get a line whenever the counts change. With `as_json`, there is one document
    per line whenever the status changes.
    """
    live = Live(console=out, auto_refresh=False) if redraws(out) and not as_json else nullcontext()
    shown = ""
    if not as_json:
        show_settings_note(session)
    with Interrupt() as interrupt, live as screen:
        while True:
            begun = time.monotonic()
            found = session.status()
            line = json.dumps(found.document(), allow_nan=False) if as_json else str(found)
            if isinstance(screen, Live):
                screen.update(picture(found), refresh=True)
            elif line != shown:
                write(f"{line}\n")
            shown = line
            if found.settled:
                return
            # Searching a large store takes long, so the pause between two searches is longer than a search.
            interrupt.pause(max(LEAST_SECONDS, 4 * (time.monotonic() - begun)))


def picture(found: GridStatus) -> Table:
    """Draw counts by kind, running stages with their progress, and failed stages with the reason."""
    plan, states = found.plan, found.states
    columns = found.optional_counts or found.counts
    counts = Table("", *columns, title=escape(f"{plan.experiment.name} in {found.store.root}"))
    for name, row in found.table.items():
        counts.add_row(name, *(str(row.get(state, 0)) for state in columns))
    whole = Table.grid()
    whole.add_row(counts)
    running = Table.grid(padding=(0, 1))
    for key, state in states.items():
        if state.state is StageState.RUNNING:
            running.add_row(*progress_row(plan.whole.stages[key], state.holder))
    if running.row_count:
        whole.add_row(running)
    for key, state in states.items():
        title = escape(plan.whole.stages[key].title)
        if state.failure is not None:
            word = "cancelled" if state.failure.cause is Cause.CANCELLED else "failed"
            whole.add_row(
                f"[red]{word}[/] {title}: {escape(state.failure.message)}\n  log: {escape(state.failure.log)}"
            )
        if state.attempts:
            whole.add_row(f"[yellow]earlier attempts[/] {title}: {', '.join(state.attempts)}")
        if state.holder is not None and "alarm" in state.holder.progress:
            whole.add_row(f"[yellow]alarm[/] {title}: {escape(alarm_text(state.holder.progress['alarm']))}")
    if found.estimate_seconds and not found.finished:
        workers = count(max(1, found.workers), "worker")
        whole.add_row(f"about {duration(found.estimate_seconds)} left on {workers}")
    return whole
