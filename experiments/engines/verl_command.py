"""Train one stage with verl's GRPO, as a command of `training.engine`. UNTESTED: written from verl's documentation.

It starts `verl.trainer.main_ppo` on the stage's Parquet file, with `compute_score` of this file as the reward function,
and writes the checkpoints in Hugging Face layout with verl's model merger. Names of settings follow verl 0.7; earlier
versions call `reward.custom_reward_function` `custom_reward_function`. The merger writes bfloat16, so the experiment
needs `model.dtype: bfloat16`. verl does not tell a reward function which completions ran out of tokens, so a truncated
answer is judged by its text, unlike in evaluation.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from functools import cache
from pathlib import Path
from typing import Any

VARIABLE = "VERL_COMMAND_TASK"
"""Environment variable through which verl's processes find the task file."""


def main(path: Path) -> None:
    task = json.loads(path.read_text())
    first = task["checkpoint_steps"][0]
    if not task["chat_template"]:
        sys.exit("verl renders prompts with the chat template, and evaluation of this model does not.")
    if any(step % first for step in task["checkpoint_steps"]):
        sys.exit("verl saves at multiples of one number of steps: choose steps divisible by checkpoints.every_steps.")
    environment = os.environ | {VARIABLE: str(path)}
    train = [sys.executable, "-m", "verl.trainer.main_ppo", *settings(task)]
    subprocess.run(train, check=True, env=environment)  # noqa: S603
    for step in task["checkpoint_steps"]:
        merge(Path(task["state"]) / f"global_step_{step}" / "actor", Path(task["output"]) / f"step-{step:06d}")


def settings(task: dict[str, Any]) -> list[str]:
    """Return verl's settings of a stage. The schedule is its data set, unshuffled and gone through once."""
    given = task["training"]
    found = {
        "algorithm.adv_estimator": "grpo",
        "algorithm.use_kl_in_reward": False,
        "data.train_files": task["prompts_parquet"],
        "data.val_files": task["prompts_parquet"],
        "data.train_batch_size": task["prompts_per_step"],
        "data.shuffle": False,
        "data.seed": task["seed"],
        "data.max_response_length": given["max_completion_tokens"],
        "actor_rollout_ref.model.path": task["parent"],
        "actor_rollout_ref.actor.optim.lr": given["learning_rate"],
        "actor_rollout_ref.actor.ppo_mini_batch_size": task["prompts_per_step"],
        "actor_rollout_ref.actor.use_dynamic_bsz": True,
        "actor_rollout_ref.actor.use_kl_loss": False,
        "actor_rollout_ref.rollout.name": "vllm",
        "actor_rollout_ref.rollout.n": given["generations"],
        "actor_rollout_ref.rollout.temperature": given["temperature"],
        "reward.custom_reward_function.path": __file__,
        "reward.custom_reward_function.name": "compute_score",
        "trainer.n_gpus_per_node": task["processes"],
        "trainer.nnodes": 1,
        "trainer.total_epochs": 1,
        "trainer.total_training_steps": task["steps"],
        "trainer.save_freq": task["checkpoint_steps"][0],
        "trainer.test_freq": -1,
        "trainer.val_before_train": False,
        "trainer.logger": "[console]",
        "trainer.default_local_dir": task["state"],
        "trainer.resume_mode": "auto",
    }
    return [f"{name}={value}" for name, value in found.items()]


def merge(actor: Path, target: Path) -> None:
    """Write a saved actor as a Hugging Face folder."""
    partial = target.with_name(f"partial-{target.name}")
    shutil.rmtree(partial, ignore_errors=True)
    places = ["--local_dir", str(actor), "--target_dir", str(partial)]
    command = [sys.executable, "-m", "verl.model_merger", "merge", "--backend", "fsdp", *places]
    subprocess.run(command, check=True)  # noqa: S603
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)


def compute_score(data_source: str, solution_str: str, ground_truth: str, extra_info: dict[str, Any]) -> float:
    """Return the reward of one completion, asked over HTTP; what could not be judged gets 0."""
    reward = _reward()
    body = {"domain": [data_source], "index": [int(extra_info["item_index"])], "completions": [solution_str]}
    headers = {"Authorization": f"Bearer {reward['token']}"}
    request = urllib.request.Request(reward["url"], json.dumps(body).encode(), headers)  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310 -- the stage's own address
        return float(json.load(answer)["rewards"][0] or 0.0)


@cache
def _reward() -> dict[str, str]:
    found: dict[str, str] = json.loads(Path(os.environ[VARIABLE]).read_text())["reward"]
    return found


if __name__ == "__main__":
    main(Path(sys.argv[-1]))
