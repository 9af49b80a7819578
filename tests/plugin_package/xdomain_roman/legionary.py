"""A generation backend written from scratch against `xdomain.generation.base`: knows the first numerals."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from xdomain.config.evaluation import EvaluationConfig
from xdomain.generation.base import Answered, Checkpoint, Completion, FinishReason, PromptRequest, Sampling
from xdomain_roman import to_roman
from xdomain_roman.parameters import LegionaryParameters


class Legionary:
    """Answers by rule, whatever the checkpoint; beyond what it was taught it gives up."""

    name = "legionary"
    reproducibility = "the same answer whatever the seed"

    def __init__(self, evaluation: EvaluationConfig, device: str) -> None:
        self.taught = LegionaryParameters.model_validate(evaluation.backend_parameters).taught

    def load(self, checkpoint: Checkpoint) -> None:
        """Weights are of no use here."""

    def generate(
        self, requests: Sequence[PromptRequest], sampling: Sampling, done: Collection[int] = frozenset()
    ) -> Iterator[Answered]:
        for place, request in enumerate(requests):
            if place not in done:
                number = int(request.text.split()[0])
                text = to_roman(number) if number <= self.taught else "multi"
                yield place, [Completion(text, None, FinishReason.STOP, None) for _ in request.seeds]

    def events(self) -> list[str]:
        return []

    def close(self) -> None:
        """Nothing is held."""
