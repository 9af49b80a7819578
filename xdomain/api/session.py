"""A session: an experiment, its plan, and the store that it runs in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xdomain.analysis.quantities import check_analysis
from xdomain.api.stores import as_store
from xdomain.config.experiment import Experiment
from xdomain.config.field_types import FOLDER_NAME
from xdomain.config.load import apply_override, make_experiment
from xdomain.config.written import Written
from xdomain.config.yaml_file import read_yaml
from xdomain.plan.graph import Plan
from xdomain.plan.origin import NO_FILE, Origin
from xdomain.resolve.plan import plan_experiment
from xdomain.store.store import Store

if TYPE_CHECKING:  # these import more than a plan needs, so the methods below import them when called
    import pandas as pd

    from xdomain.analysis.rescored import RescoredChanges
    from xdomain.analysis.result import AnalysisResult
    from xdomain.api.checkpoints import StoredCheckpoint
    from xdomain.api.planning import Forecast
    from xdomain.api.run_events import Progress
    from xdomain.api.status import GridStatus
    from xdomain.plan.measurement import MeasuredGrid
    from xdomain.schedule.events import RunOutcome

ExperimentSource = str | Path | Mapping[str, Any] | Experiment


@dataclass(frozen=True)
class Session:
    """An opened experiment. `open_experiment` creates it.

    Attributes:
        path: File of the experiment; None if it was given as a mapping or an `Experiment`.
        plan: Stages by key, runs, and the experiment.
        store: Store in which stages are looked up and published.
    """

    path: Path | None
    plan: Plan
    store: Store

    @property
    def settings_note(self) -> str:
        """Sentence that states which settings are used, if `open_last_run` found those of an earlier run; else ""."""
        return self.plan.origin.note

    @property
    def experiment(self) -> Experiment:
        """The validated experiment."""
        return self.plan.experiment

    def forecast(
        self, *, gpu_memory_gb: float | None = None, tokens_per_second: float | None = None, jobs: int | None = None
    ) -> Forecast:
        """Return the forecast: cost of the plan, finished stages, resources of open stages, and detectable effects.

        Args:
            gpu_memory_gb: GPU memory in 10^9 bytes that stages are compared with; None for `execution.gpu_memory_gb`.
            tokens_per_second: Tokens that a stage generates per second, training included; None for stored rates.
            jobs: Number of stages that run at the same time; None for the experiment's setting, or else 1.
        """
        from xdomain.api.estimates import Needs
        from xdomain.api.planning import Forecast

        gpu = gpu_memory_gb or self.experiment.execution.gpu_memory_gb
        written = Written.file(self.path, self.plan.origin.settings) if self.path else Written("experiment")
        with written.placing(self.experiment.domain_names):
            return Forecast(self.plan, self.store, Needs(gpu, tokens_per_second, jobs))

    def run(
        self,
        jobs: int | None = None,
        *,
        stages: Sequence[str] = (),
        progress: Progress | None = None,
    ) -> RunOutcome:
        """Run every stage that is not in the store yet. A second call continues an interrupted one.

        Predictions are stored before their cells are run. Ctrl-C stops at the next checkpoint, a second one at once.

        Args:
            jobs: Number of stages that run at the same time; None for the experiment's setting, or else the machine's
                default.
            stages: Titles, folders or first characters of keys of stages to run in this process; empty for all stages.
            progress: Called with each event that `xdomain grid run --json` prints (docs/reference/run-events.md). A
                `RunObserver` also gets the scheduler.

        Returns:
            The keys of the stages that were run, and of those that were in the store before.

        Raises:
            ConfigError: TRL or the machine does not support a setting.
            DataError: A finished checkpoint would be evaluated on items that it was trained on.
            DependencyMissing: The training packages are not installed.
            StoreError: A stage that one of `stages` is based on is not published, or the store cannot be written.
            StageError: A stage failed.
            Interrupted: The user stopped the session.
        """
        from xdomain.api.predictions import predict_and_run
        from xdomain.api.run_events import as_observer

        return predict_and_run(self.plan, self.store, as_observer(progress), jobs, stages)

    def adopt(self, jobs: int | None = None, *, progress: Progress | None = None) -> RunOutcome:
        """Take the checkpoints under `adopted` into the store, without training or evaluating. Arguments: see `run`.

        Raises:
            PlanError: Nothing is declared, or a checkpoint's parent is neither declared nor in the store.
            StageError: A checkpoint does not belong to the experiment's model.
        """
        from xdomain.api.adopting import adopt
        from xdomain.api.run_events import as_observer

        return adopt(self.plan, self.store, as_observer(progress), jobs)

    def status(self) -> GridStatus:
        """Return the state of every stage. Another process may run the grid meanwhile."""
        from xdomain.api.status import grid_status

        return grid_status(self.plan, self.store)

    def measure(self, *, with_text: bool = False) -> MeasuredGrid:
        """Read the records of every finished evaluation, in the form that the analysis uses.

        Args:
            with_text: Also read completions and prompts.

        Raises:
            AnalysisError: No evaluation has finished yet.
        """
        from xdomain.api.measuring import measure

        return measure(self.plan, self.store, self.path, with_text=with_text)

    def records(self) -> pd.DataFrame:
        """Return one row per evaluated item and sample.

        The columns are those of docs/reference/store.md, and those of the checkpoint's position in the grid: run,
        curriculum, strategy, training_seed, phase_step, total_steps, is_end.

        Raises:
            AnalysisError: No evaluation has finished yet.
        """
        from xdomain.analysis.placed_records import placed_records

        return placed_records(self.measure(with_text=True))

    def analyse(self) -> AnalysisResult:
        """Compute every matrix, interval and conclusion from the records in the store, and add stored diagnoses.

        Raises:
            AnalysisError: No evaluation has finished yet, or the records are incomplete.
            StoreError: A stored diagnosis is corrupt.
        """
        from xdomain.analysis.analyse import analyse
        from xdomain.api.kept_diagnoses import kept_diagnoses

        found = kept_diagnoses(self.plan, self.store)
        return analyse(self.measure(with_text=True)).model_copy(update={"diagnoses": found})

    def report(self, folder: str | Path | None = None, formats: Sequence[str] | None = None) -> dict[str, Path]:
        """Analyse the records, and write a report.

        Args:
            folder: Folder to write into; None for the experiment's folder in the store.
            formats: Names as in `xdomain report --format`; None for markdown, csv, json and html.

        Returns:
            The main file or folder of each format.

        Raises:
            AnalysisError: No evaluation has finished yet.
            ConfigError: A format is unknown.
            DependencyMissing: matplotlib, which figures need, is not installed.
        """
        from xdomain.report.write import DEFAULT_FORMATS, require_formats, write_report

        require_formats(formats or ())
        target = Path(folder) if folder is not None else self.store.reports(self.experiment.name)
        return write_report(self.analyse(), target, formats or DEFAULT_FORMATS)

    def rescore(self, jobs: int | None = None, *, progress: Progress | None = None) -> RescoredChanges:
        """Judge the stored completions with the experiment's current verifiers, and compare with the old verdicts.

        Nothing is trained or generated.

        Args:
            jobs: Number of checkpoints that are judged at the same time.
            progress: Callback or observer, see `run`.

        Raises:
            PlanError: Completions would have to be generated.
            StoreError: No evaluation of the experiment is stored.
            StageError: An evaluation failed.
        """
        from xdomain.api.rescoring import rescore_experiment
        from xdomain.api.run_events import as_observer

        return rescore_experiment(self.plan, self.store, self.path, as_observer(progress), jobs)

    def checkpoint(self, stage: str, step: int | None = None) -> StoredCheckpoint:
        """Find a published checkpoint.

        Args:
            stage: Title, folder or first characters of the key of a training stage or the base model.
            step: Optimizer step within the stage; None for its final checkpoint.

        Raises:
            PlanError: `stage` matches no stage of the plan, or several.
            StoreError: The stage is not published, or has no checkpoint at that step.
        """
        from xdomain.api.checkpoints import checkpoint_of
        from xdomain.plan.explain import find_stage

        return checkpoint_of(self.store, find_stage(self.plan, stage), step)


def open_experiment(
    source: ExperimentSource,
    *,
    store: str | Path | Store | None = None,
    seeds: Sequence[int] | None = None,
    settings: Iterable[str] = (),
) -> Session:
    """Load an experiment and plan it. This does not load torch, and writes nothing.

    Args:
        source: Path of a YAML file, its content as a mapping (relative paths start from the current folder), or an
            `Experiment`.
        store: Folder of the store; None for the experiment's store, or else $XDOMAIN_STORE, or else ./xdomain-store.
        seeds: Training seeds, which override the experiment's.
        settings: Overrides as in `--set`: "training.steps=20".

    Raises:
        ConfigError: The file cannot be read, or a value in it is wrong.
        DataError: The data of a domain is missing or malformed.
        PlanError: The experiment is valid but cannot be planned.
        PluginError: The experiment names an estimand that no installed package provides.
        StoreError: The store is from another version, or the folder is not a store.
    """
    overrides = overrides_of(settings, seeds)
    path, origin = None, NO_FILE
    if isinstance(source, str | Path):
        path = Path(source)
        mapping, written = read_yaml(path), Written.file(path, overrides)
        origin = origin_of(mapping, path, overrides)
        experiment = _overridden(mapping, overrides, path.parent, written)
    else:
        written = Written("experiment")
        experiment = _experiment(source, overrides, written)
    opened = as_store(store, experiment.store)  # first, because the store may be from another version
    with written.placing(experiment.domain_names):
        check_analysis(experiment.analysis, written)
        plan = plan_experiment(experiment, opened)
    return Session(path, replace(plan, origin=origin), opened)


def origin_of(mapping: Mapping[str, Any], path: Path, overrides: tuple[str, ...]) -> Origin:
    """Return the note that a store keeps about a run of the file at `path`.

    Args:
        mapping: Content of the file.
        path: Path of the file.
        overrides: Settings of the run.
    """
    name = mapping.get("name")
    if not isinstance(name, str) or not FOLDER_NAME.fullmatch(name):
        return NO_FILE
    return Origin(name, sha256(path.read_bytes()).hexdigest(), overrides)


def overrides_of(settings: Iterable[str], seeds: Sequence[int] | None) -> tuple[str, ...]:
    """Return settings and seeds as overrides, without empty ones."""
    given = tuple(each for each in settings if each)
    return given if seeds is None else (*given, f"seeds={list(seeds)}")


def _experiment(source: Mapping[str, Any] | Experiment, overrides: Sequence[str], written: Written) -> Experiment:
    if isinstance(source, Experiment):
        if not overrides:
            return source
        source = source.model_dump(mode="json", exclude_unset=True)
    return _overridden(deepcopy(dict(source)), overrides, Path(), written)


def _overridden(data: dict[str, Any], overrides: Sequence[str], folder: Path, written: Written) -> Experiment:
    for override in overrides:
        apply_override(data, override)
    return make_experiment(data, folder, written)
