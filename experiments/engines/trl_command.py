"""Train one stage with TRL's own GRPOTrainer, as a command of `training.engine`. It imports trl and nothing of xdomain.

The experiment file next to this one uses it. With the same seed and schedule it ends with the weights of xdomain's
built-in trainer, bit by bit on a CPU (tests/integration/test_trl_command.py). It trains all weights on one process,
samples with transformers, and does not cut completions at stop strings.
"""

from __future__ import annotations

import json
import shutil
import sys
import urllib.request
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import GRPOConfig, GRPOTrainer

RENAMED = {
    "generations": "num_generations",
    "epochs_per_rollout": "num_iterations",
    "lr_schedule": "lr_scheduler_type",
    "warmup_ratio": "warmup_steps",
    "optimizer": "optim",
    "max_completion_tokens": "max_completion_length",
}
"""Fields of `training` that TRL names differently. The others that trl.yaml lists have the same name there."""
BATCH = ("micro_batch", "updates_per_rollout")
"""Fields that become a batch size and a number of accumulated batches."""
COMPLETE = "complete"
"""Mark of a resume state that no kill has torn."""


def main(task: dict[str, Any]) -> None:
    if any(task["stop"].values()):
        sys.exit("This script does not cut completions at stop strings.")
    torch.set_num_threads(task["threads"])
    tokenizer = AutoTokenizer.from_pretrained(task["parent"], padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(task["parent"], dtype=getattr(torch, task["dtype"]))
    ends = model.generation_config.eos_token_id
    rows = [json.loads(line) for line in Path(task["prompts"]).read_text().splitlines()]
    trainer = GRPOTrainer(
        model=model,
        processing_class=tokenizer,
        reward_funcs=Scorer(task["reward"], {tokenizer.eos_token_id, *(ends if isinstance(ends, list) else [ends])}),
        train_dataset=Dataset.from_list([{name: row[name] for name in ("prompt", "domain", "index")} for row in rows]),
        args=arguments(task),
        callbacks=[KeepCheckpoints(task)],
    )
    states = [path for path in Path(task["state"]).glob("checkpoint-*") if (path / COMPLETE).exists()]
    newest = max(states, key=lambda path: int(path.name.removeprefix("checkpoint-")), default=None)
    trainer.train(resume_from_checkpoint=None if newest is None else str(newest))


def arguments(task: dict[str, Any]) -> GRPOConfig:
    """Return TRL's settings of a stage. The schedule is the data set: it is gone through once, in its order."""
    given = task["training"]
    completions = task["prompts_per_step"] * given["generations"]
    micro = given["micro_batch"] or completions
    settings = {RENAMED.get(name, name): value for name, value in given.items() if name not in BATCH}
    return GRPOConfig(
        output_dir=task["state"],
        seed=task["seed"],
        max_steps=task["steps"],
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=completions // micro,
        steps_per_generation=completions // micro * given["updates_per_rollout"],
        shuffle_dataset=False,
        num_train_epochs=1,
        remove_unused_columns=False,
        use_cpu=task["device"] == "cpu",
        save_strategy="no",
        save_total_limit=2,
        logging_steps=1,
        report_to="none",
        disable_tqdm=True,
        **settings,
    )


class Scorer:
    """The rewards of the stage, asked over HTTP."""

    def __init__(self, reward: dict[str, str], ends: set[int]) -> None:
        self.__name__ = "reward"
        self._reward = reward
        self._ends = ends

    def __call__(
        self, completions: list[Any], completion_ids: list[list[int]], domain: list[str], index: list[int], **_: Any
    ) -> list[float | None]:
        texts = [text if isinstance(text, str) else text[0]["content"] for text in completions]
        body = {
            "domain": domain,
            "index": index,
            "completions": texts,
            "truncated": [not ids or ids[-1] not in self._ends for ids in completion_ids],
        }
        headers = {"Authorization": f"Bearer {self._reward['token']}"}
        request = urllib.request.Request(self._reward["url"], json.dumps(body).encode(), headers)  # noqa: S310
        with urllib.request.urlopen(request) as answer:  # noqa: S310 -- the stage's own address
            rewards: list[float | None] = json.load(answer)["rewards"]
        return rewards


class KeepCheckpoints(TrainerCallback):  # type: ignore[misc]  # transformers is untyped
    """Writes the stage's checkpoints, each with a resume state, and one line of metrics per step."""

    def __init__(self, task: dict[str, Any]) -> None:
        self._task = task

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        if state.global_step in self._task["checkpoint_steps"]:
            target = Path(self._task["output"]) / f"step-{state.global_step:06d}"
            partial = target.with_name(f"partial-{target.name}")
            shutil.rmtree(partial, ignore_errors=True)
            model.save_pretrained(partial)
            shutil.rmtree(target, ignore_errors=True)
            partial.rename(target)  # so that a kill leaves it whole or not at all
            control.should_save = True

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        (Path(self._task["state"]) / f"checkpoint-{state.global_step}" / COMPLETE).touch()

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        if logs and "train_runtime" not in logs:
            with open(self._task["metrics"], "a") as metrics:
                metrics.write(json.dumps({**logs, "step": state.global_step}) + "\n")


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[-1]).read_text()))
