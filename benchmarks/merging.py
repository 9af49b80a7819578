"""Measure merges of two SmolLM2 checkpoints relative to reading both and writing one.

    python -m benchmarks.merging [--rounds N]

Each round measures the reading and writing, and then every method. Times are processor time, which includes that of the
system for reading and writing. A figure in bold misses its limit. The last column is the largest sum of memory that
torch allocates, without mapped files, in times of the largest tensor in float32.
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from benchmarks.diagnosis import read, two_checkpoints
from benchmarks.strategies import GGUF
from tests.support.allocated import allocated
from xdomain.config.model import ModelConfig
from xdomain.config.phases import MergeMethod
from xdomain.models.checkpoint import load_plain, load_tokenizer, save_full
from xdomain.models.merge_recipe import MergeRecipe
from xdomain.models.merging import merge_checkpoints
from xdomain.models.tensor_files import TensorFiles

LIMIT, MEMORY_LIMIT = 2.0, 3.0


def processor_seconds(work: Callable[[], object]) -> float:
    """Return the processor time of `work`, of all threads."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def measure(root: Path, dtype: torch.dtype, rounds: int) -> None:
    """Print one row per method."""
    root.mkdir()
    inputs = two_checkpoints(ModelConfig(gguf=GGUF), root, 1e-3)
    base = root / "base"
    for folder in (*inputs, base):
        save_full(load_plain(inputs[0] if folder == base else folder).to(dtype), load_tokenizer(inputs[0]), folder,
                  chat_template=True)  # fmt: skip
    folders = {folder.name: folder for folder in inputs}
    tensors = TensorFiles(base)
    content = (base / "model.safetensors").read_bytes()
    largest = 4 * max(math.prod(tensor.shape) for tensor in tensors.tensors.values())

    mapped = 3 * len(content)  # the profiler counts mapped files as allocated

    def read_and_write() -> None:
        read(inputs)
        (root / "copy").write_bytes(content)

    def merge(method: MergeMethod) -> None:
        recipe = MergeRecipe((0.5, 0.5), method, 0.2 if method.is_sparse else None)
        merge_checkpoints(base, folders, recipe, root / "merge")

    found: dict[MergeMethod, list[float]] = {method: [] for method in MergeMethod}
    for _ in range(rounds):
        plain = processor_seconds(read_and_write)
        for method in MergeMethod:
            found[method].append(processor_seconds(partial(merge, method)) / plain)
    for method, ratios in found.items():
        memory = (allocated(partial(merge, method)) - mapped) / largest
        middle = statistics.median(ratios)
        marked = f"**{middle:.2f}**" if middle > LIMIT else f"{middle:.2f}"
        name, spread = str(dtype).removeprefix("torch."), f"({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"| {method}, {name} | {marked} {spread} | {plain:.2f} s | {memory:.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"CPU, {torch.get_num_threads()} thread(s); limits {LIMIT} and {MEMORY_LIMIT}\n")
    print("| method | ratio | reading and writing | memory |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for dtype in (torch.float32, torch.bfloat16):
            measure(Path(folder) / str(dtype), dtype, options.rounds)


if __name__ == "__main__":
    main()
