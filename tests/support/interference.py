"""Two domains of which the second damages the first: a tiny model trained in seconds, with its stages' surroundings."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from tests.support.damaged_pair import answers_of, batched, fit
from tests.support.plans import make_plan
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.stage import StageContext
from xdomain.core.states import NoteKind
from xdomain.domains.base import Split
from xdomain.domains.build import build_domain
from xdomain.evaluate.run import run_evaluations
from xdomain.models.checkpoint import load_plain, save_full
from xdomain.models.tiny import tiny_qwen3
from xdomain.plan.stage import EvaluateStage, RollbackStage


class Heard:
    """A reporter that keeps the last progress."""

    def __init__(self) -> None:
        self.last = (0, 0)

    def progress(self, done: int, total: int, **values: Any) -> None:
        self.last = (done, total)

    def event(self, kind: NoteKind, **values: Any) -> None:
        raise AssertionError(kind)


class InterferingPair:
    """A model that learned "science" and a little "math", and the same after harsh training on "math".

    Attributes:
        root: Folder of all files.
        science, math: Checkpoints after each phase.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._domains = {name: build_domain(name) for name in ("science", "math")}
        train = {name: answers_of(domain, 600, Split.TRAIN) for name, domain in self._domains.items()}
        self._test = {name: batched(answers_of(domain, 200)) for name, domain in self._domains.items()}
        self.science, self.math = root / "science", root / "math"
        model, tokenizer = tiny_qwen3(seed=1)
        fit(model, [*train["science"], *train["math"][:150]], steps=110, rate=3e-3)
        save_full(model, tokenizer, self.science, chat_template=False)
        fit(model, train["math"], steps=10, rate=1e-3)
        save_full(model, tokenizer, self.math, chat_template=False)

    @torch.no_grad()
    def accuracy(self, folder: Path) -> dict[str, float]:
        """Return the mean probability of the gold answers to test items, by domain."""
        model = load_plain(folder).eval()
        return {
            name: float(torch.cat([batch.log_likelihoods(model).exp() for batch in batches]).mean())
            for name, batches in self._test.items()
        }

    def recovered_and_kept(self, folder: Path) -> tuple[float, float]:
        """Return the share of the damage that a repair undid, and the share of the new skill that it kept."""
        before, after, repaired = map(self.accuracy, (self.science, self.math, folder))
        return (
            (repaired["science"] - after["science"]) / (before["science"] - after["science"]),
            (repaired["math"] - before["math"]) / (after["math"] - before["math"]),
        )

    def plan(self, share: str, **evaluation: Any) -> RollbackStage:
        """Return the stage of a rollback of `share`, which may be followed by further settings."""
        plan = make_plan(
            domains=["science", "math"],
            model={"preset": "tiny_qwen3"},
            grid={},
            curricula=[f"rollback(science -> math, to=science, share={share})"],
            evaluation={"items": 60, "temperature": 1.0, "max_completion_tokens": 9, **evaluation},
        )
        (stage,) = [each for each in plan.phase_stages if isinstance(each, RollbackStage)]
        return stage

    def context(self, stage: RollbackStage, name: str, **changes: Any) -> StageContext:
        """Return the surroundings of a rollback, whose answers are really sampled."""
        home = self.root / name
        inputs = {}
        for ref, folder in zip(stage.inputs, (self.math, self.science), strict=True):
            inputs[ref.stage] = home / ref.stage
            link = checkpoint_folder(inputs[ref.stage], ref.step)
            link.parent.mkdir(parents=True)
            link.symlink_to(folder)
        (home / "scratch").mkdir()
        context = StageContext(home / "work", home / "scratch", inputs, 7, "cpu", Heard(), **changes)
        if stage.answers is not None:
            inputs[stage.answers.key] = self._answers(stage.answers, context)
        return context

    def _answers(self, stage: EvaluateStage, context: StageContext) -> Path:
        """Return the folder of the answers that a rollback reads. They are sampled once."""
        folder = self.root / stage.folder
        if not folder.exists():
            folder.mkdir()
            own = replace(context, work=folder, scratch=folder, stop_requested=lambda: False)
            ((_, result),) = run_evaluations([stage], [own])
            assert not isinstance(result, Exception)
        return folder

    def digests(self) -> Mapping[str, str]:
        """Return the digest of every file of the two checkpoints."""
        files = [path for folder in (self.science, self.math) for path in sorted(folder.iterdir())]
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
