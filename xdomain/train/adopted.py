"""Take checkpoints that were trained elsewhere into a stage."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM

from xdomain.config.adopted import AdoptedCheckpoint
from xdomain.config.setups import TrainingSetup
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.errors import StageError
from xdomain.core.stage import StageContext, StageResult
from xdomain.models.checkpoint import load_tokenizer, read_info, save_full
from xdomain.models.source import load_source
from xdomain.plan.stage import TrainStage
from xdomain.train.displacement import displacement

PROBES = ("12 + 7 = 19", "The quick brown fox jumps over the lazy dog.\n", "f(x) := {a: [1, 2]}", "Größe, 你好, 🙂")
"""Texts that both tokenizers must encode alike."""


def run_adopted(setup: TrainingSetup, stage: TrainStage, context: StageContext) -> StageResult:
    """Load each declared checkpoint, compare it with the base model, and leave it in `checkpoints/`.

    Only the weights are taken. The tokenizer and the chat template are the base model's.

    Raises:
        ConfigError: A checkpoint cannot be loaded.
        StageError: A checkpoint has another architecture, another tokenizer, or weights that are not finite.
    """
    base = checkpoint_folder(context.inputs[stage.base.stage], stage.base.step)
    tokenizer, info = load_tokenizer(base), read_info(base)
    expected = shapes_of(base, custom_code=info.custom_code)
    for number, declared in enumerate(stage.adopted, 1):
        model, own = load_source(declared.source(setup.model))
        check_tokenizer(own, tokenizer, declared)
        check_weights(model, expected, declared)
        target = checkpoint_folder(context.work, declared.step)
        shutil.rmtree(target, ignore_errors=True)
        save_full(model, tokenizer, target, chat_template=info.chat_template)
        context.reporter.progress(number, len(stage.adopted))
    parent = checkpoint_folder(context.inputs[stage.parent.stage], stage.parent.step)
    end = checkpoint_folder(context.work, stage.steps)
    return StageResult(finished=True, summary={"steps": stage.steps, "displacement": displacement(end, parent)})


def shapes_of(folder: Path, *, custom_code: bool) -> dict[str, torch.Size]:
    """Return the shape of each parameter of a checkpoint's model, without reading its weights."""
    config = AutoConfig.from_pretrained(folder, trust_remote_code=custom_code)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, trust_remote_code=custom_code)
    return dict(_shapes(model))


def check_weights(model: Any, expected: dict[str, torch.Size], declared: AdoptedCheckpoint) -> None:
    """Refuse a model of another architecture, or with weights that are not finite.

    Raises:
        StageError: The first difference.
    """
    found = dict(_shapes(model))
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            own, its = (tuple(shapes[name]) if name in shapes else "missing" for shapes in (found, expected))
            raise refused(declared, f"its weight {name} is {own}, and the base model's is {its}")
    for name, parameter in model.named_parameters():
        if not bool(torch.isfinite(parameter).all()):
            raise refused(declared, f"its weight {name} is not finite")


def check_tokenizer(own: Any, base: Any, declared: AdoptedCheckpoint) -> None:
    """Refuse a tokenizer that reads or writes other tokens than the base model's.

    Raises:
        StageError: Vocabulary or token ids differ.
    """
    if own.get_vocab() != base.get_vocab() or any(own(text)["input_ids"] != base(text)["input_ids"] for text in PROBES):
        raise refused(declared, "its tokenizer differs from the base model's")


def refused(declared: AdoptedCheckpoint, what: str) -> StageError:
    """Return the error for a checkpoint that does not belong to the base model."""
    return StageError(
        f'"{declared.path or declared.hub}" is not a checkpoint of this experiment\'s model: {what}.',
        where="adopted",
        fix="Declare a checkpoint that was trained from the experiment's `model`.",
    )


def _shapes(model: Any) -> Iterator[tuple[str, torch.Size]]:
    return ((name, parameter.shape) for name, parameter in model.named_parameters())
