"""Common hand-written loops with stock TRL and transformers, with which `benchmarks.grid` compares a grid.

`benchmarks.grid` runs this as a script, one process per call:

    python -m benchmarks.loops base OUT
    python -m benchmarks.loops train PARENT OUT DOMAINS          one phase ("math" or "math+logic"), checkpoints kept
    python -m benchmarks.loops evaluate CHECKPOINT DOMAIN
    python -m benchmarks.loops curriculum BASE OUT PHASE...      every phase, every checkpoint on every domain

Evaluated items are the grid's own draw; steps, batch sizes and sampling are those of the grid. Nothing is slowed down:
imports are only those that are used, evaluation batches all items of a domain at once, and the model is half a million
parameters for both sides.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

DOMAINS = ("logic", "puzzle")
STEPS, EVERY, PROMPTS, GENERATIONS, MAX_TOKENS = 60, 20, 16, 8, 9
WARMUP_STEPS, ITEMS, SAMPLES = 250, 300, 4
LEARNING_RATE = 1e-4


def make_base(out: Path) -> None:
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    from xdomain.domains.base import Split
    from xdomain.domains.build import build_domain
    from xdomain.models.tiny import tiny_qwen3

    model, tokenizer = tiny_qwen3()
    rows = []
    for name in DOMAINS:
        domain = build_domain(name)
        items = domain.items(Split.TRAIN)
        for index in range(WARMUP_STEPS * 64 // len(DOMAINS)):
            item = items[index % len(items)]
            rows.append({"prompt": item.prompt, "completion": domain.render_solution(item)})
    arguments = SFTConfig(
        output_dir=str(out / "scratch"),
        max_steps=WARMUP_STEPS,
        per_device_train_batch_size=64,
        learning_rate=1e-3,
        lr_scheduler_type="constant",
        bf16=False,
        gradient_checkpointing=False,
        save_strategy="no",
        report_to="none",
        use_cpu=True,
        disable_tqdm=True,
    )
    data = Dataset.from_list(rows).shuffle(seed=0)
    trainer = SFTTrainer(model=model, args=arguments, train_dataset=data, processing_class=tokenizer)
    trainer.train()
    trainer.save_model(str(out))
    tokenizer.save_pretrained(out)


def train(parent: Path, out: Path, names: list[str]) -> list[Path]:
    """Train one phase with stock GRPOTrainer and return its checkpoints."""
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import GRPOConfig, GRPOTrainer

    from xdomain.domains.base import Split
    from xdomain.domains.build import build_domain

    domains = {name: build_domain(name) for name in names}
    items = {name: domain.items(Split.TRAIN) for name, domain in domains.items()}

    def reward(completions: list[str], domain: list[str], index: list[int], **_: Any) -> list[float | None]:
        scores = []
        for text, name, place in zip(completions, domain, index, strict=True):
            item = items[name][place]
            verdict = domains[name].score([item], [text])[0]
            scores.append(domains[name].reward(item, text, verdict))
        return scores

    rows = [
        {"prompt": items[name][index].prompt, "domain": name, "index": index}
        for index in range(STEPS * PROMPTS // len(names))
        for name in names
    ]
    arguments = GRPOConfig(
        output_dir=str(out),
        max_steps=STEPS,
        per_device_train_batch_size=PROMPTS * GENERATIONS,
        num_generations=GENERATIONS,
        max_completion_length=MAX_TOKENS,
        learning_rate=LEARNING_RATE,
        lr_scheduler_type="constant",
        bf16=False,
        gradient_checkpointing=False,
        save_steps=EVERY,
        save_only_model=True,
        report_to="none",
        use_cpu=True,
        disable_tqdm=True,
    )
    model = AutoModelForCausalLM.from_pretrained(parent)
    tokenizer = AutoTokenizer.from_pretrained(parent)
    trainer = GRPOTrainer(
        model=model,
        reward_funcs=reward,
        args=arguments,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
    )
    trainer.train()
    return [out / f"checkpoint-{step}" for step in range(EVERY, STEPS + 1, EVERY)]


def evaluate(checkpoint: Path, name: str) -> float:
    """Return the sampled accuracy of one checkpoint on one domain with `model.generate`."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from xdomain.config.evaluation import EvaluationConfig
    from xdomain.domains.build import build_domain
    from xdomain.domains.draw import choose_items

    model = AutoModelForCausalLM.from_pretrained(checkpoint).eval()
    tokenizer = AutoTokenizer.from_pretrained(checkpoint, padding_side="left")
    domain = build_domain(name)
    items = choose_items(domain, EvaluationConfig(items=ITEMS))
    inputs = tokenizer([item.prompt for item in items], return_tensors="pt", padding=True)
    torch.manual_seed(0)
    with torch.inference_mode():
        output = model.generate(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            do_sample=True,
            temperature=1.0,
            top_k=0,
            max_new_tokens=MAX_TOKENS,
            num_return_sequences=SAMPLES,
        )
    texts = tokenizer.batch_decode(output[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    verdicts = domain.score([item for item in items for _ in range(SAMPLES)], texts)
    return sum(verdict.score or 0.0 for verdict in verdicts) / len(verdicts)


def curriculum(base: Path, out: Path, phases: list[str]) -> None:
    """Run the careful loop: train every phase and evaluate every checkpoint on every domain in one process."""
    parent = base
    for number, phase in enumerate(phases):
        checkpoints = train(parent, out / str(number), phase.split("+"))
        for checkpoint in checkpoints:
            for name in DOMAINS:
                evaluate(checkpoint, name)
        parent = checkpoints[-1]


def main(arguments: list[str]) -> None:
    import torch

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    action, *rest = arguments
    if action == "base":
        make_base(Path(rest[0]))
    elif action == "train":
        train(Path(rest[0]), Path(rest[1]), rest[2].split("+"))
    elif action == "evaluate":
        print(rest, evaluate(Path(rest[0]), rest[1]))
    elif action == "curriculum":
        curriculum(Path(rest[0]), Path(rest[1]), rest[2:])
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
