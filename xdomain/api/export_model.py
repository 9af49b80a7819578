"""Export a published checkpoint to a folder that transformers can load, with a model card."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xdomain.api.checkpoints import StoredCheckpoint, load_checkpoint
from xdomain.api.stores import as_store
from xdomain.core.artifact_layout import MANIFEST, foundation_folder
from xdomain.core.errors import ConfigError, StoreError
from xdomain.core.files import read_json, share_weights, write_atomic, write_json
from xdomain.plan.stage import StageKind
from xdomain.report.export_card import TRAINED, export_card
from xdomain.store.store import Store
from xdomain.store.stored import StoredStage

CARD = "README.md"
ADAPTER_CONFIG = "adapter_config.json"
SHOWN = ("steps", "prompts_per_step", "generations", "learning_rate", "max_completion_tokens", "loss_type", "beta")
"""Settings of a training stage that the model card lists."""


@dataclass(frozen=True)
class ExportOptions:
    """Options of an export.

    Attributes:
        merge: Merge a LoRA adapter into the weights that it is based on.
        base_model: Hub id for the card and for an adapter; None for the id of the base model, if it is from the hub.
        licence: Licence identifier for the card, such as apache-2.0.
        force: Also write into a folder that is not empty.
    """

    merge: bool = False
    base_model: str | None = None
    licence: str | None = None
    force: bool = False


def export_model(
    name: str,
    folder: str | Path,
    options: ExportOptions = ExportOptions(),
    *,
    store: str | Path | Store | None = None,
) -> Path:
    """Export a checkpoint of a store to a folder that transformers (or peft) can load without xdomain.

    Args:
        name: Title, folder or first characters of the key of a training stage or the base model; STAGE@40 for step 40.
        folder: Folder to write into.
        options: Options of the export.
        store: Folder of the store; None for $XDOMAIN_STORE, or else ./xdomain-store.

    Returns:
        The folder.

    Raises:
        ConfigError: The name matches no checkpoint, the folder is not empty, or the base model of an adapter is not on
            the hub.
        StoreError: The checkpoint has no weights, or the folder cannot be written.
        DependencyMissing: The training packages, which merging needs, are not installed.
    """
    opened, target = as_store(store), Path(folder)
    checkpoint = load_checkpoint(name, store=opened)
    described = read_json(checkpoint.path / MANIFEST)
    if described["format"] == "endpoint":
        raise StoreError("is served by an endpoint: there are no weights to export.", where=checkpoint.title)
    if target.exists() and any(target.iterdir()) and not options.force:
        raise ConfigError("is not empty.", where=str(target), fix="Choose another folder, or give --force.")
    stages = list({stage.key: stage for stage in _lineage(opened, checkpoint.stage)}.values())
    base_model = options.base_model or _hub_id(stages[0])
    keeps_adapter = described["format"] == "adapter" and not options.merge
    if keeps_adapter:
        _require_named_base(opened, checkpoint, stages[0], options)
    try:
        target.mkdir(parents=True, exist_ok=True)
        _write_weights(checkpoint, target, described["format"], base_model if keeps_adapter else None)
        card = export_card(
            checkpoint.title,
            folder=target.name,
            base_model=base_model,
            licence=options.licence,
            lineage=[_line(stage) for stage in stages],
            made_by=_made_by(stages[-1]),
            settings=_settings(stages[-1]),
            adapter=keeps_adapter,
            chat_template=described["chat_template"],
        )
        write_atomic(target / CARD, card)
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror or error}.", where=str(target)) from error
    return target


def _write_weights(checkpoint: StoredCheckpoint, target: Path, form: str, adapter_base: str | None) -> None:
    if form == "adapter" and adapter_base is None:
        checkpoint.model().save_pretrained(target)
        share_weights(target)
        checkpoint.tokenizer().save_pretrained(target)
        return
    for path in sorted(checkpoint.path.iterdir()):
        if path.is_file() and path.name not in (MANIFEST, CARD):
            shutil.copyfile(path, target / path.name)
    if adapter_base is not None:
        checkpoint.tokenizer().save_pretrained(target)
        write_json(
            target / ADAPTER_CONFIG,
            read_json(target / ADAPTER_CONFIG) | {"base_model_name_or_path": adapter_base},
            indent=2,
        )


def _lineage(store: Store, key: str) -> Iterator[StoredStage]:
    """Yield the stages that a checkpoint was made by, with the base model first. A stage may occur several times."""
    found = store.find(key)
    if not found:
        raise StoreError(
            f"the stage {key[:16]}, which the checkpoint was trained from, does not exist.", where=str(store.root)
        )
    if found[0].kind is StageKind.TRAIN:
        yield from _lineage(store, found[0].payload["parent"])
        for each in found[0].payload.get("teachers", {}).values():
            yield from _lineage(store, each["stage"])
    if found[0].kind in (StageKind.MERGE, StageKind.ROLLBACK):
        for each in found[0].payload["inputs"]:
            yield from _lineage(store, each["stage"])
    yield found[0]


def _hub_id(base: StoredStage) -> str | None:
    found = base.payload["model"].get("hub")
    return str(found) if found is not None else None


def _require_named_base(store: Store, checkpoint: StoredCheckpoint, base: StoredStage, options: ExportOptions) -> None:
    """Refuse to export an adapter whose base model readers could not load."""
    below = foundation_folder(checkpoint.path)
    on_base = below is not None and below.is_relative_to(store.folder(base).resolve())
    from_hub = _hub_id(base) is not None and not base.payload.keys() & {"warmup"}
    if not on_base or not (from_hub or options.base_model):
        what = "another adapter" if not on_base else "a base model that is not on the hub"
        raise ConfigError(
            f"is a LoRA adapter on {what}.",
            where=checkpoint.title,
            fix="Export it merged (--merge), or name the base model that readers can load (--base-model OWNER/NAME)."
            if on_base
            else "Export it merged (--merge).",
        )


def _line(stage: StoredStage) -> str:
    if stage.kind is StageKind.BASE:
        source = ", ".join(f"{name} {value}" for name, value in stage.payload["model"].items())
        return f"base model: {source}{' with a supervised warm-up' if 'warmup' in stage.payload else ''}"
    if stage.kind is StageKind.MERGE:
        weights = ", ".join(f"{weight:g}" for weight in stage.payload["weights"])
        how = f"{stage.payload['method']} merge of {len(stage.payload['inputs'])} checkpoints, weights {weights}"
        return f"{stage.title}: {how} (stage {stage.key[:16]})"
    if stage.kind is StageKind.ROLLBACK:
        chosen = "" if stage.payload["share"] else " (chosen on dev items)"
        share = stage.done["summary"]["share"]
        return f"{stage.title}: {share:.2%} of the entries reset{chosen} (stage {stage.key[:16]})"
    teachers = ", ".join(f"{domain} {each['stage'][:16]}" for domain, each in stage.payload.get("teachers", {}).items())
    how = f"distillation, teachers {teachers}," if teachers else "GRPO"
    return f"{stage.title}: {stage.payload['steps']} steps of {how} (stage {stage.key[:16]})"


def _made_by(stage: StoredStage) -> str:
    """Return how the last stage made the checkpoint; "" for the base model."""
    if stage.kind is StageKind.BASE:
        return ""
    if stage.kind is StageKind.MERGE:
        return "merged from trained checkpoints"
    return "distilled from one teacher per domain" if "teachers" in stage.payload else TRAINED


def _settings(stage: StoredStage) -> dict[str, Any]:
    settings = {"steps": stage.payload.get("steps"), **stage.payload.get("training", {})}
    return {name: settings[name] for name in SHOWN if settings.get(name) is not None}
