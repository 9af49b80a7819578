"""Measure what a look of alarms takes relative to training on SmolLM2: processor time per completion.

    python -m benchmarks.looks [--rounds N]

A step samples 8 prompts x 4 generations of at most 24 tokens, and updates all weights. A look answers 32 dev items of
one domain with the same model and the same limit. 5% more completions, the default budget, take 5% of the ratio more
time. The figure is the median of the rounds with the smallest and the largest.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from pathlib import Path

from benchmarks.strategies import DOMAINS, GGUF, SMOLLM2, Bench, timed
from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.model import ModelConfig
from xdomain.domains.build import build_domain
from xdomain.models.prompting import uses_chat
from xdomain.models.source import load_source
from xdomain.plan.alarms.design import DomainDesign, Method
from xdomain.train.dev_items import DevItems, evaluated
from xdomain.train.samplers import new_sampler

ITEMS = 32
BUDGET, LIMIT = 0.05, 0.05
"""Share of completions that looks add by default, and the largest share of time that they may add."""


def measured(bench: Bench, items: DevItems, batch_tokens: int) -> float:
    """Return the time of a look's completion in times of a step's completion."""
    step = bench.rollout() + bench.update("stock")
    with evaluated(bench.ours) as model:
        sampler = new_sampler(model, bench.ours, batch_tokens)
        look = timed(lambda: items.answer(sampler, bench.ours.eos_token_ids, items.watched))
    return (look / ITEMS) / (step / (bench.training.prompts_per_step * bench.training.generations))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    config, load = ModelConfig(gguf=GGUF), os.getloadavg()[0]
    model, tokenizer = load_source(config)
    chat, settings = uses_chat(config, tokenizer), SMOLLM2["cpu"]
    evaluation = EvaluationConfig(max_completion_tokens=settings["max_completion_tokens"], temperature=1.0)
    items = DevItems(build_domain(DOMAINS[0]), DomainDesign(Method.SIGN_FLIP, ITEMS), evaluation, tokenizer, chat=chat)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(model, tokenizer, chat, settings, Path(folder), "cpu")
        bench.rollout()
        bench.update("stock")  # creates the optimizer's state, outside the measurement
        ratios = [measured(bench, items, evaluation.batch_tokens) for _ in range(options.rounds)]
    share = BUDGET * statistics.median(ratios)
    marked = f"**{share:.1%}**" if share > LIMIT else f"{share:.1%}"
    print(f"\nload {load:.1f} to {os.getloadavg()[0]:.1f}\n\n| what | measured | limit |\n|---|---|---|")
    print(
        f"| a look's completion in times of a step's | {statistics.median(ratios):.2f} ({min(ratios):.2f} to "
        f"{max(ratios):.2f}) | - |"
    )
    print(f"| time that looks of {BUDGET:.0%} more completions add to a stage | {marked} | {LIMIT:.0%} |")


if __name__ == "__main__":
    main()
