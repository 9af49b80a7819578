"""The prompts of one training stage: the items that it may use, their order, and TRL's rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from xdomain.config.strategy import AdaptiveConfig
from xdomain.config.training import TrainingConfig
from xdomain.core.errors import DataError
from xdomain.core.files import write_atomic
from xdomain.core.stage import StageContext
from xdomain.domains.base import Domain, Item, Split
from xdomain.domains.trained import SCHEDULE, schedule_line
from xdomain.models.prompting import encode, render, trl_prompt
from xdomain.plan.prompts import phase_quotas, prompts_consumed
from xdomain.plan.stage import TrainStage
from xdomain.strategies.adaptive import Adaptive
from xdomain.strategies.base import Strategy
from xdomain.train.adaptive import AdaptiveSchedule
from xdomain.train.prompt_schedule import ScheduledPrompt, draw_schedule
from xdomain.train.rollouts import prompt_fits
from xdomain.train.self_paced import easy_to_hard, read_pass_rates

MERGE_PROMPTS = 2
"""Number of prompts per domain on which a merged adapter is compared with the trained one."""
MERGE_TOKENS = 128
"""Number of tokens that are read of each prompt, since logits of a long prompt take gigabytes."""


class StagePrompts:
    """Items, schedule and rows of one stage.

    The schedule is also written to disk, unless an adaptive strategy chooses the prompts during training.

    Args:
        training: Training settings.
        stage: The stage.
        context: Surroundings of the stage, of which the work folder and the inputs are used.
        domains: Domains of the phase, by name.
        tokenizer: Tokenizer of the parent checkpoint.
        chat: Whether prompts go through the chat template.
        room: Length of the model's context in tokens; None for no limit.

    Attributes:
        items: Train items by domain.
        too_long: Number of items that were left out. Their prompts are longer than `max_prompt_tokens`, or leave no
            token of the model's context for an answer, as in evaluation.
        schedule: Prompts in the order of training, as the phase is written.

    Raises:
        DataError: No item of a domain can be used.
    """

    def __init__(
        self,
        training: TrainingConfig,
        stage: TrainStage,
        context: StageContext,
        domains: Mapping[str, Domain],
        tokenizer: Any,
        *,
        chat: bool,
        room: int | None,
    ) -> None:
        self._training = training
        self._stage = stage
        self._context = context
        self._tokenizer = tokenizer
        self._chat = chat
        self.items = {name: domain.items(Split.TRAIN) for name, domain in domains.items()}
        self._pass_rates = {name: self._measured(name) for name in self.items if name in stage.pass_rates}
        self.too_long = 0
        self._eligible = {name: self._usable(name, room) for name in self.items}
        self.schedule = self._draw()

    def row(self, entry: ScheduledPrompt) -> dict[str, Any]:
        """Return the prompt's row of TRL's data set."""
        prompt = trl_prompt(self.item(entry), self._chat, self._tokenizer)
        return {"prompt": prompt, "domain": entry.domain, "index": entry.index}

    def item(self, entry: ScheduledPrompt) -> Item:
        """Return the item that a prompt is made of."""
        return self.items[entry.domain][entry.index]

    def adaptive(self, strategy: Strategy) -> AdaptiveSchedule | None:
        """Return the queues that `strategy` draws from, or None if it takes the schedule unchanged."""
        if not isinstance(strategy, Adaptive):
            return None
        stage, training = self._stage, self._training
        prompts = prompts_consumed(stage.steps, training)
        drawn = draw_schedule(dict.fromkeys(self._eligible, prompts), self._eligible, stage.offsets, stage.seed)
        return AdaptiveSchedule(
            strategy,
            {name: [entry for entry in drawn if entry.domain == name] for name in self._eligible},
            dict(stage.phase.weights),
            training.prompts_per_step * training.updates_per_rollout,
            row=self.row,
            line=self._line,
            path=self._context.work / SCHEDULE,
        )

    def for_merge(self) -> list[list[int]]:
        """Return token ids of the first prompts that the stage may train on, a few of each domain."""
        texts = [
            render(self.items[name][index], self._tokenizer, self._chat)
            for name, indices in self._eligible.items()
            for index in islice(indices, MERGE_PROMPTS)
        ]
        return [ids[:MERGE_TOKENS] for ids in encode(texts, self._tokenizer, self._chat)]

    def _usable(self, name: str, room: int | None) -> Sequence[int]:
        """Return the indices of the train items that may be used, and count those that are too long."""
        items, longest = self.items[name], self._training.max_prompt_tokens
        limit = longest if room is None else min(longest or room, room - 1)
        candidates = self._pass_rates.get(name, range(len(items)))
        found = [index for index in candidates if prompt_fits(items[index], self._tokenizer, self._chat, limit)]
        if not found:
            if not candidates:
                where = "training.self_paced"
            else:
                where = "training.max_prompt_tokens" if limit == longest else "model"
            raise DataError(f'"{name}" has no train item left to train on.', where=where)
        self.too_long += len(candidates) - len(found)
        return found

    def _draw(self) -> list[ScheduledPrompt]:
        stage = self._stage
        quotas = phase_quotas(stage.phase, prompts_consumed(stage.steps, self._training))
        schedule = draw_schedule(quotas, self._eligible, stage.offsets, stage.seed)
        if self._pass_rates:
            schedule = easy_to_hard(schedule, self._pass_rates)
        if not isinstance(stage.strategy_config, AdaptiveConfig):
            write_atomic(self._context.work / SCHEDULE, "".join(f"{self._line(entry)}\n" for entry in schedule))
        return schedule

    def _line(self, entry: ScheduledPrompt) -> str:
        return schedule_line(entry.domain, entry.index, self.item(entry))

    def _measured(self, name: str) -> dict[int, float]:
        """Return the pass rate of each measured train item, keyed by item index, in index order."""
        found = read_pass_rates(self._context.inputs[self._stage.pass_rates[name]])
        return {index: found[item.id] for index, item in enumerate(self.items[name]) if item.id in found}
