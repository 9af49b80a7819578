"""Supervised warm-up of the base model on rendered solutions, through TRL's SFTTrainer."""

from __future__ import annotations

from typing import Any

from datasets import Dataset
from transformers import TrainerCallback
from trl import SFTConfig, SFTTrainer

from xdomain.config.model import WarmupConfig
from xdomain.core.files import write_atomic
from xdomain.core.seeds import derive_seed
from xdomain.core.stage import StageContext
from xdomain.domains.base import Domain, Item, Split
from xdomain.domains.trained import SCHEDULE, schedule_line
from xdomain.models.prompting import encode, opened_reasoning, render
from xdomain.train.arguments import CHECKPOINTING_FIELD
from xdomain.train.prompt_schedule import draw_schedule


def warm_up(
    model: Any,
    tokenizer: Any,
    domains: dict[str, Domain],
    config: WarmupConfig,
    context: StageContext,
    *,
    chat: bool,
) -> Any | None:
    """Train `model` in place on solutions of train items, with an equal share per domain.

    Write `schedule.jsonl` to the work folder. Return the model in evaluation mode, or None if the stage was asked to
    stop. A warm-up keeps no state, so it begins again.
    """
    total = config.steps * config.examples_per_step
    names = sorted(config.domains)
    quotas = {name: total // len(names) + (place < total % len(names)) for place, name in enumerate(names)}
    items = {name: domains[name].items(Split.TRAIN) for name in names}
    eligible = {name: range(len(items[name])) for name in names}
    schedule = draw_schedule(quotas, eligible, {}, f"warmup {config.seed}")
    lines = [schedule_line(entry.domain, entry.index, items[entry.domain][entry.index]) for entry in schedule]
    write_atomic(context.work / SCHEDULE, "".join(f"{line}\n" for line in lines))
    rows = [
        warmup_row(item, domains[entry.domain].render_solution(item), tokenizer, chat)
        for entry in schedule
        for item in [items[entry.domain][entry.index]]
    ]
    arguments = SFTConfig(
        output_dir=str(context.scratch),
        max_steps=config.steps,
        per_device_train_batch_size=config.examples_per_step,
        learning_rate=config.learning_rate,
        lr_scheduler_type="constant",
        seed=derive_seed("warmup", config.seed),
        bf16=False,
        completion_only_loss=True,
        max_length=None,
        **{CHECKPOINTING_FIELD: False},
        logging_steps=10,
        save_strategy="no",
        report_to="none",
        use_cpu=context.device == "cpu",
        disable_tqdm=True,
    )
    trainer = SFTTrainer(
        model=model,
        args=arguments,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        callbacks=[_Progress(context)],
    )
    trainer.train()
    if trainer.state.global_step < config.steps:
        return None
    return trainer.accelerator.unwrap_model(trainer.model).cpu().eval()


def warmup_row(item: Item, solution: str, tokenizer: Any, chat: bool) -> dict[str, list[int]]:
    """Return one example's token ids and the mask of the learned tokens, which are the solution and the end token.

    The prompt has the same ids as in rollouts and evaluation. If it leaves `<think>` open, the solution closes it.
    """
    text = render(item, tokenizer, chat)
    if opened_reasoning(text) and "</think>" not in solution:
        solution = f"</think>\n\n{solution}"
    (prompt,) = encode([text], tokenizer, chat)
    answer = [*tokenizer(solution, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
    return {"input_ids": [*prompt, *answer], "completion_mask": [0] * len(prompt) + [1] * len(answer)}


class _Progress(TrainerCallback):  # type: ignore[misc]  # transformers is untyped
    def __init__(self, context: StageContext) -> None:
        self._context = context

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._context.reporter.progress(state.global_step, state.max_steps)
        if self._context.stop_requested():
            control.should_training_stop = True
