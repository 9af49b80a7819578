"""The stage that prepares the base model: load the source, warm it up if asked, and save it as a checkpoint."""

from __future__ import annotations

import time
from typing import Any

from transformers import set_seed

from xdomain.config.setups import BaseSetup
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.stage import StageContext, StageResult
from xdomain.domains.build import build_domains
from xdomain.models.adapters import try_adapter
from xdomain.models.checkpoint import save_endpoint, save_full
from xdomain.models.examine import examine
from xdomain.models.prompting import set_up_chat
from xdomain.models.source import load_source
from xdomain.train.agreement import check_agreement
from xdomain.train.log_probabilities import check_log_probabilities
from xdomain.train.warmup import warm_up

PROBE_TEXT = "The answer is 42."
"""Prompt on which a model with an adapter is compared with the merged model."""


def run_base(setup: BaseSetup, context: StageContext) -> StageResult:
    """Write `checkpoints/step-000000`, the model that every run starts from.

    Args:
        setup: The model, and the training settings if anything is trained from it.
        context: Surroundings of the stage.

    Raises:
        ConfigError: The model does not exist, or would give wrong numbers (`models.examine`, `log_probabilities`).
    """
    begun = time.perf_counter()
    source, training = setup.model, setup.training
    if training is not None and training.engine is not None:
        training = None  # a command samples and steps in its own ways
    if source.endpoint is not None:
        save_endpoint(source.endpoint.model_dump(mode="json"), checkpoint_folder(context.work, 0))
        return StageResult(finished=True, summary={"seconds": time.perf_counter() - begun, "warmup_steps": 0})
    set_seed(context.seed)
    model, tokenizer = load_source(source)
    examine(model, tokenizer, source, training)
    chat = set_up_chat(source, tokenizer)
    warmup = source.warmup
    if warmup is not None:
        domains = build_domains(setup.domains, warmup.domains)
        try:
            model = warm_up(model, tokenizer, domains, warmup, context, chat=chat)
        finally:
            for domain in domains.values():
                domain.close()
    if model is None:
        return StageResult(finished=False, summary={})
    parameters = sum(parameter.numel() for parameter in model.parameters())
    save_full(model, tokenizer, checkpoint_folder(context.work, 0), chat_template=chat)
    agreement: dict[str, Any] = {}
    if training is not None:
        check_log_probabilities(model)
        if source.lora is not None:
            try_adapter(model, source.lora, tokenizer(PROBE_TEXT)["input_ids"])
        domains = build_domains(setup.domains, setup.domain_names)
        agreement = check_agreement(
            domains, training, model, tokenizer, chat, context
        )  # changes the model, which is saved already
    return StageResult(
        finished=True,
        summary={
            "seconds": time.perf_counter() - begun,
            "warmup_steps": warmup.steps if warmup else 0,
            "parameters": parameters,
        }
        | agreement,
    )
