"""Let the model in training answer the dev items of a domain, with the same random numbers at every look."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from trl.models import unwrap_model_for_generation

from xdomain.config.evaluation import EvaluationConfig
from xdomain.core.seeds import derive_seed
from xdomain.domains.base import Domain, Split
from xdomain.domains.draw import choose_items
from xdomain.domains.judging import judge_finished
from xdomain.generation.base import PromptRequest, Sampling
from xdomain.generation.sampler import Sampler
from xdomain.generation.stopping import StopStrings
from xdomain.models.prompting import encode, opened_reasoning, render, scored_text
from xdomain.plan.alarms.design import DomainDesign
from xdomain.plan.alarms.looks import Scores


@dataclass(frozen=True)
class Answered:
    """Scores of answered items, and what they cost."""

    scores: Scores
    completion_tokens: int
    seconds: float


class DevItems:
    """The dev items of one domain: the watched ones, then those of the confirmation.

    A completion's random numbers follow from `evaluation.seed`, the domain and the item, as in an evaluation. They do
    not touch torch's generators.

    Args:
        domain: The domain.
        design: Numbers of items.
        evaluation: Sampling settings.
        tokenizer: Tokenizer of the model.
        chat: Whether prompts go through the chat template.
    """

    def __init__(
        self, domain: Domain, design: DomainDesign, evaluation: EvaluationConfig, tokenizer: Any, *, chat: bool
    ) -> None:
        self._domain = domain
        self._evaluation = evaluation
        wanted = design.items + design.confirm_items
        watched = choose_items(domain, evaluation.model_copy(update={"items": design.items}), Split.DEV)
        chosen = choose_items(domain, evaluation.model_copy(update={"items": wanted}), Split.DEV)
        known = {item.id for item in watched}
        self.items = [*watched, *(item for item in chosen if item.id not in known)]
        self.watched, self.others = range(len(watched)), range(len(watched), len(self.items))
        texts = [render(item, tokenizer, chat) for item in self.items]
        self._opened = [opened_reasoning(text) for text in texts]
        self._requests = [
            PromptRequest(tuple(ids), (derive_seed("sample", evaluation.seed, domain.name, item.id, 0),), text)
            for item, ids, text in zip(self.items, encode(texts, tokenizer, chat), texts, strict=True)
        ]
        self._watch = StopStrings(tokenizer, domain.stop)

    def answer(self, sampler: Sampler, ends: Sequence[int], places: Sequence[int]) -> Answered:
        """Answer and judge some of the items.

        A prompt that does not fit into the model's context has no score.

        Args:
            sampler: Sampler of the model.
            ends: Ids of the tokens that end a completion.
            places: Indices of the items.
        """
        begun = time.perf_counter()
        evaluation = self._evaluation
        sampling = Sampling(evaluation.completion_tokens, evaluation.temperature, evaluation.top_p, self._watch.stop)
        fits = [
            place
            for place in places
            if sampler.context is None or len(self._requests[place].token_ids) < sampler.context
        ]
        rows = {
            fits[index]: row for index, (row,) in sampler.sample([self._requests[place] for place in fits], sampling)
        }
        read = {place: self._watch.read(rows[place].token_ids, frozenset(ends)) for place in fits}
        verdicts = judge_finished(
            self._domain,
            [self.items[place] for place in fits],
            [scored_text(self._opened[place], read[place][0]) for place in fits],
            [not read[place][1] for place in fits],
        )
        scores = {place: verdict.score for place, verdict in zip(fits, verdicts, strict=True)}
        tokens = sum(len(row.token_ids) for row in rows.values())
        return Answered(tuple(scores.get(place) for place in places), tokens, time.perf_counter() - begun)


@contextmanager
def evaluated(trainer: Any) -> Iterator[Any]:
    """Yield the trainer's model in evaluation mode, and restore its mode at the end of the block."""
    kwargs = trainer.args.gradient_checkpointing_kwargs
    with unwrap_model_for_generation(
        trainer.model_wrapped, trainer.accelerator, gradient_checkpointing_kwargs=kwargs
    ) as model:
        modes = [(module, module.training) for module in model.modules()]
        model.eval()
        try:
            yield model
        finally:
            for module, training in modes:
                module.training = training
