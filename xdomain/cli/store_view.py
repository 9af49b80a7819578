"""How `grid cancel`, `grid retry`, `grid gc` and `grid export` look."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from xdomain.cli.render import count, err, out, print_json
from xdomain.cli.setup import Opened
from xdomain.core.errors import StoreError
from xdomain.core.states import Cause
from xdomain.plan.explain import find_stage, pick_stage
from xdomain.plan.stage import StageRef
from xdomain.schedule.export import as_jsonl, exported_tasks
from xdomain.store.experiments import rewrite_notes
from xdomain.store.failures import Failure
from xdomain.store.garbage import Garbage, find_garbage, free
from xdomain.store.states import stage_states
from xdomain.store.store import Store


def cancel_stage(store: Store, stages: Collection[StageRef], text: str) -> None:
    """Mark the one of `stages` that `text` names; whoever runs it sees the mark at its next step.

    Raises:
        StoreError: it is done already.
    """
    stage = pick_stage(stages, text)
    if store.done([stage]):
        raise StoreError(f'"{stage.title}" is done already.', where=str(store.root))
    store.create()
    store.failures.record(
        stage, Failure(Cause.CANCELLED, "cancelled; `xdomain grid retry` takes that back.", str(store.log_path(stage)))
    )
    err.print(f"{stage.title}: stops at its next step if it runs, and does not start until `grid retry`.")


def retry_stages(opened: Opened, text: str | None) -> None:
    """Clear the failures of one stage or of all."""
    stages = [find_stage(opened.plan, text)] if text else list(opened.plan.stages.values())
    states = stage_states(opened.store, stages)
    failed = [stage for stage in stages if states[stage.key].failure is not None]
    for stage in failed:
        opened.store.failures.clear(stage)
        opened.store.failures.forget_attempts(stage)
        err.print(f"cleared {stage.title}", markup=False)
    err.print(f"{count(len(failed), 'stage')} cleared; `xdomain grid run` tries again.")


def collect_garbage(opened: Sequence[Opened], *, forget: Sequence[str], yes: bool, as_json: bool) -> None:
    """Show what would go; with `yes`, let it go.

    Raises:
        StoreError: the experiments lie in different stores, or a stage of a forgotten one is running.
    """
    roots = list(dict.fromkeys(each.store.root.resolve() for each in opened))
    if len(roots) > 1:
        raise StoreError("is not the store of every experiment.", where=str(roots[0]), fix="Name one with --store.")
    store = opened[0].store
    plans = [each.plan for each in opened]
    garbage = find_garbage(store, plans, forget)
    if yes:
        free(store, garbage)
        rewrite_notes(store, plans, forget)
    if as_json:
        print_json(
            {
                "stages": [str(path) for path in garbage.stages],
                "checkpoints": [str(path) for path in garbage.checkpoints],
                "leftovers": [str(path) for path in garbage.leftovers],
                "experiments": dict(garbage.experiments),
                "unnoted": garbage.unnoted,
                "bytes": garbage.total_bytes,
                "freed": yes,
            }
        )
    else:
        _show(garbage, yes)


def export_plan(opened: Opened, seeds: str | None, settings: Sequence[str]) -> None:
    """Print the plan as JSON lines; the commands name this file and this store."""
    command = ["xdomain", "grid", "run", str(opened.path.resolve()), "--store", str(opened.store.root.resolve())]
    command += ["--seeds", seeds] if seeds is not None else []
    command += [word for setting in settings for word in ("--set", setting)]
    tasks = exported_tasks(opened.plan, command)
    for line in as_jsonl(tasks):
        out.print(line, markup=False, soft_wrap=True)


def _show(garbage: Garbage, yes: bool) -> None:
    rows = (
        (garbage.stages, garbage.stage_bytes, "stage", "that nothing refers to"),
        (garbage.checkpoints, garbage.checkpoint_bytes, "checkpoint", "inside stages, evaluated"),
        (garbage.leftovers, garbage.leftover_bytes, "leftover", "of work"),
    )
    for paths, size, noun, what in rows:
        out.print(f"{size / 1e6:10.1f} MB  {count(len(paths), noun)} {what}", markup=False)
        for path in paths:
            out.print(f"               {path}", markup=False, soft_wrap=True)
    for name, number in garbage.experiments.items():
        out.print(f"{count(number, 'stage')} of these belonged to runs of experiment {name}", markup=False)
    if garbage.unnoted:
        err.print(
            f"[yellow]warning[/] {count(garbage.unnoted, 'stage')} of these no run noted as its own: name every "
            "experiment that is alive."
        )
    out.print(f"{garbage.total_bytes / 1e6:10.1f} MB  " + ("freed" if yes else "would be freed; --yes does it"))
