"""Explain finished stages: how they changed the weights, and what the changes did to each domain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from xdomain.api.kept_diagnoses import keep_diagnosis
from xdomain.api.stored_answers import Evaluated, StoredAnswers
from xdomain.api.stores import as_store
from xdomain.config.run_id import BASE
from xdomain.config.setups import entry_name
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.errors import ConfigError, DependencyMissing, StoreError
from xdomain.core.installation import install_command
from xdomain.core.registry import load_attribute
from xdomain.diagnosis.inputs import DomainAnswers, StageFiles, Watch
from xdomain.diagnosis.result import Diagnosis, Probe
from xdomain.domains.build import build_domains
from xdomain.plan.explain import pick_stage
from xdomain.plan.stage import CheckpointRef, StageKind
from xdomain.resolve.evaluations import Checkpoints, domain_entries, stored_checkpoints
from xdomain.store.artifact import check_checkpoint
from xdomain.store.store import Store
from xdomain.store.stored import StoredStage


@dataclass(frozen=True)
class DiagnosisOptions:
    """Options of a diagnosis.

    Attributes:
        share: Share of a weight's rows that count as most changed.
        completions: Largest number of completions per stage and domain, one per item.
        points: Number of points at which integrated gradients are measured. It is doubled, up to 12, while the scores
            do not sum to the measured change.
        resets: Number of modules with the largest scores that are reset to the parent, one at a time.
        ranks: Measure effective ranks of full weights too. Those of adapters cost nothing.
    """

    share: float = 0.05
    completions: int = 64
    points: int = 3
    resets: int = 12
    ranks: bool = False


@dataclass(frozen=True)
class _Change:
    """A checkpoint of a training stage, and the checkpoint that the stage started from."""

    end: Evaluated
    parent: Evaluated


def diagnose(
    stages: str | Sequence[str],
    *,
    domains: str | Path | Iterable[str | Path] | None = None,
    store: str | Path | Store | None = None,
    options: DiagnosisOptions = DiagnosisOptions(),
    progress: Watch | None = None,
) -> Diagnosis:
    """Explain finished training stages of a store, and keep the diagnosis there for reports. Nothing is trained.

    Args:
        stages: Titles, folders or first characters of the keys of training stages; STAGE@40 for step 40. A title may
            be a glob pattern.
        domains: Domains whose stored answers are used, as registered names and YAML files of experiments or domains;
            None measures only the weights.
        store: Folder of the store; None for $XDOMAIN_STORE, or else ./xdomain-store.
        options: Options of the diagnosis.
        progress: Callback for the part that is measured, and how much of it is done, of how much.

    Returns:
        The change of each stage's weights, the agreement of each pair of stages, and the effect of each stage on each
        domain.

    Raises:
        PlanError: A name matches no stage.
        ConfigError: A stage is a base model, the stages have different architectures or tokenizers, their weights are
            quantised, or a stage's parent has no right completion on a domain.
        StoreError: A stage's parent is not in the store, a checkpoint is corrupt or was freed, or the store cannot be
            written.
        DependencyMissing: The training packages are not installed.
    """
    opened = as_store(store)
    names = [stages] if isinstance(stages, str) else list(stages)
    changes = [_change(opened, stage, step) for name in names for stage, step, _ in _found(opened, name)]
    unique = list(dict.fromkeys(changes))
    if not unique:
        raise ConfigError("no stage is named.", where="STAGE", fix='Name one, such as "math -> science, seed 0".')
    _require_torch()
    answers = [] if domains is None else _answers(opened, unique, domains, options.completions)
    files = [_files(opened, each) for each in unique]
    # Loaded by name, because this package must not import torch.
    run = load_attribute("xdomain.diagnosis.run:run_diagnosis")
    diagnosis: Diagnosis = run(
        files,
        answers,
        share=options.share,
        points=options.points,
        resets=options.resets,
        ranks=options.ranks,
        watch=progress or _ignore,
    )
    keep_diagnosis(opened, [each.end.checkpoint for each in unique], diagnosis)
    return diagnosis


def probe(
    checkpoint: str,
    *,
    domains: str | Path | Iterable[str | Path],
    store: str | Path | Store | None = None,
    completions: int = 64,
    progress: Watch | None = None,
) -> Probe:
    """Compare the gradients of domains at a checkpoint. Nothing is trained, and the store is not changed.

    Args:
        checkpoint: Title, folder or first characters of the key of a training stage or the base model; STAGE@40 for
            step 40.
        domains: Domains whose stored answers are used, as registered names and YAML files of experiments or domains.
        store: Folder of the store; None for $XDOMAIN_STORE, or else ./xdomain-store.
        completions: Largest number of right completions per domain, one per item.
        progress: Callback for the part that is measured, and how much of it is done, of how much.

    Returns:
        Length and reliability of each domain's gradient, and the cosine of each pair.

    Raises:
        PlanError: The name matches no stage.
        ConfigError: The name matches several stages, or the checkpoint has no right completion on a domain.
        StoreError: The checkpoint is corrupt or was freed.
        DependencyMissing: The training packages are not installed.
    """
    opened = as_store(store)
    found = _found(opened, checkpoint)
    if len(found) > 1:
        some = ", ".join(f'"{title}"' for _, _, title in found[:3])
        raise ConfigError(f'"{checkpoint}" should name one checkpoint. Found {some}.', where=str(opened.root))
    ((stage, step, title),) = found
    _require_torch()
    chosen = Evaluated(title, CheckpointRef(stage.key, step))
    (answers,) = _answers(opened, [_Change(chosen, chosen)], domains, completions)
    # Loaded by name, because this package must not import torch.
    run = load_attribute("xdomain.diagnosis.probe:run_probe")
    probed: Probe = run(title, _folder(opened, chosen.checkpoint), answers, progress or _ignore)
    return probed


def _ignore(what: str, done: int, total: int) -> None:
    """Take progress without a callback."""


def _require_torch() -> None:
    if any(find_spec(name) is None for name in ("torch", "transformers")):
        raise DependencyMissing("transformers is not installed.", fix=install_command("train"))


def _answers(
    store: Store, changes: Sequence[_Change], domains: str | Path | Iterable[str | Path], most: int
) -> list[list[DomainAnswers]]:
    """Return the stored answers of each stage on each domain."""
    entries = domain_entries(domains)
    stored, opened = StoredAnswers(store, most), build_domains(entries, map(entry_name, entries))
    try:
        return [[stored.of_domain(domain, each.parent, each.end) for domain in opened.values()] for each in changes]
    finally:
        for domain in opened.values():
            domain.close()


def _found(store: Store, name: str) -> Checkpoints:
    """Return the checkpoints that a name matches. Like `grid logs`, titles match without their seed too."""
    return stored_checkpoints(store, name) or stored_checkpoints(
        store,
        pick_stage(
            [*store.find("train-*"), *store.find("merge-*"), *store.find("rollback-*"), *store.find("base-*")], name
        ).key,
    )


def _change(store: Store, stage: StoredStage, step: int) -> _Change:
    if stage.kind is StageKind.BASE:
        raise ConfigError(
            f'"{stage.title}" is a base model: it was not trained from a parent.',
            where="STAGE",
            fix='Name a training stage, such as "math -> science, seed 0".',
        )
    key = _parent(stage)
    parents = store.find(key)
    if not parents:
        raise StoreError(
            f'the parent of "{stage.title}" (stage {key[:16]}) is not in this store.',
            where=str(store.root),
            fix="Copy that stage into the store too, or run its experiment here.",
        )
    parent = parents[0]
    is_base = parent.kind is StageKind.BASE
    before = int(parent.payload.get("steps", 0))  # a base model and a merge have none
    return _Change(
        Evaluated(f"{stage.title} step {step}", CheckpointRef(stage.key, step)),
        Evaluated(BASE if is_base else f"{parent.title} step {before}", CheckpointRef(key, before)),
    )


def _files(store: Store, change: _Change) -> StageFiles:
    end, parent = change.end, change.parent
    return StageFiles(end.title, parent.title, _folder(store, end.checkpoint), _folder(store, parent.checkpoint))


def _parent(stage: StoredStage) -> str:
    """Return the key of the stage that another one changed."""
    match stage.kind:
        case StageKind.MERGE:
            return str(stage.payload["base"])
        case StageKind.ROLLBACK:
            return str(stage.payload["inputs"][0]["stage"])
    return str(stage.payload["parent"])


def _folder(store: Store, checkpoint: CheckpointRef) -> Path:
    """Return the folder of a checkpoint, after comparing its files' digests."""
    (stage,) = store.find(checkpoint.stage)
    folder = checkpoint_folder(stage.path, checkpoint.step)
    check_checkpoint(folder)
    return folder
