"""Measure a diagnosis: edits relative to reading the weights, attribution relative to a GRPO step.

    python -m benchmarks.diagnosis [--tiny | --smollm2] [--rounds N]

"edits" compares two SmolLM2 checkpoints with the time to read all of their tensors into memory. "attribution" is that
of one domain on 64 completions of the tiny model, with 12 one-module resets; a step is a rollout and an update of stock
TRL on 16 prompts x 8 generations. Each round measures both sides; figures are medians with the smallest and the
largest. A figure in bold misses its limit.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from safetensors import safe_open

from benchmarks.strategies import GGUF, TINY, Bench, timed
from xdomain.config.model import ModelConfig
from xdomain.core.fingerprint import text_digest
from xdomain.diagnosis.answers import Batch, batches_of
from xdomain.diagnosis.attribution import attribute, integrated_gradients
from xdomain.diagnosis.edits import measure_edits
from xdomain.diagnosis.inputs import StageFiles, StoredAnswer
from xdomain.diagnosis.line import Line, Passes
from xdomain.domains.base import Split
from xdomain.domains.build import build_domain
from xdomain.models.checkpoint import save_full
from xdomain.models.source import load_source

LIMITS = {"edits": 2.0, "attribution": 4.0}
COMPLETIONS, POINTS, RESETS, SHARE = 64, 3, 12, 0.05


def read(folders: Sequence[Path]) -> None:
    """Read every tensor of full checkpoints into memory, one at a time."""
    for folder in folders:
        with safe_open(folder / "model.safetensors", "pt") as file:
            for name in file.keys():  # noqa: SIM118 safe_open is no mapping
                file.get_tensor(name).clone()


def two_checkpoints(config: ModelConfig, root: Path, scale: float) -> tuple[Path, Path]:
    """Save a model, and the same model with small random changes."""
    model, tokenizer = load_source(config)
    before, after = root / "before", root / "after"
    save_full(model, tokenizer, before, chat_template=False)
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(scale * torch.randn_like(weight))
    save_full(model, tokenizer, after, chat_template=False)
    return before, after


def edits(rounds: int) -> None:
    """Print the time of the edits of two SmolLM2 checkpoints."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = two_checkpoints(ModelConfig(gguf=GGUF), Path(folder), 1e-4)
        stages = [StageFiles("after", "before", after, before)]
        found = []
        for _ in range(rounds + 1):
            reading = timed(lambda: read([before, after]))
            found.append((reading, timed(lambda: measure_edits(stages, SHARE))))
    show("edits", [own / reading for reading, own in found[1:]], f"reading {found[-1][0]:.2f} s")


def attribution(rounds: int) -> None:
    """Print the time of one domain's attribution on the tiny model."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = two_checkpoints(ModelConfig(preset="tiny_qwen3"), Path(folder), 1e-3)
        model, tokenizer = load_source(ModelConfig(preset="tiny_qwen3"))
        batches = solutions(tokenizer)
        line = Line(after, before, "cpu")
        bench = Bench(model, tokenizer, False, TINY, Path(folder) / "trainer", "cpu")
        bench.rollout()
        bench.update("stock")
        work: dict[str, Callable[[], object]] = {
            "integrated gradients": lambda: integrated_gradients(line, batches, POINTS, _nothing),
            "attribution": lambda: attribute(line, batches, POINTS, RESETS, Passes(0, lambda done, planned: None)),
        }
        found: dict[str, list[float]] = {name: [] for name in work}
        for _ in range(rounds):
            step = bench.rollout() + bench.update("stock")
            for name, each in work.items():
                found[name].append(timed(each) / step)
    for name, ratios in found.items():
        show(name, ratios, f"step {step:.2f} s")


def solutions(tokenizer: object) -> list[Batch]:
    """Return batches of right answers."""
    domain = build_domain("logic")
    answers = [
        StoredAnswer(item, text_digest(item.prompt), domain.render_solution(item), ended=True)
        for item in domain.items(Split.TEST)[:COMPLETIONS]
    ]
    return batches_of(answers, tokenizer, chat=False, vocabulary=100, device="cpu")


def show(name: str, ratios: Sequence[float], beside: str) -> None:
    """Print the ratios of one row."""
    middle, limit = statistics.median(ratios), LIMITS.get(name)
    marked = f"**{middle:.2f}**" if limit is not None and middle > limit else f"{middle:.2f}"
    bound = "-" if limit is None else f"{limit:.2f}"
    print(f"| {name} | {marked} ({min(ratios):.2f} to {max(ratios):.2f}) | {bound} | {beside} |")


def _nothing() -> None:
    pass


def main() -> None:
    parser = argparse.ArgumentParser()
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--tiny", action="store_true")
    which.add_argument("--smollm2", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"\nCPU, {torch.get_num_threads()} thread(s), rounds: {options.rounds}\n", file=sys.stderr)
    print("| what | ratio | limit | beside |\n|---|---|---|---|")
    if not options.tiny:
        edits(options.rounds)
    if not options.smollm2:
        attribution(options.rounds)


if __name__ == "__main__":
    main()
